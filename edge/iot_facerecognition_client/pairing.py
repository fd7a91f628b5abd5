"""The device's side of a pairing: a code becomes a token and the server's fingerprint."""

import asyncio
import secrets

from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus

from iot_facerecognition_client.address import ServerAddress
from iot_facerecognition_client.connection import Timing, WatchedWebSocket, open_websocket
from iot_facerecognition_client.failures import NoConnectionError, opening_failure
from iot_facerecognition_client.status import Failure, Reason
from iot_facerecognition_client.trust import (
    Fingerprint,
    presented_fingerprint,
    unverified_context,
)
from iot_facerecognition_protocol import clean_text
from iot_facerecognition_protocol.pairing import PAIRING_SUBPROTOCOL, p256
from iot_facerecognition_protocol.pairing.code import PairingCode
from iot_facerecognition_protocol.pairing.messages import (
    Begin,
    Grant,
    Kept,
    No,
    PairingMessage,
    PairingMessageError,
    Proof,
    Share,
    decode_pairing,
    encode_pairing,
)
from iot_facerecognition_protocol.pairing.proof import device_exchange
from iot_facerecognition_protocol.records import dataclass

_ANSWER_SECONDS = 20.0
"""For each of the server's answers."""
_FORBIDDEN = 403
_WORDS_SHOWN = 300


@dataclass(frozen=True, slots=True)
class Paired:
    """What a device got: the server's fingerprint, its token and what the server calls it.

    `token` is None where the server asks for none.
    """

    fingerprint: str
    token: str | None
    name: str

    def __repr__(self) -> str:
        """Show no secret."""
        return f"Paired({self.name!r})"


async def pair(
    server: ServerAddress,
    code: PairingCode,
    fingerprint: str | None = None,
    timing: Timing | None = None,
) -> Paired:
    """Pair with `server` by `code`; with `fingerprint` only where it shows that certificate.

    The code never leaves this machine. Both sides prove that they know it and that they see the
    same certificate (`iot_facerecognition_protocol.pairing.proof`), so nobody in the middle gets
    the token. Raises NoConnectionError.
    """
    context = unverified_context() if fingerprint is None else Fingerprint(fingerprint).context()
    try:
        websocket = await open_websocket(
            server, context, None, timing or Timing(), PAIRING_SUBPROTOCOL
        )
    except InvalidStatus as error:
        raise NoConnectionError(_rejection(error, server)) from error
    except (OSError, EOFError, InvalidHandshake, ValueError) as error:
        raise NoConnectionError(opening_failure(error, server, with_token=False)) from error
    try:
        if websocket.subprotocol != PAIRING_SUBPROTOCOL:
            raise _failed(f"{server} is of a version that cannot pair: give the token instead")
        return await _paired(websocket, server, code)
    except PairingMessageError as error:
        raise _failed(f"{server} does not pair as a recognition server does: {error}") from error
    except (ConnectionClosed, TimeoutError) as error:
        raise _failed(f"{server} broke off the pairing: try again, with a new code") from error
    finally:
        await websocket.close()


async def _paired(websocket: WatchedWebSocket, server: ServerAddress, code: PairingCode) -> Paired:
    """Raise NoConnectionError, PairingMessageError, ConnectionClosed and TimeoutError."""
    shown = presented_fingerprint(websocket.transport.get_extra_info("ssl_object"))
    secret = secrets.randbelow(p256.ORDER - 1) + 1
    exchange = await asyncio.to_thread(device_exchange, code, shown.removeprefix("sha256:"), secret)
    answer = await _asked(websocket, server, Begin(code.slot, exchange.share))
    if not isinstance(answer, Share):
        raise PairingMessageError("it did not answer with its share")
    try:
        proofs = await asyncio.to_thread(exchange.proofs, answer.share)
    except ValueError as error:
        raise PairingMessageError(f"its share is none: {error}") from error
    grant = await _asked(websocket, server, Proof(proofs.own))
    if not isinstance(grant, Grant) or not proofs.proves(grant.proof):
        raise _failed(
            f"{server} could not prove that it knows the code: somebody stands between you and"
            " the server. Nothing of it was kept"
        )
    await websocket.send(encode_pairing(Kept()))
    return Paired(shown, grant.token, grant.name)


async def _asked(
    websocket: WatchedWebSocket, server: ServerAddress, message: PairingMessage
) -> PairingMessage:
    """Return the server's answer to `message`. Raises as `_paired` does."""
    await websocket.send(encode_pairing(message))
    async with asyncio.timeout(_ANSWER_SECONDS):
        answer = decode_pairing(await websocket.recv())
    if isinstance(answer, No):
        raise _failed(f"{server} does not pair: {answer.reason}")
    return answer


def _rejection(error: InvalidStatus, server: ServerAddress) -> Failure:
    """Say why a server did not begin to pair."""
    if error.response.status_code == _FORBIDDEN:
        words = clean_text((error.response.body or b"").decode(errors="replace"), _WORDS_SHOWN)
        return Failure(Reason.AUTHENTICATION, f"{server} does not pair: {words}", refused=True)
    failure = opening_failure(error, server, with_token=False)
    if failure.reason is Reason.AUTHENTICATION:
        text = f"{server} is of a version that cannot pair: give the token instead"
        return Failure(Reason.AUTHENTICATION, text, refused=True)
    return failure


def _failed(text: str) -> NoConnectionError:
    return NoConnectionError(Failure(Reason.AUTHENTICATION, text, refused=True))
