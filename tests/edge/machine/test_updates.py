"""What appliance and updater tell each other."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from iot_facerecognition_client import FrameEnded
from iot_facerecognition_edge.machine.updates import TOUCH_INTERVAL, Updates
from iot_facerecognition_edge.update.debian import Debian
from iot_facerecognition_edge.update.device import Device
from iot_facerecognition_edge.update.journal import Attempt, Journal, Phase
from iot_facerecognition_edge.update.places import Places
from iot_facerecognition_edge.update.state import publish
from iot_facerecognition_protocol import FrameStatus, UpdateAcknowledged, UpdateReport

ATTEMPT = Attempt("a1", "2.0.0~rc1", "1.0.0", "new.deb", "old.deb")


@pytest.fixture
def places(tmp_path: Path) -> Places:
    places = Places(tmp_path)
    places.runtime.mkdir(parents=True)
    places.folder.mkdir(parents=True)
    return places


@pytest.fixture
def warnings() -> list[str]:
    return []


@pytest.fixture
def updates(places: Places, warnings: list[str]) -> Updates:
    return Updates(places.runtime, places.state, warnings.append)


@pytest.fixture
def device(places: Places) -> Device:
    """The updater's view of the same files."""
    return Device(places, Debian(lambda *_, **__: pytest.fail("no program"), places))


def test_the_updater_sees_whether_the_appliance_streams(updates: Updates, device: Device) -> None:
    assert "does not run" in device.unhealthy()
    updates.report_streaming(0.0, connected=False, camera="running")
    assert "not connected" in device.unhealthy()
    updates.report_streaming(0.0, connected=True, camera="off")
    assert "its camera is 'off'" in device.unhealthy()
    for status in (FrameStatus.DROPPED, FrameStatus.REJECTED):
        updates.accept(FrameEnded(1, status), 0.0)
    updates.report_streaming(1.0, connected=True, camera="running")
    assert "no results" in device.unhealthy(), "frames without a result are none"
    updates.accept(FrameEnded(2, FrameStatus.PROCESSED), 1.0)
    updates.report_streaming(2.0, connected=True, camera="running")
    assert device.unhealthy() == ""


def test_an_old_word_is_none(updates: Updates, device: Device, places: Places) -> None:
    updates.accept(FrameEnded(2, FrameStatus.PROCESSED), 1.0)
    updates.report_streaming(2.0, connected=True, camera="running")
    old = (places.runtime / "streaming").stat().st_mtime - 31
    os.utime(places.runtime / "streaming", (old, old))
    assert "does not run" in device.unhealthy()


def test_touches_are_told_now_and_then(updates: Updates, device: Device, places: Places) -> None:
    assert not device.in_use()
    updates.touched(100.0)
    assert device.in_use()
    (places.runtime / "in-use").unlink()
    updates.touched(100.0 + TOUCH_INTERVAL - 1)
    assert not device.in_use(), "not at every one: a finger on a slider is many"
    updates.touched(100.0 + TOUCH_INTERVAL)
    assert device.in_use()
    old = (places.runtime / "in-use").stat().st_mtime - 121
    os.utime(places.runtime / "in-use", (old, old))
    assert not device.in_use()


@pytest.mark.parametrize(
    ("version", "attempt", "counts"),
    [("2.0.0rc1", "a1", True), ("2.0.0rc1", "a2", False), ("1.0.0", "a1", False)],
)
def test_only_the_acknowledgement_of_this_attempt_counts(
    updates: Updates, device: Device, version: str, attempt: str, counts: bool
) -> None:
    assert not device.acknowledged(ATTEMPT)
    updates.accept(UpdateAcknowledged(version, attempt), 1.0)
    assert device.acknowledged(ATTEMPT) is counts


@pytest.mark.parametrize("content", ["", "{", "[]", "7", '{"attempt": 1}', "[" * 5000, "x" * 20000])
def test_what_else_stands_there_is_no_acknowledgement(
    device: Device, places: Places, content: str
) -> None:
    (places.runtime / "acknowledged").write_text(content)
    assert not device.acknowledged(ATTEMPT)


def test_no_link_is_followed_and_no_pipe_waited_for(device: Device, places: Places) -> None:
    """The folder is the appliance's, and the guard is root."""
    good = places.root / "elsewhere"
    good.write_text(json.dumps({"version": "2.0.0", "attempt": "a1"}))
    (places.runtime / "acknowledged").symlink_to(good)
    os.mkfifo(places.runtime / "streaming")
    assert not device.acknowledged(ATTEMPT)
    assert device.unhealthy()


def test_the_appliance_reports_what_the_updater_writes(updates: Updates, places: Places) -> None:
    assert not updates.changed()
    assert updates.report is None
    publish(places, Journal(ATTEMPT, Phase.PROBATION))
    assert updates.changed()
    assert updates.report == UpdateReport("2.0.0rc1", "probation", "a1", "1.0.0", None)
    assert not updates.changed()
    publish(places, Journal(ATTEMPT, Phase.ROLLED_BACK, "its service\nfailed"))
    assert updates.changed()
    assert updates.report is not None
    assert updates.report.state == "rolled-back"
    assert "\n" not in (updates.report.reason or "")


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"{}", b'{"version": 1}', b"\xff"])
def test_a_damaged_state_is_none(updates: Updates, places: Places, content: bytes) -> None:
    places.state.write_bytes(content)
    updates.changed()
    assert updates.report is None or isinstance(updates.report, UpdateReport)


def test_a_folder_that_takes_nothing_is_reported_once(tmp_path: Path) -> None:
    warnings: list[str] = []
    (tmp_path / "file").write_text("")
    updates = Updates(tmp_path / "file" / "folder", None, warnings.append)
    updates.report_streaming(0.0, connected=True, camera="running")
    updates.touched(0.0)
    assert len(warnings) == 1
    assert "RuntimeDirectory" in warnings[0]


def test_without_a_service_nothing_is_written(tmp_path: Path) -> None:
    updates: Any = Updates(None, None, pytest.fail)
    updates.report_streaming(0.0, connected=True, camera="running")
    updates.touched(0.0)
    assert not updates.changed()
    assert not list(tmp_path.iterdir())
