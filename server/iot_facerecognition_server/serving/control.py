"""A Unix socket in the state directory, by which the command line asks the running server.

One line of JSON each way:

- `{"do": "clients"}`
- `{"do": "say", "text": "…", "to": "kitchen"}`: a name or an identity; null: everybody
- `{"do": "revoke"}`: after a token was revoked
- `{"do": "pair", "name": "kitchen", "seconds": 300}`: make a pairing code
- `{"do": "pairing", "name": "kitchen"}`: how that ends, as soon as it has
- `{"do": "unpair", "name": "kitchen"}`: withdraw the code
- `{"do": "look", "tag": "ada", "photo": "/data/faces/ada.jpg"}`: can the photo be a reference? More
  lines like it may follow on the connection; whoever closes it is not looked at photos for any more
- `{"do": "fleet", …}`: see `fleet_requests`; more may follow as well

What cannot be done is answered with `{"error": "…"}`. Who may open the socket's folder may ask;
nobody else can.
"""

import asyncio
import json
import logging
import os
import socket
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from iot_facerecognition_protocol.system.whole_file import PRIVATE, belong_to_folder
from iot_facerecognition_server.serving.client import ClientHandler
from iot_facerecognition_server.serving.control_client import SECONDS, within_reach
from iot_facerecognition_server.serving.fleet_requests import FleetRequests
from iot_facerecognition_server.serving.photo_checks import PhotoChecks, TooManyChecksError
from iot_facerecognition_server.serving.server import RecognitionServer
from iot_facerecognition_server.supervision import TaskFailedError
from iot_facerecognition_server.trust.pairing import PairingError
from iot_facerecognition_server.trust.tokens import TokenFileError

_log = logging.getLogger(__name__)

_LINE: Final = 65_536
"""Bytes of a request at most."""
_LOOK_SECONDS: Final = 1.0
"""How often it is looked whether a pairing code has expired."""
_UNKNOWN: Final = (
    "this server does not know what the command asks for; it is another version: restart it"
)


class ControlSocket:
    """Answers the command line while the server runs."""

    def __init__(
        self, path: Path, server: RecognitionServer, photos: PhotoChecks, fleet: FleetRequests
    ) -> None:
        """Listen at `path`; a socket that an earlier run left there is replaced."""
        self._path = path
        self._server = server
        self._photos = photos
        self._fleet = fleet

    async def run(self) -> None:
        """Answer until cancelled. Raises TaskFailedError where there can be no socket."""
        try:
            with within_reach(self._path) as address:
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
                " the commands `clients`, `say`, `pair`, `fleet` and `faces add` do not reach this"
                " server; let it write to its state directory"
            ) from error

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            more = True
            while more:
                async with asyncio.timeout(SECONDS):
                    line = await reader.readline()
                if not line:
                    break
                request = json.loads(line)
                answer, more = await self._done(request, reader.at_eof)
                async with asyncio.timeout(SECONDS):
                    writer.write(json.dumps(answer).encode() + b"\n")
                    await writer.drain()
        except (TimeoutError, ConnectionError, ValueError) as error:
            _log.warning("a request of the command line was not answered: %s", error)
        finally:
            writer.close()

    async def _done(
        self, request: Any, given_up: Callable[[], bool]
    ) -> tuple[dict[str, Any], bool]:
        """Do what a request asks for; return the answer, and whether another may follow."""
        match request:
            case {"do": "clients"}:
                return {
                    "clients": [self._described(client) for client in self._server.clients]
                }, False
            case {"do": "say", "text": str(text), "to": str() | None as to}:
                return {"reached": self._server.say(text, to)}, False
            case {"do": "revoke"}:
                return await self._revoked(), False
            case {"do": "pair", "name": str(name), "seconds": int() | float() as seconds}:
                return self._paired(name, float(seconds)), True
            case {"do": "pairing", "name": str(name)}:
                return await self._pairing_ended(name, given_up), False
            case {"do": "unpair", "name": str(name)}:
                self._server.pairing.pairings.withdraw(name)
                return {}, False
            case {"do": "look", "tag": str(tag), "photo": str(photo)}:
                return await self._looked(tag, Path(photo), given_up), True
            case {"do": "fleet"}:
                answer = await self._fleet.answer(request)
                return ({"error": _UNKNOWN} if answer is None else answer), True
        return {"error": _UNKNOWN}, False

    async def _looked(self, tag: str, photo: Path, given_up: Callable[[], bool]) -> dict[str, Any]:
        if not photo.is_absolute():
            return {"error": f"{photo} is no absolute path"}
        try:
            report = await self._photos.look_at(tag, photo, given_up)
        except TooManyChecksError as error:
            return {"error": str(error)}
        if report is None:
            raise ConnectionAbortedError("whoever asked has gone")
        return {"status": report.status, "message": report.message}

    def _paired(self, name: str, seconds: float) -> dict[str, Any]:
        desk = self._server.pairing
        try:
            offer = desk.pairings.open(name, seconds)
        except PairingError as error:
            return {"error": str(error)}
        return {
            "code": offer.code.digits,
            "fingerprint": desk.fingerprint(),
            "port": self._server.port,
        }

    async def _pairing_ended(self, name: str, given_up: Callable[[], bool]) -> dict[str, Any]:
        """Wait for the end of an offer; whoever asked may go away meanwhile."""
        offer = self._server.pairing.pairings.named(name)
        if offer is None:
            return {"error": f"no pairing code for {name} is valid"}
        ended = asyncio.Event()
        offer.when_ended.append(ended.set)
        while not ended.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(_LOOK_SECONDS):
                    await ended.wait()
            if given_up():
                raise ConnectionAbortedError("whoever asked has gone")
            self._server.pairing.pairings.named(name)  # it may have expired
        assert offer.outcome is not None
        return {"outcome": str(offer.outcome), "detail": offer.detail}

    async def _revoked(self) -> dict[str, Any]:
        try:
            return {"disconnected": await self._server.disconnect_revoked()}
        except TokenFileError as error:
            return {"error": str(error)}

    @staticmethod
    def _described(client: ClientHandler) -> dict[str, Any]:
        return {
            "name": client.name,
            "identity": client.identity.name,
            "credential": client.identity.credential,
            "address": client.address,
            "version": client.session.version,
            "frames": client.session.frames,
        }


def _listening(address: str) -> socket.socket:
    """Return a socket that listens at `address`, for its owner alone; an old one is replaced."""
    _remove(address)
    listener = socket.socket(socket.AF_UNIX)
    try:
        # Linux gives the file the mode of the socket; by its name it could be another file by then.
        os.fchmod(listener.fileno(), PRIVATE)
        listener.bind(address)
        belong_to_folder(Path(address))
        listener.listen()
    except OSError:
        listener.close()
        raise
    return listener


def _remove(address: str) -> None:
    Path(address).unlink(missing_ok=True)
