"""One connected client: its socket on one side, its session on the other."""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from websockets.exceptions import ConnectionClosed
from websockets.frames import CloseCode

from iot_facerecognition_protocol import ErrorCode
from iot_facerecognition_server.serving.connection import ClientConnection
from iot_facerecognition_server.serving.dispatcher import Dispatcher
from iot_facerecognition_server.serving.outbox import Outbox
from iot_facerecognition_server.sessions.arrived_frame import ArrivedFrame
from iot_facerecognition_server.sessions.budget import Budget, Spent
from iot_facerecognition_server.sessions.connected_client import ConnectedClient
from iot_facerecognition_server.sessions.events import (
    FrameArrived,
    HealthReceived,
    Joined,
    Left,
    MessageReceived,
    MessageSent,
    Refused,
    TextOutcome,
)
from iot_facerecognition_server.sessions.feed import Feed
from iot_facerecognition_server.sessions.session import Session
from iot_facerecognition_server.trust.client_identity import ClientIdentity

_LAST_WORDS_SECONDS = 2.0
"""How long a client that is disconnected has to read why."""

_CLOSE_CODES = {ErrorCode.TEXT_TOO_LARGE: CloseCode.MESSAGE_TOO_BIG}

FLUSH_SECONDS: Final = 0.5
"""How long a client has to read its last results and the hint before the good-bye."""
FLOODING_REASON: Final = "far more messages than [Budget] Messages allows"

NewSession = Callable[[ConnectedClient, Callable[[str], None]], Session]
"""Makes a client's session, with what sends its texts."""


class ClientHandler:
    """Moves messages between a connection and its session until either ends."""

    def __init__(
        self,
        connection: ClientConnection,
        identity: ClientIdentity,
        budget: Budget,
        *,
        key: int,
        new_session: NewSession,
        backlog: int,
        idle_seconds: float,
        dispatcher: Dispatcher,
        feed: Feed,
        clock: Callable[[], float],
    ) -> None:
        """Hold the client to its identity's `budget`; what happens to it is published to `feed`.

        `backlog` bounds the unsent text in bytes; `idle_seconds` the silence (0: none).
        """
        self._connection = connection
        self._dispatcher = dispatcher
        self._clock = clock
        self._idle_seconds = idle_seconds
        self._outbox = Outbox(backlog)
        self.identity = identity
        self._budget = budget
        self.address = connection.address
        about = ConnectedClient(key, connection.version, identity, self.address)
        self.session = new_session(about, self._send)
        self._feed = feed
        self._disconnecting: asyncio.Task[None] | None = None
        connection.when_received = self._take_bytes
        connection.when_overhead = self._take_overhead
        self._feed.publish_new(Joined, about)

    @property
    def name(self) -> str:
        """The name that the client goes by now."""
        return self.session.settings.name

    async def run(self) -> None:
        """Serve the client until it leaves or is disconnected."""
        self._dispatcher.join(self.session, self._outbox.after, account=self.identity.account)
        writer = asyncio.create_task(self._outbox.send_all(self._write))
        reason = ""
        try:
            self.session.open()
            await self._read()
        except ConnectionClosed as closed:
            reason = str(closed)
        finally:
            self._dispatcher.leave(self.session)
            writer.cancel()
            ending = [task for task in (writer, self._disconnecting) if task is not None]
            await asyncio.gather(*ending, return_exceptions=True)
            offence = self._connection.offence
            if offence is not None:
                self._refused(ErrorCode(offence.code), offence.message, fatal=True)
            self._feed.publish_new(Left, self.session.client, reason)

    def disconnect(self, code: ErrorCode, reason: str) -> None:
        """Close the connection after telling why; what the client sends from now on is ignored."""
        if self._disconnecting is None:
            refused = self.session.refuse_and_close(code, reason)
            self._feed.publish(refused)
            self._disconnecting = asyncio.create_task(self._send_away(refused))

    async def leave(self, reason: str) -> None:
        """Say good-bye (1001), since the server ends, behind what waits to be sent."""
        with suppress(TimeoutError):
            async with asyncio.timeout(FLUSH_SECONDS):
                await self._outbox.flushed()
        await self._connection.close(CloseCode.GOING_AWAY, reason)

    async def _read(self) -> None:
        while await self._read_one():
            pass

    async def _read_one(self) -> bool:
        """Take one message; False when it, or its absence, ended the connection.

        A function of its own, so that nothing keeps a frame while the next one is waited for.
        """
        try:
            async with asyncio.timeout(self._idle_seconds or None):
                message = await self._connection.take()
        except TimeoutError:
            reason = f"nothing came for {self._idle_seconds:g} s ([Limits] IdleSeconds)"
            return await self._go_on(self.session.refuse_and_close(ErrorCode.IDLE, reason))
        if self._disconnecting is not None:
            return True
        begun = time.thread_time()
        self._feed.publish_new(MessageReceived, self.session.client, len(message))
        outcome = None
        if isinstance(message, str):
            outcome = self._take_text(message)
        else:
            self._take_frame(message)
        del message
        self._budget.receive(0, time.thread_time() - begun, self._clock())
        if outcome is not None and not await self._go_on(outcome):
            return False
        await self._hold_back()
        return True

    async def _hold_back(self) -> None:
        """Let others have their turn; read on when the identity's budget allows it.

        Several messages may be here already, and none of them would wait for the event loop.
        """
        seconds = self._budget.pause(self._clock())
        if not seconds:
            await asyncio.sleep(0)
            return
        self._connection.rest(seconds)  # or messages would gather while nobody takes them
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._connection.wait_closed()

    def _take_text(self, text: str) -> TextOutcome:
        """Let the session have a text message that is within the budget."""
        now = self._clock()
        match self._budget.text(now):
            case Spent.WITHIN:
                return self.session.receive_text(text)
            case Spent.OVER:
                return self.session.ignore_text(now)
            case Spent.FLOODING:
                return self.session.refuse_and_close(ErrorCode.FLOODING, FLOODING_REASON)

    def _take_bytes(self, size: int, seconds: float) -> float:
        """Count bytes of any kind as they come; return for how long not to read.

        By the time that a message has ended, a hundred connections would have let theirs in.
        """
        return self._budget.receive(size, seconds, self._clock())

    def _take_overhead(self, count: int) -> float:
        """Count WebSocket frames that are no message; return for how long not to read."""
        now = self._clock()
        spent = self._budget.overhead(count, now)
        if spent is Spent.OVER:
            self._refused(ErrorCode.RATE, "more WebSocket frames than [Budget] Messages allows")
        elif spent is Spent.FLOODING:
            self.disconnect(ErrorCode.FLOODING, FLOODING_REASON)
        return self._budget.pause(now)

    def _take_frame(self, jpeg: bytes) -> None:
        now = self._clock()
        frame = self.session.receive_frame(jpeg, now, within_budget=self._budget.frame(now))
        accepted = isinstance(frame, ArrivedFrame)
        picture = self._feed.picture(jpeg)
        self._feed.publish_new(FrameArrived, self.session.client, frame.number, accepted, picture)
        if isinstance(frame, ArrivedFrame):
            self._dispatcher.offer(frame)
        else:
            self._feed.publish(frame)

    async def _go_on(self, outcome: TextOutcome) -> bool:
        """Publish what a text turned out to be; False when that ends the connection."""
        self._feed.publish(outcome)
        if isinstance(outcome, HealthReceived) and outcome.refused is not None:
            return await self._go_on(outcome.refused)
        if isinstance(outcome, Refused) and outcome.fatal:
            await self._send_away(outcome)
            return False
        return True

    def _refused(self, code: ErrorCode, message: str, *, fatal: bool = False) -> None:
        """Publish a refusal that the session has no part in."""
        self._feed.publish_new(Refused, self.session.client, code, message, fatal)

    async def _send_away(self, refused: Refused) -> None:
        code = _CLOSE_CODES.get(refused.code, CloseCode.POLICY_VIOLATION)
        with suppress(TimeoutError):
            async with asyncio.timeout(_LAST_WORDS_SECONDS):
                await self._outbox.flushed()
        await self._connection.close(code, refused.message[:100])

    def _send(self, text: str) -> None:
        if not self._outbox.put(text):
            self._connection.cut_for_not_reading()

    async def _write(self, text: bytes) -> None:
        await self._connection.send_text(text)
        self._feed.publish_new(MessageSent, self.session.client, len(text))
