"""A server over real TLS in the test's own event loop, with an engine that answers nothing."""

import asyncio
import math
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from prometheus_client import CollectorRegistry
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from iot_facerecognition_protocol import SUBPROTOCOL_V2, Limits
from iot_facerecognition_server.assembly.fleet import fleet_keeper
from iot_facerecognition_server.assembly.listeners import count_and_log, new_feed
from iot_facerecognition_server.assembly.pairing import pairing_desk
from iot_facerecognition_server.assembly.trust import authenticator, server_tls
from iot_facerecognition_server.config import load
from iot_facerecognition_server.fleet.listener import FleetListener
from iot_facerecognition_server.observability.metrics import ServerMetrics
from iot_facerecognition_server.serving.admission import Admission
from iot_facerecognition_server.serving.dispatcher import Dispatcher
from iot_facerecognition_server.serving.origins import Origins
from iot_facerecognition_server.serving.proxies import Proxies
from iot_facerecognition_server.serving.server import ConnectionLimits, RecognitionServer
from iot_facerecognition_server.sessions.budget import BudgetLimits, Budgets
from iot_facerecognition_server.sessions.connected_client import ConnectedClient
from iot_facerecognition_server.sessions.session import Session
from tests.server.sessions.fair_scheduler import fair_scheduler

from .test_dispatcher import ManualEngine

LIMITS = ConnectionLimits(
    message_bytes=1_000_000,
    message_seconds=30.0,
    unfinished_bytes=4_000_000,
    unfinished_of_identity=math.inf,
    handshake_seconds=10.0,
    handshakes=512,
    handshake_rate=0.0,
    idle_seconds=0.0,
    backlog=65_536,
)


@dataclass
class LiveServer:
    """Runs while it is entered; `settings` are environment variables without their prefix."""

    folder: Path
    limits: ConnectionLimits = LIMITS
    budget: BudgetLimits = field(default_factory=BudgetLimits)
    settings: dict[str, str] = field(default_factory=dict)
    admission: Admission = field(default_factory=lambda: Admission(1000, 1000, 1000))
    registry: CollectorRegistry = field(default_factory=CollectorRegistry)
    now: Callable[[], float] = time.monotonic
    """The clock by which pairing codes expire."""

    async def __aenter__(self) -> Self:
        environ = {"SERVER_STATEDIRECTORY": str(self.folder), "AUTH_MODE": "open", **self.settings}
        config = load(None, {f"IOT_FACERECOGNITION_{key}": value for key, value in environ.items()})
        tls = server_tls(config)
        self.fleet = fleet_keeper(config, time.monotonic)
        budgets = Budgets(self.budget)
        metrics = ServerMetrics(self.registry)
        self.feed = new_feed(metrics)
        self.log = count_and_log(self.feed, metrics, budgets, time.monotonic)
        self.server = RecognitionServer(
            name="test",
            host="127.0.0.1",
            port=0,
            context=tls.context,
            authenticator=authenticator(config, tls),
            pairing=pairing_desk(config, tls, self.now),
            origins=Origins(config.auth.origins),
            proxies=Proxies(config.connection.proxy_protocol_from),
            admission=self.admission,
            budgets=budgets,
            limits=self.limits,
            new_session=self._new_session,
            dispatcher=Dispatcher(
                ManualEngine(), fair_scheduler(4, 2, 5.0), time.monotonic, self.feed
            ),
            feed=self.feed,
            clock=time.monotonic,
        )
        FleetListener(self.fleet, self.server.acknowledge_update).listen_to(self.feed)
        self._logging = asyncio.create_task(self.log.run())
        await self.server.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.server.close(0.0)
        self._logging.cancel()
        self.log.finish()

    @property
    def port(self) -> int:
        return self.server.port

    def count(self, name: str, **labels: str) -> float:
        return self.registry.get_sample_value(f"iot_facerecognition_{name}", labels) or 0.0

    async def counted(self, name: str, least: float = 1.0, **labels: str) -> None:
        """Return when the counter has reached `least`."""
        while self.count(name, **labels) < least:  # noqa: ASYNC110 - the registry has no event
            await asyncio.sleep(0.01)

    def connect(self, **options: Any) -> connect:
        """Return what a client of version 2 enters."""
        options.setdefault("ssl", trusting())
        options.setdefault("compression", None)
        options.setdefault("subprotocols", [Subprotocol(SUBPROTOCOL_V2)])
        return connect(f"wss://127.0.0.1:{self.port}", **options)

    @staticmethod
    def _new_session(client: ConnectedClient, send: Any) -> Session:
        return Session(client, send, limits=Limits(), object_labels=10, object_interval=0.0)


def trusting() -> ssl.SSLContext:
    """Return a client's context that takes any certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
