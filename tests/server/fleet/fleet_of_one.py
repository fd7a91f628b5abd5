"""A record of the fleet with a clock of its own, and an edge that streams."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, ParamSpec

from iot_facerecognition_protocol import Health, UpdateReport, UpdateState
from iot_facerecognition_server.fleet.edge import Acknowledgement, Edge
from iot_facerecognition_server.fleet.record import (
    EdgeConnection,
    FleetRecord,
    FleetTerms,
    Moment,
)

P = ParamSpec("P")

EPOCH = 1_700_000_000.0


@dataclass
class Lab:
    """A record, and who was sent an acknowledgement."""

    edges: tuple[Edge, ...] = ()
    now: float = 1000.0
    sent: list[tuple[EdgeConnection, Acknowledgement]] = field(default_factory=list)
    moves: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.record = FleetRecord(FleetTerms(), self.edges, self.moment, self._moved)

    def _moved(self, edge: Edge, _connection: EdgeConnection | None) -> None:
        self.moves.append(f"{edge.identity} {edge.stage}")

    @property
    def moment(self) -> Moment:
        return Moment(self.now, EPOCH + self.now)

    def join(self, identity: str = "kitchen") -> EdgeConnection:
        return self.record.join(identity, "192.0.2.7", self.moment)

    def edge(self, identity: str = "kitchen") -> Edge:
        found = self.record.edge(identity, self.moment)
        assert found is not None
        return found

    def health(self, connection: EdgeConnection, health: Health) -> None:
        earned = self.record.update_health(connection, health, self.moment)
        if earned is not None:
            self.sent.append((connection, earned))

    def stream(
        self,
        connection: EdgeConnection,
        seconds: int,
        rate: int = 15,
        health: Health | None = None,
    ) -> None:
        """Send `rate` frames a second, `health` every ten seconds, and look every second."""
        for second in range(seconds):
            if health is not None and second % 10 == 0:
                self.health(connection, health)
            for n in range(rate):
                at = self.now + (n + 0.5) / rate
                self.record.frame_received(connection, at)
                self.record.frame_processed(connection, at)
            self.now += 1.0
            self.look()

    def look(self) -> None:
        self.sent.extend(self.record.look(self.moment))


def running(
    version: str,
    state: str | None = None,
    *,
    attempt: str = "a1",
    to: str = "1.3.0",
    frame_rate: float = 15.0,
) -> Health:
    """Return the health of an edge that runs `version` and reports an update `to` a version."""
    update = None if state is None else UpdateReport(to, state, attempt, "1.2.0")
    return Health(version=version, installed=version, frame_rate=frame_rate, update=update)


ON_PROBATION = running("1.3.0", UpdateState.PROBATION)


def on_event_loop(test: Callable[P, Coroutine[Any, Any, None]]) -> Callable[P, None]:
    """Run a test on an event loop of its own."""

    @wraps(test)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        asyncio.run(test(*args, **kwargs))

    return run
