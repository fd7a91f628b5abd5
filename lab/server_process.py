"""The real server in a process of its own, on loopback, with what it needs in one folder."""

import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

_READY = re.compile(r"listening on \S*:(\d+)")


class ServerFailedError(Exception):
    """The server ended, or was not ready in time; the message holds what it said."""


@dataclass(frozen=True, slots=True)
class Access:
    """What a client needs to be let in."""

    port: int
    token: str | None
    fingerprint: str


class ServerProcess:
    """Starts `iot-facerecognition-server` on a free port; a context manager that ends it again.

    `people` maps a tag to its reference photos. `settings` are more keys for the configuration, as
    `{"Engine": {"Workers": "1"}}`. The folder then holds `config.ini`, `faces.json`, the state and
    `output.txt`, everything that the server printed.
    """

    def __init__(
        self,
        folder: Path,
        people: Mapping[str, Sequence[Path]],
        settings: Mapping[str, Mapping[str, str]] | None = None,
        *,
        port: int = 0,
        says: str = _READY.pattern,
    ) -> None:
        """Wait at the start until the server `says` something: by default, that it listens."""
        self._says = re.compile(says)
        self.folder = folder
        self.config = folder / "config.ini"
        self._port = port
        self._people = people
        self._settings = settings or {}
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        """The server's process id."""
        return self._running().pid

    @property
    def access(self) -> Access:
        """Where the server listens, its token (None when it is open) and its fingerprint."""
        output = self.output()
        port = _READY.search(output)
        fingerprint = re.search(r"sha256:(?:[0-9A-F]{2}:){31}[0-9A-F]{2}", output)
        if port is None or fingerprint is None:
            raise ServerFailedError(f"the server has not said where it listens:\n{output}")
        token = self.folder / "token.txt"
        found = re.search(r"iotfr_[\w-]+", output)  # in text and in JSON
        if found is not None:  # printed until a client has used it
            token.write_text(found[0])
        return Access(
            port=int(port[1]),
            token=token.read_text() if token.exists() else None,
            fingerprint=fingerprint[0],
        )

    def output(self) -> str:
        """Return everything that the server has printed since its last start."""
        return (self.folder / "output.txt").read_text(errors="replace")

    def start(self, seconds: float = 60.0) -> None:
        """Start the server and wait until it does. Raises ServerFailedError."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._write_configuration()
        with (self.folder / "output.txt").open("wb") as output:
            self._process = subprocess.Popen(
                [*self.command(), "--config", self.config],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        deadline = time.monotonic() + seconds
        while not self._says.search(self.output()):
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise ServerFailedError(f"the server did not start:\n{self.output()}")
            time.sleep(0.05)

    def command(self) -> list[str]:
        """Return what is started; a subclass may start the server in another way."""
        return [sys.executable, "-m", "iot_facerecognition_server"]

    def signal(self, number: signal.Signals) -> None:
        """Send the server a signal."""
        self._running().send_signal(number)

    def wait(self, seconds: float = 15.0) -> int:
        """Wait until the server has ended; return its exit code."""
        return self._running().wait(seconds)

    def stop(self) -> int | None:
        """End the server if it runs; return its exit code."""
        if self._process is None:
            return None
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(15)
            except subprocess.TimeoutExpired:
                self._process.kill()
        return self._process.wait()

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            raise RuntimeError("the server has not been started")
        return self._process

    def _write_configuration(self) -> None:
        faces = [
            {"tag": tag, "photos": [str(photo) for photo in photos]}
            for tag, photos in self._people.items()
        ]
        (self.folder / "faces.json").write_text(json.dumps(faces, indent=2))
        keys: dict[str, dict[str, str]] = {
            "Connection": {"Bind": "127.0.0.1", "Port": str(self._port)},
            "Server": {"StateDirectory": "state"},
            "DLIB": {"ReferenceFile": "faces.json"},
        }
        for section, values in self._settings.items():
            keys.setdefault(section, {}).update(values)
        lines = []
        for section, values in keys.items():
            lines.append(f"[{section}]")
            lines += [f"{key}={value}" for key, value in values.items()]
        self.config.write_text("\n".join(lines) + "\n")
