"""The command line's side of the control socket (see `control`)."""

import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

SOCKET_NAME: Final = "control.sock"
SECONDS: Final = 10.0
"""How long either side waits for the other, unless an answer takes work."""


class ControlError(Exception):
    """The running server could not be asked; the message says why."""


class NoServerError(ControlError):
    """Nothing listens at the control socket."""


class ControlConnection:
    """Asks the running server one thing after the other; a context manager.

    When it is closed the server leaves undone what has not been begun.
    """

    def __init__(self, path: Path) -> None:
        """Connect to the socket `path`. Raises NoServerError."""
        self._path = path
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(SECONDS)
        try:
            with within_reach(path) as address:
                self._socket.connect(address)
        except OSError as error:
            self._socket.close()
            raise NoServerError(
                f"no server answers at {path} ({error}); is it running, with this configuration?"
            ) from error
        self._answers = self._socket.makefile("rb")

    def ask(self, request: dict[str, Any], seconds: float = SECONDS) -> dict[str, Any]:
        """Return the answer to `request`, which may take `seconds`. Raises ControlError."""
        self._socket.settimeout(seconds)
        try:
            self._socket.sendall(json.dumps(request).encode() + b"\n")
            line = self._answers.readline()
        except TimeoutError:
            raise ControlError(
                f"the server at {self._path} has not answered for {seconds:g} s; see its log"
            ) from None
        except OSError as error:
            raise ControlError(f"the server at {self._path} has gone: {error.strerror}") from error
        if not line.endswith(b"\n"):
            raise ControlError(
                f"the server at {self._path} ended the connection without an answer: it is ending,"
                " or of an older version, which does not know this request; restart it and try"
                " again"
            )
        document = json.loads(line)
        assert isinstance(document, dict)
        if "error" in document:
            raise ControlError(str(document["error"]))
        return document

    def close(self) -> None:
        """Ask nothing more."""
        self._answers.close()
        self._socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def ask(path: Path, request: dict[str, Any]) -> dict[str, Any]:
    """Send `request` to the server at the socket `path`; return its answer.

    Raises ControlError.
    """
    with ControlConnection(path) as connection:
        return connection.ask(request)


@contextmanager
def within_reach(path: Path) -> Iterator[str]:
    """Yield an address for the socket `path`, which may be longer than the 107 bytes of one."""
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)
