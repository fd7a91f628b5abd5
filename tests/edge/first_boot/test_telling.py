"""What the owner sees: the light, the status file, the report for the screen, the command line."""

import asyncio
import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from iot_facerecognition_edge.assembly import Options, build
from iot_facerecognition_edge.first_boot.led import Light, LightError, blink, flashes
from iot_facerecognition_edge.first_boot.machine import StepError, run_command
from iot_facerecognition_edge.first_boot.problems import Area, Problem
from iot_facerecognition_edge.first_boot.report import (
    PATH,
    Report,
    read_report,
    report,
    report_of,
    status_text,
)
from iot_facerecognition_edge.log.eventlog import EntryKind
from tests.edge.first_boot.conftest import GOOD, make_device

ROOT = Path(__file__).parents[3]


@pytest.fixture
def leds(tmp_path: Path) -> Path:
    """A light as the kernel shows it."""
    folder = tmp_path / "leds/ACT"
    folder.mkdir(parents=True)
    (folder / "trigger").write_text("none timer [mmc0] default-on\n")
    (folder / "max_brightness").write_text("255\n")
    (folder / "brightness").write_text("0\n")
    return tmp_path / "leds"


@pytest.mark.parametrize("area", list(Area))
def test_a_code_is_one_long_flash_and_as_many_short_ones(area):
    lit = [seconds for on, seconds in flashes(area) if on]
    assert len(lit) == 1 + area
    assert lit[0] >= 3 * max(lit[1:])


def test_the_light_shows_the_code_and_is_given_back(leds):
    light = Light.find(leds)
    seen = []

    def wait(seconds: float) -> bool:
        seen.append(((leds / "ACT/brightness").read_text(), seconds))
        assert (leds / "ACT/trigger").read_text() == "none"
        return len(seen) == 2 * len(flashes(3)) + 1

    blink(light, 3, wait)
    assert [seconds for brightness, seconds in seen if brightness == "255"] == 2 * [
        1.5, 0.25, 0.25, 0.25
    ]  # fmt: skip
    assert (leds / "ACT/trigger").read_text() == "mmc0"


def test_a_board_without_a_light_is_reported(tmp_path):
    with pytest.raises(LightError, match="neither ACT nor led0"):
        Light.find(tmp_path)


def test_the_first_of_several_mistakes_is_flashed_and_listed_first():
    found = report(
        [
            Problem(Area.DEVICE, "a", "b"),
            Problem(Area.WLAN, "c", "d"),
            Problem(Area.WLAN, "c", "d"),
        ],
        [],
        [],
    )
    assert found.light == Area.WLAN
    assert found.problems == ("c: d", "a: b")


def test_the_status_file_has_short_lines_that_every_editor_shows():
    text = status_text(Report(("a word " * 40,), 3, ("[wlan] the Wi-Fi",), ("b " * 80,)), "1.2")
    assert text.count("\n") == text.count("\r\n")
    assert max(map(len, text.split("\r\n"))) <= 80
    assert "1 mistake to mend" in text
    assert "one long and 3 short" in text


def test_a_report_survives_its_file_and_nonsense_is_none(tmp_path):
    found = Report(("a",), 3, ("b",), ("c",))
    (tmp_path / PATH).parent.mkdir(parents=True)
    (tmp_path / PATH).write_text(json.dumps(found.as_json()))
    assert read_report(tmp_path) == found
    for nonsense in ("[]", "{", '{"problems": 5, "light": "x", "notes": [1]}', "[" * 10_000):
        (tmp_path / PATH).write_text(nonsense)
        assert read_report(tmp_path) == Report()
    assert report_of({"light": 99}) == Report()
    assert read_report(tmp_path / "nowhere") == Report()


def apply(device, leds: Path, **environment: str) -> subprocess.Popen[str]:
    """Start the real program on a device in a folder."""
    command = [sys.executable, "-m", "iot_facerecognition_edge.first_boot.cli", "apply"]
    command += ["--root", str(device.root), "--boot", str(device.boot), "--leds", str(leds)]
    command += ["--state", str(device.root / "var/lib/first-boot")]
    path = f"{ROOT / 'edge'}:{ROOT / 'protocol'}"
    return subprocess.Popen(
        command,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"}
        | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


SAFE = GOOD[: GOOD.index("[ssh]")].replace('country = "DE"\n', "")
"""Without the sections that run commands of the system."""


def test_the_program_applies_tells_systemd_and_ends(tmp_path, leds):
    device = make_device(tmp_path / "device")
    device.write(SAFE)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        with apply(device, leds, NOTIFY_SOCKET=str(tmp_path / "notify")) as program:
            said, _ = program.communicate(timeout=60)
        assert program.returncode == 0
        assert systemd.recv(100) == b"READY=1"
    assert "No mistakes" in said
    assert device.settings["connection.name"] == "kitchen"
    assert read_report(device.root).problems == ()
    assert (leds / "ACT/trigger").read_text().startswith("none timer"), "not touched"


def test_with_a_mistake_the_program_flashes_until_it_is_ended(tmp_path, leds):
    device = make_device(tmp_path / "device")
    device.write(SAFE.replace("correct horse", "short"))
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        with apply(device, leds, NOTIFY_SOCKET=str(tmp_path / "notify")) as program:
            systemd.settimeout(60)
            assert systemd.recv(100) == b"READY=1"
            while (leds / "ACT/trigger").read_text() != "none":
                assert program.poll() is None
            program.terminate()
            assert program.wait(60) == 0
    assert (leds / "ACT/trigger").read_text() == "mmc0"
    assert read_report(device.root).light == Area.WLAN


def test_the_program_prints_its_template(capsys):
    from iot_facerecognition_edge.first_boot.cli import main  # noqa: PLC0415

    assert main(["template"]) == 0
    assert "[iot-facerecognition]" in capsys.readouterr().out


def test_a_command_of_the_system_is_run_without_a_shell(tmp_path):
    run_command(["touch", str(tmp_path / "a;b $(c)")])
    assert [path.name for path in tmp_path.iterdir()] == ["a;b $(c)"]
    with pytest.raises(StepError, match=r"ls ended with status 2 .*nowhere"):
        run_command(["ls", "/nowhere"])
    with pytest.raises(StepError, match="there is no no-such-program"):
        run_command(["no-such-program"])


def test_the_edge_logs_the_card_s_mistakes_and_has_them_for_its_screen(tmp_path):
    (tmp_path / PATH).parent.mkdir(parents=True)
    (tmp_path / PATH).write_text(json.dumps(Report(("a mistake",), 3).as_json()))

    async def start() -> tuple[tuple[str, ...], list[str]]:
        graph = build(Options(tmp_path / "state", {"display.screen": "none"}, root=tmp_path))
        entries = graph.appliance.log.entries({EntryKind.ERROR})
        return graph.appliance.card.problems, [entry.text for entry in entries]

    assert asyncio.run(start()) == (("a mistake",), ["a mistake"])
