"""QEMU's monitor over its JSON protocol (docs/interop/qmp-spec.rst in QEMU's sources)."""

import json
import socket
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

_PATIENCE = 30.0
"""Seconds for an answer; QEMU gives them at once, on a busy machine after a while."""
ABSOLUTE = 0x7FFF
"""The largest place on an absolute axis."""


class MonitorError(Exception):
    """QEMU did not do what it was asked; the message says what it said."""


class Monitor:
    """A connection to the monitor of a running QEMU."""

    def __init__(self, path: Path) -> None:
        """Connect to the socket at `path`, which may take QEMU a moment. Raises MonitorError."""
        self._socket = _connected(path)
        self._lines = self._socket.makefile("rb")
        self._answer("QMP")
        self.do("qmp_capabilities")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def do(self, command: str, **arguments: Any) -> Any:
        """Execute `command` and return what it returns. Raises MonitorError."""
        request = {"execute": command, "arguments": arguments}
        try:
            self._socket.sendall(json.dumps(request).encode() + b"\n")
        except OSError as error:
            raise MonitorError(f"QEMU is gone: {error.strerror}") from error
        return self._answer("return")

    def point(self, x: float, y: float, *, pressed: bool | None = None) -> None:
        """Move the tablet's pen to a place, from 0 to 1 across the screen; press or lift it."""
        events: list[dict[str, Any]] = [
            {"type": "abs", "data": {"axis": axis, "value": round(place * ABSOLUTE)}}
            for axis, place in (("x", x), ("y", y))
        ]
        self.do("input-send-event", events=events)
        if pressed is not None:
            button = {"type": "btn", "data": {"button": "left", "down": pressed}}
            self.do("input-send-event", events=[button])

    def close(self) -> None:
        """End the connection; QEMU goes on."""
        self._lines.close()
        self._socket.close()

    def _answer(self, kind: str) -> Any:
        """Return the next answer, past the events that come between."""
        while True:
            try:
                line = self._lines.readline()
            except TimeoutError:
                raise MonitorError(f"QEMU has not answered for {_PATIENCE:.0f} seconds") from None
            except OSError as error:
                raise MonitorError(f"QEMU is gone: {error.strerror}") from error
            if not line:
                raise MonitorError("QEMU has ended")
            message = json.loads(line)
            if "error" in message:
                raise MonitorError(message["error"]["desc"])
            if kind in message:
                return message[kind]


def _connected(path: Path) -> socket.socket:
    end = time.monotonic() + _PATIENCE
    while True:
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(_PATIENCE)
        try:
            connection.connect(str(path))
        except OSError as error:
            connection.close()
            if time.monotonic() > end:
                raise MonitorError(f"QEMU does not listen on {path}: {error.strerror}") from error
            time.sleep(0.05)
        else:
            return connection
