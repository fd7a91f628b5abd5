"""One connected client: its socket on one side, its session on the other."""

import asyncio
import logging
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from websockets.exceptions import ConnectionClosed
from websockets.frames import CloseCode

from iot_facerecognition_protocol import Command, ErrorCode, Version
from iot_facerecognition_server.fleet.keeper import FleetKeeper
from iot_facerecognition_server.logs import quoted
from iot_facerecognition_server.observability.metrics import BUDGET, ServerMetrics
from iot_facerecognition_server.serving.client_log import ClientLog
from iot_facerecognition_server.serving.connection import ClientConnection
from iot_facerecognition_server.serving.dispatcher import Dispatcher
from iot_facerecognition_server.serving.outbox import Outbox
from iot_facerecognition_server.sessions.budget import Budget, Spent
from iot_facerecognition_server.sessions.events import (
    Event,
    HealthReceived,
    Ignored,
    Refused,
    SettingChanged,
    TextReceived,
)
from iot_facerecognition_server.sessions.session import Session
from iot_facerecognition_server.trust.client_identity import ClientIdentity

_log = logging.getLogger(__name__)

_LAST_WORDS_SECONDS = 2.0
"""How long a client that is sent away has to read why."""

_CLOSE_CODES = {ErrorCode.TEXT_TOO_LARGE: CloseCode.MESSAGE_TOO_BIG}

FLUSH_SECONDS: Final = 0.5
"""How long a client has to read its last results and the hint before the good-bye."""
FLOODING_REASON: Final = "far more messages than [Budget] Messages allows"

NewSession = Callable[[int, Version, Callable[[str], None]], Session]
"""Makes a session of its key, its version and what sends its texts."""


class Client:
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
        metrics: ServerMetrics,
        fleet: FleetKeeper,
        clock: Callable[[], float],
    ) -> None:
        """Hold the client to its identity's `budget`.

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
        self.session = new_session(key, connection.version, self._send)
        self._metrics = metrics.join(key, connection.version, identity.name)
        self._log = ClientLog(
            _log, identity.name, budget.log, clock, metrics.log_lines_left_out.labels(BUDGET).inc
        )
        self._member = fleet.join(
            identity.name, self.address, self.session.acknowledge_update, self._log.log
        )
        self._metrics.when_processed = self._member.frame_processed
        self._set: set[Command] = set()
        self._log.named(self.name)
        self._disconnecting: asyncio.Task[None] | None = None
        connection.when_received = self._take_bytes
        connection.when_overhead = self._take_overhead

    @property
    def name(self) -> str:
        """The name that the client goes by now."""
        return self.session.settings.name

    async def run(self) -> None:
        """Serve the client until it leaves or is sent away."""
        version = self.session.version.value
        self._log.info("connected from %s, protocol version %d", self.address, version)
        self._dispatcher.join(
            self.session, self._metrics, self._outbox.after, account=self.identity.account
        )
        writer = asyncio.create_task(self._outbox.send_all(self._write))
        try:
            self.session.open()
            await self._read()
        except ConnectionClosed as closed:
            self._log.info("disconnected: %s", closed)
        finally:
            self._dispatcher.leave(self.session)
            writer.cancel()
            ending = [task for task in (writer, self._disconnecting) if task is not None]
            await asyncio.gather(*ending, return_exceptions=True)
            offence = self._connection.offence
            if offence is not None:
                self._metrics.rejected(offence.code)
                self._log.warning("disconnected: %s", offence.message)
            self._metrics.leave()
            self._member.leave()

    def disconnect(self, code: ErrorCode, reason: str) -> None:
        """Close the connection after telling why; what the client sends from now on is ignored."""
        if self._disconnecting is None:
            self._metrics.rejected(str(code))
            refused = self.session.refuse_and_close(code, reason)
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
            self._metrics.rejected(str(ErrorCode.IDLE))
            await self._send_away(self.session.refuse_and_close(ErrorCode.IDLE, reason))
            return False
        if self._disconnecting is not None:
            return True
        begun = time.thread_time()
        self._metrics.message_received(len(message))
        event = self._take_text(message) if isinstance(message, str) else self._take_frame(message)
        del message
        self._budget.receive(0, time.thread_time() - begun, self._clock())
        if event is not None and not await self._go_on(event):
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

    def _take_text(self, text: str) -> Event:
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
            self._metrics.rejected(str(ErrorCode.RATE))
        elif spent is Spent.FLOODING:
            self.disconnect(ErrorCode.FLOODING, FLOODING_REASON)
        return self._budget.pause(now)

    def _take_frame(self, jpeg: bytes) -> Refused | None:
        self._metrics.frame_received()
        now = self._clock()
        frame = self.session.receive_frame(jpeg, now, within_budget=self._budget.frame(now))
        if isinstance(frame, Refused):
            return frame
        self._member.frame_received()
        self._dispatcher.offer(frame)
        return None

    async def _go_on(self, event: Event) -> bool:
        """Log and count what came in; False when it ended the connection."""
        match event:
            case SettingChanged(command):
                if command is Command.SETTING_NAME:
                    self._log.named(self.name)
                    self._metrics.named(self.name)
                    self._member.named(self.name)
                value = event.value
                self._log.log(
                    self._level_of(command),
                    "%s set: %s",
                    command.name,
                    quoted(value) if isinstance(value, str) else value,
                )
            case TextReceived(text):
                self._log.info("message: %s", quoted(text))
            case HealthReceived(health, refused):
                self._metrics.told_health(health)
                self._member.health(health)
                self._log.debug("health: %s", health)
                if refused is not None:
                    return await self._go_on(refused)
            case Ignored(what):
                self._metrics.ignored()
                self._log.debug("ignored: %s", what)
            case Refused(code, message, fatal):
                if code is ErrorCode.FRAME_RATE:
                    self._metrics.frame_dropped(str(code))
                else:
                    self._metrics.rejected(str(code))
                self._log.debug("refused: %s", message)
                if fatal:
                    await self._send_away(event)
                    return False
        return True

    def _level_of(self, command: Command) -> int:
        """Return how much it matters that a setting is set.

        All are when a client connects, and of these its name is enough to know it by.
        """
        first = command not in self._set
        self._set.add(command)
        return logging.DEBUG if first and command is not Command.SETTING_NAME else logging.INFO

    async def _send_away(self, refused: Refused) -> None:
        self._log.warning("sent away: %s", refused.message)
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
        self._metrics.message_sent(len(text))
