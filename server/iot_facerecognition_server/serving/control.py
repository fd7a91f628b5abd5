"""A Unix socket in the state directory, by which the command line asks the running server.

One request a connection, one line of JSON each way: `{"do": "clients"}`,
`{"do": "say", "text": "…", "to": "kitchen"}` (a name or an identity; null: everybody), or
`{"do": "revoke"}` after a token was revoked. Who may open the socket's
folder may ask; nobody else can.
"""

import asyncio
import json
import logging
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from iot_facerecognition_protocol.system.whole_file import PRIVATE, belong_to_folder
from iot_facerecognition_server.serving.client import Client
from iot_facerecognition_server.serving.server import RecognitionServer
from iot_facerecognition_server.supervision import TaskFailedError
from iot_facerecognition_server.trust.tokens import TokenFileError

_log = logging.getLogger(__name__)

SOCKET_NAME: Final = "control.sock"
_LINE: Final = 65_536
"""Bytes of a request or an answer at most, but for the list of clients."""
_SECONDS: Final = 10.0


class ControlError(Exception):
    """The running server could not be asked; the message says why."""


class ControlSocket:
    """Answers the command line while the server runs."""

    def __init__(self, path: Path, server: RecognitionServer) -> None:
        """Listen at `path`; a socket that an earlier run left there is replaced."""
        self._path = path
        self._server = server

    async def run(self) -> None:
        """Answer until cancelled. Raises TaskFailedError where there can be no socket."""
        try:
            with _within_reach(self._path) as address:
                listener = await asyncio.start_unix_server(
                    self._answer, sock=_listening(address), limit=_LINE
                )
                try:
                    await listener.serve_forever()
                finally:
                    _remove(address)
        except OSError as error:
            raise TaskFailedError(
                f"the control socket {self._path} cannot be made ({error.strerror or error}), so"
                " the commands `clients` and `say` do not reach this server; let it write to its"
                " state directory"
            ) from error

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(_SECONDS):
                answer = self._done(await reader.readline())
                writer.write(json.dumps(answer).encode() + b"\n")
                await writer.drain()
        except (TimeoutError, ConnectionError, ValueError) as error:
            _log.warning("a request of the command line was not answered: %s", error)
        finally:
            writer.close()

    def _done(self, line: bytes) -> dict[str, Any]:
        """Do what a request asks for. Raises ValueError for one that makes no sense."""
        request = json.loads(line)
        match request:
            case {"do": "clients"}:
                return {"clients": [self._told(client) for client in self._server.clients]}
            case {"do": "say", "text": str(text), "to": str() | None as to}:
                return {"reached": self._server.say(text, to)}
            case {"do": "revoke"}:
                return self._revoked()
        raise ValueError(f"no request: {request!r}")

    def _revoked(self) -> dict[str, Any]:
        try:
            return {"disconnected": self._server.disconnect_revoked()}
        except TokenFileError as error:
            return {"error": str(error)}

    @staticmethod
    def _told(client: Client) -> dict[str, Any]:
        return {
            "name": client.name,
            "identity": client.identity.name,
            "address": client.address,
            "version": client.session.version,
            "frames": client.session.frames,
        }


@contextmanager
def _within_reach(path: Path) -> Iterator[str]:
    """Yield an address for the socket `path`, which may be longer than the 107 bytes of one."""
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)


def _listening(address: str) -> socket.socket:
    """Return a socket that listens at `address`, for its owner alone; an old one is replaced."""
    _remove(address)
    listener = socket.socket(socket.AF_UNIX)
    try:
        listener.bind(address)
        Path(address).chmod(PRIVATE)  # before it listens: until then nobody can connect
        belong_to_folder(Path(address))
        listener.listen()
    except OSError:
        listener.close()
        raise
    return listener


def _remove(address: str) -> None:
    Path(address).unlink(missing_ok=True)


def ask(path: Path, request: dict[str, Any]) -> dict[str, Any]:
    """Send `request` to the server at the socket `path`; return its answer.

    Raises ControlError.
    """
    try:
        with _within_reach(path) as address, socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(_SECONDS)
            connection.connect(address)
            connection.sendall(json.dumps(request).encode() + b"\n")
            answer = b"".join(iter(lambda: connection.recv(_LINE), b""))
        document = json.loads(answer)
    except (OSError, ValueError) as error:
        raise ControlError(
            f"no server answers at {path} ({error}); is it running, with this configuration?"
        ) from error
    assert isinstance(document, dict)
    return document
