"""What a device prints becomes values."""

import pytest

from lab.hil.device import Sample, paired
from lab.hil.shell import DeviceCommandError, remote

PRINTED = """
123.45
812
1
300 45
39000 kB
27
312000 kB
41234
"""


def test_a_sample_is_read():
    sample = Sample.parse(PRINTED)
    assert (sample.uptime, sample.pid, sample.restarts) == (123.45, 812, 1)
    assert sample.cpu == pytest.approx(3.45)
    assert (sample.resident, sample.available) == (39000 * 1024, 312000 * 1024)
    assert sample.temperature == pytest.approx(41.234)


def test_a_device_without_a_sensor_has_no_temperature():
    assert Sample.parse(PRINTED.replace("41234", "none")).temperature is None


def test_another_answer_is_reported():
    with pytest.raises(DeviceCommandError, match="describes itself as"):
        Sample.parse("bash: no such command")


def entry(text: str, seconds: float) -> dict[str, str]:
    return {"MESSAGE": f"INFO {text}", "__REALTIME_TIMESTAMP": str(round(seconds * 1e6))}


def test_latency_is_the_time_between_capture_and_journal():
    log = [
        "[27-11-2026 / 21:00:00.000]: connected to server",
        "[27-11-2026 / 21:00:01.250]: face: Ada (distance 0.31) (information)",
        "[27-11-2026 / 21:00:05.000]: face: Bob (distance 0.40) (information)",
    ]
    noon = 1795809600  # 2026-11-27 20:00:00 UTC
    journal = [
        entry("face: Ada (distance 0.31)", noon + 1.5),
        entry("face: Bob (distance 0.40)", noon + 5.1),
    ]
    assert paired("+0100", journal, log) == [pytest.approx(0.25), pytest.approx(0.1)]


def test_lines_of_an_earlier_start_are_left_out():
    log = ["[27-11-2026 / 20:00:09.000]: face: Ada"]
    journal = [entry("face: Old", 0), entry("face: Ada", 1795809609.2)]
    assert paired("+0000", journal, log) == [pytest.approx(0.2)]
    assert paired("+0000", journal[:1], log) == []


def test_the_newest_line_may_be_in_one_of_the_two_only():
    log = ["[27-11-2026 / 20:00:01.000]: face: Ada", "[27-11-2026 / 20:00:02.000]: face: Bob"]
    journal = [entry("face: Ada", 1795809601.5), entry("face: Bob", 1795809602.5)]
    assert paired("+0000", journal, log[:1]) == [pytest.approx(0.5)]
    assert paired("+0000", journal[:1], log) == [pytest.approx(0.5)]


def test_a_script_reaches_the_devices_shell_as_one_word():
    assert remote("echo 'a b' >x", root=False) == """sh -c 'echo '"'"'a b'"'"' >x'"""
    assert remote("true", root=True) == "sudo -n sh -c true"
