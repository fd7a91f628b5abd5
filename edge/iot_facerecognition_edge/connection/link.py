"""The connection to the server that the settings name: made, ended and made again."""

import asyncio
import logging
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

from iot_facerecognition_client import (
    CaFile,
    Client,
    ClientCertificate,
    ClientStatistics,
    Fingerprint,
    NoVerification,
    OutboxFullError,
    Reason,
    ServerAddress,
    State,
    Status,
    SystemTrust,
    TrustError,
)
from iot_facerecognition_client.memory import ClientMemory
from iot_facerecognition_client.scene import Scene
from iot_facerecognition_edge.connection.timekeeping import Timekeeper
from iot_facerecognition_edge.errors import EdgeError
from iot_facerecognition_edge.settings import Settings, Value
from iot_facerecognition_edge.settings.session import FIELDS, asked, value_of, wanted
from iot_facerecognition_protocol import Health

_TRUST_PAUSE = 30.0
"""Seconds until a CA file that could not be read is tried again."""
_OFF = "not connected"
_NOT_SET_UP = (
    "choose a server on the screen; on a device without one: iot-facerecognition-edge pair TEXT,"
    " with the text that the server's `pair NAME` prints"
)
_log = logging.getLogger(__name__)


class Link:
    """Holds the client library's `Client` for as long as a connection is wanted.

    What is wanted of the server, what waits for it and the counts outlive each client.

    `changed` gets every new state, `event` every event of the kinds in `events`, and `failed` what
    ended the client by a fault of the program; all on the loop's thread. The address, token and
    trust are those of the settings at the time of `connect`.
    """

    def __init__(
        self,
        settings: Settings,
        timekeeper: Timekeeper,
        *,
        changed: Callable[[Status], None],
        event: Callable[[Any], None],
        events: tuple[type[Any], ...],
        failed: Callable[[BaseException], None],
        clock: Callable[[], float],
    ) -> None:
        self._settings = settings
        self._timekeeper = timekeeper
        self._changed = changed
        self._event = event
        self._events = events
        self._failed = failed
        self._clock = clock
        self._client: Client | None = None
        self._task: asyncio.Task[None] | None = None
        self._memory = ClientMemory(wanted(settings))
        self.status = self._resting()

    @property
    def server(self) -> str:
        """The server of the settings, as `host:port`."""
        settings = self._settings
        host, port = settings.connection.address, settings.connection.port
        return str(ServerAddress(host, port))

    @property
    def connected(self) -> bool:
        """Whether there is a connection."""
        return self.status.connected

    @property
    def wanted(self) -> bool:
        """Whether there is to be a connection."""
        return self._task is not None

    @property
    def set_up(self) -> bool:
        """Whether the settings tell which server is meant: in the default mode, its fingerprint."""
        mode = self._settings.connection.tls_mode
        return mode != "fingerprint" or bool(self._settings.connection.fingerprint)

    def connect(self) -> None:
        """Begin to connect with the settings as they are now, instead of any connection before.

        Without a server in the settings nothing is tried.
        """
        if not self.set_up:
            task, self._task = self._task, None
            if task is not None:
                task.cancel()
            self._show(self._resting())
            return
        self._task = asyncio.create_task(self._run(self._task), name="link")
        self._task.add_done_callback(self._ended)

    async def disconnect(self) -> None:
        """End the connection, or the attempts at one."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.wait({task})
            self._show(self._resting())

    def send(self, jpeg: bytes, captured: float, scene: Scene) -> None:
        """Offer one picture to the server; it is dropped without a connection."""
        if self._client is not None:
            self._client.send(jpeg, captured=captured, scene=scene)

    def message(self, text: str) -> None:
        """Send `text`, now or with the next connection. Raises EdgeError when too many wait."""
        try:
            if self._client is None:
                self._memory.outbox.put_text(text)
            else:
                self._client.message(text)
        except OutboxFullError as error:
            raise EdgeError(f"messages: {error}") from error

    def health(self, health: Health) -> None:
        """Report how this machine is doing."""
        if self._client is not None:
            self._client.health(health)

    def set(self, key: str, value: Value) -> None:
        """Ask the server for another value of a synchronised setting, now or when there is one."""
        change: Any = {FIELDS[key]: asked(key, value)}
        if self._client is None:
            self._memory.settings.change(**change)
        else:
            self._client.set(**change)

    def pending(self, key: str) -> bool:
        """Return whether the server has not answered for `key` on this connection yet."""
        return self._client is not None and FIELDS[key] in self._memory.settings.pending

    def held(self, key: str) -> Value | None:
        """Return the server's last word for `key`, None before its first."""
        settings = self._memory.settings
        return value_of(settings.held, key) if FIELDS[key] in settings.confirmed else None

    @property
    def silence(self) -> float | None:
        """Seconds since the server was last heard, pings included; None without a connection."""
        return None if self._client is None else self._client.silence

    def statistics(self) -> ClientStatistics:
        """Return the counts since the start, of all connections."""
        return self._memory.counters.snapshot(self._clock())

    async def _run(self, before: "asyncio.Task[None] | None") -> None:
        if before is not None:
            before.cancel()
            await asyncio.wait({before})
        client = await self._prepared()
        self._client = client
        broken: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        def status(status: Status) -> None:
            if status.reason is Reason.FAULT and not broken.done():
                broken.set_exception(RuntimeError(status.text))
            elif status.state is not State.DISCONNECTED:
                self._show(status)

        ends = [client.subscribe(Status, status)]
        ends += [client.subscribe(kind, self._event) for kind in self._events]
        try:
            client.start()
            await broken
        finally:
            for end in ends:
                end()
            await client.close()
            self._client = None

    async def _prepared(self) -> Client:
        """Return a client as soon as the trust can be used and the clock, where needed, is set."""
        while True:
            settings = self._settings
            mode = settings.connection.tls_mode
            try:
                trust = _trust(settings)
                client = Client(
                    ServerAddress(settings.connection.address, settings.connection.port),
                    trust=trust,
                    token=settings.connection.token or None,
                    certificate=_certificate(settings),
                    memory=self._memory,
                    clock=self._clock,
                    random=random.Random(),  # noqa: S311 - spreads attempts, no secret
                )
            except (TrustError, ValueError) as error:
                self._report(State.REFUSED, str(error), retry_in=_TRUST_PAUSE)
                await asyncio.sleep(_TRUST_PAUSE)
                continue
            # A pinned certificate is compared and has no date; all others have one.
            if mode in {"system", "authority"} and not self._timekeeper.is_set():
                text = "waiting for the time of day, without which no certificate can be checked"
                self._report(State.WAITING_FOR_TIME, text)
                if not await self._timekeeper.wait():
                    _log.warning("the clock was not set in time: trying with the time it shows")
            return client

    def _report(self, state: State, text: str, *, retry_in: float | None = None) -> None:
        self._show(Status(state, text, retry_in=retry_in, server=self.server))

    def _show(self, status: Status) -> None:
        self.status = status
        self._changed(status)

    def _resting(self) -> Status:
        """Return the connection when nobody wants one."""
        if self.set_up:
            return Status(State.DISCONNECTED, _OFF, server=self.server)
        return Status(State.NOT_SET_UP, _NOT_SET_UP, server=self.server)

    def _ended(self, task: "asyncio.Task[None]") -> None:
        """Let a fault of this program end it, loudly."""
        if not task.cancelled() and (error := task.exception()) is not None:
            self._failed(error)


def _trust(settings: Settings) -> CaFile | Fingerprint | SystemTrust | NoVerification:
    """Return what vouches for the server. Raises TrustError where a setting is missing."""
    match settings.connection.tls_mode:
        case "fingerprint":
            fingerprint = settings.connection.fingerprint
            if not fingerprint:
                raise TrustError(
                    "connection.fingerprint is not set; `iot-facerecognition-server cert show` "
                    "prints what to set"
                )
            return Fingerprint(fingerprint)
        case "authority":
            path = settings.connection.ca_file
            if not path:
                raise TrustError("connection.ca_file is not set; it names the PEM file to trust")
            return CaFile(Path(path))
        case "ignore":
            return NoVerification()
        case _:
            return SystemTrust()


def _certificate(settings: Settings) -> ClientCertificate | None:
    """Return what shows the server who this device is, if anything. Raises TrustError."""
    certificate = settings.connection.certificate_file
    key = settings.connection.key_file
    if bool(certificate) != bool(key):
        raise TrustError(
            "connection.certificate_file and connection.key_file belong together: set both or none"
        )
    return ClientCertificate(Path(certificate), Path(key)) if certificate else None
