"""The server's side of a pairing: a connection of its own subprotocol, before there is a token."""

import asyncio
import logging
import secrets
from collections.abc import Callable
from contextlib import suppress
from typing import Final, Protocol

from websockets.exceptions import ConnectionClosed

from iot_facerecognition_protocol.pairing import p256
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
from iot_facerecognition_protocol.pairing.proof import server_exchange
from iot_facerecognition_protocol.pairing.spake2 import Proofs
from iot_facerecognition_server.logs import quoted
from iot_facerecognition_server.serving.connection import ClientConnection
from iot_facerecognition_server.trust.pairing import Offer, Outcome, PairingError, Pairings
from iot_facerecognition_server.trust.tokens import Token, TokenFileError, TokenRequestError

_log = logging.getLogger(__name__)

PAIRING_SECONDS: Final = 30.0
"""How long one pairing may take: a Zero W computes for a fraction of a second."""
MOST_CONNECTIONS: Final = 4
"""Pairings under way at a time, each of which costs the processor some milliseconds."""
_NO_OFFER: Final = "no device is being paired now; begin with: iot-facerecognition-server pair NAME"
_UNKEPT: Final = "the device did not say that it keeps the token, which was revoked"


class TokenMaker(Protocol):
    """What pairing needs of the tokens."""

    def add(self, name: str) -> str:
        """Make a token for `name`. Raises TokenRequestError and TokenFileError."""

    def revoke(self, id_or_name: str) -> tuple[Token, ...]:
        """Take it back. Raises TokenRequestError and TokenFileError."""


class PairingDesk:
    """Gives a token to whoever proves to know a valid code and to see this server's certificate."""

    def __init__(
        self, pairings: Pairings, tokens: TokenMaker | None, fingerprint: Callable[[], str]
    ) -> None:
        """Pair by the offers in `pairings`; without `tokens` the server asks for none.

        `fingerprint` returns what edges pin, in 64 small hexadecimal digits.
        """
        self.pairings = pairings
        self.fingerprint = fingerprint
        self._tokens = tokens
        self._connections = 0

    def enter(self, connection: ClientConnection) -> str | None:
        """Let a connection in that wants to pair, or say why not."""
        if not self.pairings.open_offers:
            return _NO_OFFER
        if self._connections >= MOST_CONNECTIONS:
            return "several devices are being paired at this moment; try again in a minute"
        self._connections += 1
        connection.when_lost(self._left)
        return None

    def _left(self) -> None:
        self._connections -= 1

    async def serve(self, connection: ClientConnection, failed: Callable[[str], None]) -> None:
        """Pair over `connection` and close it; `failed` takes why nothing came of it."""
        try:
            async with asyncio.timeout(PAIRING_SECONDS):
                await self._pair(connection)
        except (PairingError, PairingMessageError) as error:
            failed(str(error))
            with suppress(ConnectionClosed):
                await _send(connection, No(str(error)))
        except TimeoutError:
            failed(f"the pairing took more than {PAIRING_SECONDS:g} s")
        except ConnectionClosed:
            failed("the device ended the connection in the middle of pairing")
        finally:
            await connection.close()

    async def _pair(self, connection: ClientConnection) -> None:
        """Raise PairingError, PairingMessageError and ConnectionClosed."""
        begin = await _receive(connection)
        if not isinstance(begin, Begin):
            raise PairingMessageError("a pairing begins with: pair SLOT SHARE")
        offer = self.pairings.begin(begin.slot)
        try:
            proofs = await self._proved(connection, offer, begin.share)
        except BaseException:
            self.pairings.fail(offer)
            raise
        self.pairings.claim(offer)
        try:
            await self._grant(connection, offer, proofs)
        except BaseException as error:
            known = isinstance(error, PairingError | PairingMessageError)
            self.pairings.end(offer, Outcome.FAILED, str(error) if known else _UNKEPT)
            raise
        _log.info("paired %s, at %s", quoted(offer.name), connection.address)
        self.pairings.end(offer, Outcome.PAIRED, connection.address)

    async def _proved(self, connection: ClientConnection, offer: Offer, share: bytes) -> Proofs:
        """Return the proofs once the device has shown the right one."""
        secret = secrets.randbelow(p256.ORDER - 1) + 1
        exchange = await asyncio.to_thread(server_exchange, offer.code, self.fingerprint(), secret)
        await _send(connection, Share(exchange.share))
        try:
            proofs = await asyncio.to_thread(exchange.proofs, share)
        except ValueError as error:
            raise PairingMessageError(f"the share is none: {error}") from error
        shown = await _receive(connection)
        if not isinstance(shown, Proof) or not proofs.proves(shown.proof):
            raise PairingError(
                "the code is not the right one, or the device sees another certificate than this"
                " server's"
            )
        return proofs

    async def _grant(self, connection: ClientConnection, offer: Offer, proofs: Proofs) -> None:
        """Give the token, and take it back unless the device says that it has it."""
        if self._tokens is None:
            await self._handed_over(connection, Grant(proofs.own, None, offer.name))
            return
        try:
            token = await asyncio.to_thread(self._tokens.add, offer.name)
        except (TokenRequestError, TokenFileError) as error:
            _log.error("%s could not be paired: %s", quoted(offer.name), error)
            raise PairingError(f"the server could not make a token: {error}") from error
        try:
            await self._handed_over(connection, Grant(proofs.own, token, offer.name))
        except BaseException:
            try:
                await asyncio.shield(asyncio.to_thread(self._tokens.revoke, offer.name))
            except TokenRequestError:  # somebody was faster
                pass
            except TokenFileError as error:
                _log.error("%s has a token that it may not know: %s", quoted(offer.name), error)
            raise

    @staticmethod
    async def _handed_over(connection: ClientConnection, grant: Grant) -> None:
        await _send(connection, grant)
        if not isinstance(await _receive(connection), Kept):
            raise PairingError(_UNKEPT)


async def _send(connection: ClientConnection, message: PairingMessage) -> None:
    await connection.send_text(encode_pairing(message).encode())


async def _receive(connection: ClientConnection) -> PairingMessage:
    return decode_pairing(await connection.take())
