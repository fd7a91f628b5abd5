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
from pathlib import Path
from typing import Any, Final

from iot_facerecognition_server.serving.client import Client
from iot_facerecognition_server.serving.server import RecognitionServer
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
        """Answer until cancelled."""
        await asyncio.to_thread(self._path.unlink, missing_ok=True)
        before = os.umask(0o177)
        try:
            listener = await asyncio.start_unix_server(self._answer, self._path, limit=_LINE)
        finally:
            os.umask(before)
        try:
            await listener.serve_forever()
        finally:
            self._path.unlink(missing_ok=True)

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


def ask(path: Path, request: dict[str, Any]) -> dict[str, Any]:
    """Send `request` to the server at the socket `path`; return its answer.

    Raises ControlError.
    """
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(_SECONDS)
            connection.connect(str(path))
            connection.sendall(json.dumps(request).encode() + b"\n")
            answer = b"".join(iter(lambda: connection.recv(_LINE), b""))
        document = json.loads(answer)
    except (OSError, ValueError) as error:
        raise ControlError(
            f"no server answers at {path} ({error}); is it running, with this configuration?"
        ) from error
    assert isinstance(document, dict)
    return document
