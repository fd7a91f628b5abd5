"""The monitor's client against a socket that answers as QEMU does."""

import json
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.virtual_pi.monitor import ABSOLUTE, Monitor, MonitorError

GREETING = {"QMP": {"version": {"qemu": {"major": 7, "minor": 2, "micro": 0}}, "capabilities": []}}
EVENT = {"timestamp": {"seconds": 1, "microseconds": 2}, "event": "RTC_CHANGE", "data": {}}


class FakeQemu:
    """Answers every command with `{}`, after an event, and keeps what it was asked."""

    def __init__(self, path: Path) -> None:
        self.asked: list[dict[str, object]] = []
        self._listening = socket.socket(socket.AF_UNIX)
        self._listening.bind(str(path))
        self._listening.listen()
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        connection, _ = self._listening.accept()
        with connection, connection.makefile("rwb") as stream:
            self._say(stream, GREETING)
            for line in stream:
                request = json.loads(line)
                self.asked.append(request)
                if request["execute"] == "quit":
                    return
                self._say(stream, EVENT)
                unknown = {"error": {"class": "CommandNotFound", "desc": "no such command"}}
                self._say(stream, unknown if request["execute"] == "dance" else {"return": {}})

    def _say(self, stream, message) -> None:
        stream.write(json.dumps(message).encode() + b"\n")
        stream.flush()

    def close(self) -> None:
        self._thread.join()
        self._listening.close()


@pytest.fixture
def qemu(tmp_path) -> Iterator[FakeQemu]:
    qemu = FakeQemu(tmp_path / "monitor")
    yield qemu
    qemu.close()


def test_commands_are_answered_past_events(qemu, tmp_path):
    with Monitor(tmp_path / "monitor") as monitor:
        assert monitor.do("screendump", filename="screen.ppm") == {}
    assert [request["execute"] for request in qemu.asked] == ["qmp_capabilities", "screendump"]
    assert qemu.asked[1]["arguments"] == {"filename": "screen.ppm"}


def test_a_finger_is_a_place_and_a_button(qemu, tmp_path):
    with Monitor(tmp_path / "monitor") as monitor:
        monitor.point(0.0, 1.0, pressed=True)
    events = [event for request in qemu.asked[1:] for event in request["arguments"]["events"]]
    assert [event["data"] for event in events] == [
        {"axis": "x", "value": 0},
        {"axis": "y", "value": ABSOLUTE},
        {"button": "left", "down": True},
    ]


def test_what_qemu_does_not_know_is_an_error(qemu, tmp_path):
    with Monitor(tmp_path / "monitor") as monitor, pytest.raises(MonitorError, match="no such"):
        monitor.do("dance")


def test_a_qemu_that_ends_is_an_error(qemu, tmp_path):
    with Monitor(tmp_path / "monitor") as monitor, pytest.raises(MonitorError, match="has ended"):
        monitor.do("quit")
