"""The client: stays connected to a server, sends it the newest frames and tells what it finds."""

import asyncio
import logging
import random as random_module
import time
from collections.abc import Callable
from types import TracebackType
from typing import Literal, Self, TypeVar, Unpack

from websockets.exceptions import InvalidHandshake

from iot_facerecognition_client.address import ServerAddress
from iot_facerecognition_client.backoff import Backoff
from iot_facerecognition_client.connection import (
    Connection,
    Timing,
    agreed_version,
    open_websocket,
)
from iot_facerecognition_client.conversation import Conversation
from iot_facerecognition_client.events import Event, FacesResult, ObjectsResult
from iot_facerecognition_client.failures import opening_failure
from iot_facerecognition_client.memory import ClientMemory
from iot_facerecognition_client.outbox import OutgoingFrame
from iot_facerecognition_client.scene import Scene
from iot_facerecognition_client.settings_sync import SettingChanges
from iot_facerecognition_client.statistics import ClientStatistics
from iot_facerecognition_client.status import Failure, Reason, State, Status
from iot_facerecognition_client.subscriptions import EventStream, Subscriptions
from iot_facerecognition_client.trust import ClientCertificate, NoVerification, Trust
from iot_facerecognition_protocol import Health, SessionSettings, Version

T = TypeVar("T")

_log = logging.getLogger(__name__)


class Client:
    """A client of one server, for asyncio. Every method belongs to the loop's thread.

    It connects in the background and, whatever happens to the network or the server, keeps trying
    until it is closed. `status` says where it stands.

        async with Client("camera-server:50000", trust=Fingerprint("sha256:…"), token=…) as client:
            client.send(jpeg)
            async for result in client.results():
                …
    """

    def __init__(
        self,
        server: ServerAddress | str,
        *,
        trust: Trust,
        token: str | None = None,
        certificate: ClientCertificate | None = None,
        settings: SessionSettings | None = None,
        memory: ClientMemory | None = None,
        window: int | Literal["auto"] = "auto",
        timing: Timing | None = None,
        clock: Callable[[], float] = time.monotonic,
        random: random_module.Random | None = None,
    ) -> None:
        """Prepare a client; nothing happens before `start`.

        `window` is the number of frames that may be under way at once, at most `MOST_WINDOW`;
        `"auto"` takes the one that the server announces. `memory` is what an earlier client left,
        its settings included: then there are no other `settings`. Raises TrustError when `trust` or
        `certificate` cannot be used, ValueError for what is no address, token or window.
        """
        if token is not None and not (token.isascii() and token.isprintable()):
            raise ValueError("a token is one line of ASCII: was the file read whole?")
        if window != "auto" and window < 1:
            raise ValueError(f"a window holds at least one frame, not {window}")
        self.server = ServerAddress.parse(server) if isinstance(server, str) else server
        self._trust = trust
        self._context = trust.context()
        if certificate is not None:
            certificate.load_into(self._context)
        self._token = token
        self._window = None if window == "auto" else window
        self._timing = timing or Timing()
        self._clock = clock
        self._backoff = Backoff(random or random_module.Random())  # noqa: S311 - no secret
        if memory is not None and settings is not None:
            raise ValueError("settings and memory are two answers to one question: give one")
        memory = memory or ClientMemory(settings)
        self._settings = memory.settings
        self._outbox = memory.outbox
        self._statistics = memory.counters
        self._subscriptions = Subscriptions()
        self._status = Status(State.DISCONNECTED, "not started", server=str(self.server))
        self._connection: Connection | None = None
        self._conversation: Conversation | None = None
        self._task: asyncio.Task[None] | None = None
        self._try_now = asyncio.Event()

    def start(self) -> None:
        """Begin to connect, in the background. Raises RuntimeError when begun already."""
        if self._task is not None:
            raise RuntimeError("the client is started already")
        self._task = asyncio.create_task(self._run(), name=f"client of {self.server}")
        self._task.add_done_callback(self._ended)

    async def close(self) -> None:
        """End the connection and every iteration. A closed client may be started again."""
        task = self._task
        if task is None:
            return
        task.cancel()
        await asyncio.wait({task})

    async def __aenter__(self) -> Self:
        self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    def send(
        self,
        jpeg: bytes,
        *,
        captured: float | None = None,
        mark: int | None = None,
        scene: Scene | None = None,
    ) -> None:
        """Offer one JPEG and return at once; it goes out when credit and transport allow.

        Only the newest waits: an older one is dropped and counted, as is one without connection.
        `captured` is the monotonic second it was taken (by default now); the results repeat it and
        `mark`, the program's own number for the frame, and `scene`, what it shows.
        """
        self._statistics.offered += 1
        if self._connection is None:
            self._statistics.disconnected += 1
            return
        frame = OutgoingFrame(jpeg, self._clock() if captured is None else captured, mark, scene)
        if self._outbox.put_frame(frame):
            self._statistics.replaced += 1
        self._connection.wake()

    def set(self, **changes: Unpack[SettingChanges]) -> None:
        """Change settings: sent now, or with the next connection. `settings` tells what holds.

        Raises TypeError for an unknown one or a value of another type.
        """
        self._settings.change(**changes)
        self._wake()

    def message(self, text: str) -> None:
        """Send a text to the operators; without a connection it waits for one.

        The event `TextSent` tells when it has arrived. Raises OutboxFullError when too many wait.
        """
        self._outbox.put_text(text)
        self._wake()

    def health(self, health: Health) -> None:
        """Report how this machine is doing; the newest report waits for a version 2 connection."""
        self._outbox.put_health(health)
        self._wake()

    def retry(self) -> None:
        """Try to connect now instead of after the back-off's delay."""
        self._try_now.set()

    @property
    def settings(self) -> SessionSettings:
        """The settings that hold, by the server's word."""
        return self._settings.held

    @property
    def wanted(self) -> SessionSettings:
        """The settings that were asked for."""
        return self._settings.wanted

    @property
    def pending(self) -> frozenset[str]:
        """Names of settings that were asked for and not answered yet."""
        return self._settings.pending

    @property
    def status(self) -> Status:
        """Where the client stands."""
        return self._status

    @property
    def version(self) -> Version | None:
        """The protocol version of the present connection, None without one."""
        return self._status.version

    @property
    def unanswered(self) -> int:
        """Frames that wait or are under way; over version 1 only whether one waits."""
        return 0 if self._conversation is None else self._conversation.unanswered

    @property
    def silence(self) -> float | None:
        """Seconds since the server was last heard, pings included; None without a connection.

        On a live connection it stays below `ping_interval` and `ping_timeout` together.
        """
        return None if self._connection is None else self._connection.silence

    def statistics(self) -> ClientStatistics:
        """Return the counts as they stand now."""
        return self._statistics.snapshot(self._clock())

    def subscribe(self, kind: type[T], callback: Callable[[T], None]) -> Callable[[], None]:
        """Call `callback` with every event of `kind` (see `events`); return what ends that."""
        return self._subscriptions.subscribe(kind, callback)

    def events(self, *kinds: type[T], limit: int = 64) -> EventStream[T]:
        """Return an iterator over events of `kinds` from now on, of which `limit` may wait."""
        return self._subscriptions.stream(kinds, limit)

    def results(self, limit: int = 64) -> EventStream[FacesResult | ObjectsResult]:
        """Return an iterator over the results from now on, of which `limit` may wait."""
        return self._subscriptions.stream((FacesResult, ObjectsResult), limit)

    def statuses(self, limit: int = 64) -> EventStream[Status]:
        """Return an iterator over changes of `status` from now on."""
        return self._subscriptions.stream((Status,), limit)

    async def connected(self, timeout: float | None = None) -> None:  # noqa: ASYNC109 - a bound
        """Wait until there is a connection. Raises TimeoutError."""
        if self._status.connected:
            return
        statuses = self.statuses()
        try:
            async with asyncio.timeout(timeout):
                async for status in statuses:
                    if status.connected:
                        return
        finally:
            statuses.close()
        raise TimeoutError("the client was closed")

    def _wake(self) -> None:
        if self._connection is not None:
            self._connection.wake()

    def _publish(self, event: Event) -> None:
        if isinstance(event, Status):
            self._status = event
            # Each attempt's end is news; its beginning, every few seconds, is not.
            quiet = event.state is State.CONNECTING and event.attempt > 1
            _log.log(logging.DEBUG if quiet else logging.INFO, "%s", event.text)
        self._subscriptions.publish(event)

    def _now(
        self,
        state: State,
        text: str,
        reason: Reason | None = None,
        *,
        retry_in: float | None = None,
        attempt: int = 0,
        version: Version | None = None,
        presented: str | None = None,
    ) -> Status:
        """Return a status of this client's server."""
        return Status(state, text, reason, retry_in, attempt, version, presented, str(self.server))

    async def _run(self) -> None:
        """Connect, work and wait, until cancelled."""
        while True:
            attempt = self._backoff.attempts + 1
            text = f"connecting to {self.server}"
            self._publish(self._now(State.CONNECTING, text, attempt=attempt))
            failure = await self._attempt()
            state = State.REFUSED if failure.refused else State.RETRYING
            delay = self._delay_after(failure)
            self._try_now.clear()
            self._publish(
                self._now(
                    state,
                    failure.text,
                    failure.reason,
                    retry_in=delay,
                    attempt=attempt,
                    presented=failure.presented,
                )
            )
            try:
                async with asyncio.timeout(delay):
                    await self._try_now.wait()
            except TimeoutError:
                continue

    def _delay_after(self, failure: Failure) -> float:
        """Return the seconds until the next attempt."""
        if failure.refused:
            return self._backoff.refused_delay()
        if failure.reason is Reason.BUSY:
            return self._backoff.busy_delay()
        if failure.drain is not None:
            self._backoff.drained(failure.drain)
        return self._backoff.next_delay()

    async def _attempt(self) -> Failure:
        """Make one connection, work until it ends and return why it did."""
        try:
            websocket = await open_websocket(self.server, self._context, self._token, self._timing)
        except (OSError, EOFError, InvalidHandshake, ValueError) as error:
            return opening_failure(error, self.server, with_token=self._token is not None)
        if isinstance(self._trust, NoVerification):
            _log.warning(
                "the certificate of %s is NOT verified: whoever answers there gets the token and "
                "every picture. Pin its fingerprint or give a CA file",
                self.server,
            )
        version = agreed_version(websocket)
        conversation = Conversation(
            version,
            self._settings,
            self._outbox,
            self._statistics,
            window=self._window,
            credit_timeout=self._timing.credit_timeout,
        )
        connection = Connection(
            websocket,
            conversation,
            server=self.server,
            timing=self._timing,
            clock=self._clock,
            publish=self._publish,
        )
        began = self._clock()
        self._backoff.connected()
        self._connection, self._conversation = connection, conversation
        self._statistics.connections += 1
        try:
            text = f"connected to {self.server}"
            if version is Version.V1:
                text += ", which speaks version 1: results name no frame"
            self._publish(
                self._now(
                    State.CONNECTED, text, attempt=self._backoff.attempts + 1, version=version
                )
            )
            return await connection.run()
        finally:
            self._connection = self._conversation = None
            conversation.end()
            if self._clock() - began >= self._timing.stable_after:
                self._backoff.reset()

    def _ended(self, task: asyncio.Task[None]) -> None:
        """Say how the background task ended: closed, or by a fault of this program."""
        self._task = None
        error = None if task.cancelled() else task.exception()
        if error is None:
            self._publish(self._now(State.DISCONNECTED, "closed"))
        else:
            _log.critical("the client ended by a fault of its own", exc_info=error)
            text = f"the client ended by a fault of its own: {error!r}"
            self._publish(self._now(State.DISCONNECTED, text, Reason.FAULT))
        self._subscriptions.end(error)
