"""The fleet's record. Plain: what happens is passed in, with its time; it does no I/O."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Final

from iot_facerecognition_protocol import Health, UpdateState
from iot_facerecognition_protocol.rates import RecentRate
from iot_facerecognition_server.fleet.edge import (
    IN_PROGRESS,
    Acknowledgement,
    Edge,
    Update,
    UpdateStage,
)
from iot_facerecognition_server.fleet.hearsay import believable
from iot_facerecognition_server.fleet.probation import Probation, ProbationTerms, expected_rate
from iot_facerecognition_server.fleet.updates import (
    FleetRequestError,
    acknowledge,
    lose,
    settle,
    take_controller_report,
    take_report,
    want,
)

MOST_EDGES: Final = 1000
"""Edges on record at most: as many as have metrics of their own."""
_RATE_SECONDS: Final = 10.0
_USUAL_SECONDS: Final = 60.0
_LEAST_USUAL_SECONDS: Final = 12.0
"""How long a connection has to stand before its rate says what the edge's usual one is."""
_FROZEN: Final = IN_PROGRESS | {UpdateStage.LOST}
"""The stages in which the usual rate is the one from before the update."""


@dataclass(frozen=True, slots=True)
class Moment:
    """Now, by two clocks: monotonic seconds, and seconds since 1970."""

    monotonic: float
    at: float


@dataclass(frozen=True, slots=True)
class FleetTerms:
    """What an update is held to; after `lost_seconds` without a word of it an edge is lost."""

    probation: ProbationTerms = field(default_factory=ProbationTerms)
    lost_seconds: float = 900.0


class EdgeConnection:
    """One connection of an edge, and how many frames come by it."""

    __slots__ = ("address", "frames", "frames_of_minute", "identity", "name", "running")

    def __init__(self, identity: str, address: str, now: float) -> None:
        self.identity = identity
        self.address = address
        self.name = ""
        self.running: str | None = None
        self.frames = RecentRate(_RATE_SECONDS, now)
        self.frames_of_minute = RecentRate(_USUAL_SECONDS, now)


class _Entry:
    """An edge with what holds only while the server runs."""

    __slots__ = ("connections", "edge", "heard", "judged", "moved", "probation")

    def __init__(self, edge: Edge, now: float) -> None:
        self.edge = edge
        self.connections: tuple[EdgeConnection, ...] = ()
        """The newest one last: only it counts."""
        self.heard = now
        """When anything came of it (monotonic seconds); at first, when the server began."""
        self.moved = now
        """When its update entered its stage."""
        self.probation: Probation | None = None
        self.judged: object = None
        """What `probation` is about."""

    @property
    def newest(self) -> EdgeConnection | None:
        connections = self.connections  # another thread may ask
        return connections[-1] if connections else None


class FleetRecord:
    """Every edge that has proved an identity, and those of which operators want something.

    All of it belongs to one thread, but for `edges` and `edge`, which may be asked on any.
    """

    def __init__(
        self,
        terms: FleetTerms,
        edges: Iterable[Edge],
        now: Moment,
        moved: Callable[[Edge, EdgeConnection | None], None] = lambda _edge, _connection: None,
    ) -> None:
        """Go on from `edges`.

        `moved` is called with an edge whose update has changed, and with its newest connection.
        """
        self._terms = terms
        self._moved = moved
        self._entries = {edge.identity: _Entry(edge, now.monotonic) for edge in edges}
        self.not_recorded = 0
        """Connections of edges for which there was no room."""
        self.changes = 0
        """Grows with every change that should outlive the server."""

    def join(self, identity: str, address: str, now: Moment) -> EdgeConnection:
        """Take up a connection that `identity` has proved; it is the newest one from now on."""
        connection = EdgeConnection(identity, address, now.monotonic)
        self._enter(connection, now)
        return connection

    def _enter(self, connection: EdgeConnection, now: Moment) -> None:
        identity = connection.identity
        entry = self._entries.get(identity) or self._added(Edge(identity), now)
        if entry is None:
            self.not_recorded += 1
            return
        entry.connections = (*entry.connections, connection)
        entry.heard = now.monotonic
        self._look_at_newest(entry)
        first = entry.edge.first_seen if entry.edge.first_seen is not None else now.at
        self._put(entry, replace(entry.edge, first_seen=first, last_seen=now.at), now)

    def rename(self, connection: EdgeConnection, name: str, now: Moment) -> None:
        """Take up what the edge calls itself."""
        connection.name = name
        entry = self._entry_of(connection)
        if entry is not None:
            self._put(entry, replace(entry.edge, name=name), now)

    def leave(self, connection: EdgeConnection, now: Moment) -> None:
        """Forget a connection; the clock of a probation on it starts again."""
        entry = self._entries.get(connection.identity)
        if entry is None or connection not in entry.connections:
            return
        entry.connections = tuple(one for one in entry.connections if one is not connection)
        entry.edge = replace(entry.edge, last_seen=now.at)
        self._look_at_newest(entry)
        self.changes += 1

    def frame_received(self, connection: EdgeConnection, now: float) -> None:
        """Count a frame that arrived at `now` (monotonic seconds)."""
        connection.frames.count(now)
        connection.frames_of_minute.count(now)
        entry = self._entry_of(connection)
        if entry is not None:
            entry.heard = now
            if entry.probation is not None:
                entry.probation.frame_received(now)

    def frame_processed(self, connection: EdgeConnection, now: float) -> None:
        """Count a frame that was worked on."""
        entry = self._entry_of(connection)
        if entry is not None and entry.probation is not None:
            entry.probation.frame_processed(now)

    def update_health(
        self, connection: EdgeConnection, health: Health, now: Moment
    ) -> Acknowledgement | None:
        """Take up what an edge says of itself; return what it has earned and not been sent yet."""
        health = believable(health)
        connection.running = health.version or connection.running
        entry = self._entry_of(connection)
        if entry is None:
            return None
        entry.heard = now.monotonic
        report = health.update
        edge = replace(
            entry.edge,
            health=health,
            reported=health.installed or health.version or entry.edge.reported,
        )
        edge = take_report(edge, report, now.at)
        busy = report is not None and report.state in {*IN_PROGRESS}
        if not busy:
            edge = settle(edge, now.at)
            edge = self._with_usual_rate(edge, connection, now.monotonic)
        self._put(entry, edge, now)
        self._judge(entry, health, now.monotonic)
        if report is None or report.state != UpdateState.PROBATION:
            return None
        asked = Acknowledgement(report.version, report.attempt)
        return asked if asked == edge.earned and health.version == asked.version else None

    def look(self, now: Moment) -> Iterator[tuple[EdgeConnection, Acknowledgement]]:
        """Find out who has passed its probation, and who is lost; wants to be asked every second.

        Yields the connections that are to be sent an acknowledgement.
        """
        for entry in self._entries.values():
            edge, newest = entry.edge, entry.newest
            if edge.stage not in IN_PROGRESS:
                continue
            if entry.probation is not None and entry.probation.check(now.monotonic):
                entry.probation = entry.judged = None
                self._put(entry, acknowledge(edge, now.at), now)
                assert newest is not None, "a probation ends with its connection"
                assert entry.edge.earned is not None, "the edge has named what is on probation"
                yield newest, entry.edge.earned
            silent = now.monotonic - max(entry.heard, entry.moved)
            if silent >= self._terms.lost_seconds and entry.edge.stage in IN_PROGRESS:
                reason = f"nothing was heard of it for {silent:.0f} s"
                self._put(entry, lose(entry.edge, now.at, reason), now)

    def want(self, identity: str, version: str, now: Moment) -> Edge:
        """Record that operators want `version` on the edge. Raises FleetRequestError."""
        return self._wished(identity, want(self._known(identity), version, now.at), now)

    def report(
        self, identity: str, stage: str, version: str | None, reason: str | None, now: Moment
    ) -> Edge:
        """Take up a controller's report. Raises FleetRequestError."""
        edge = take_controller_report(
            self._known(identity), stage, now.at, version=version, reason=reason
        )
        return self._wished(identity, edge, now)

    def forget(self, identity: str, now: Moment) -> bool:
        """Strike the edge off the record, and return whether it was on it.

        One that is connected is put on it again, as if it had been seen for the first time.
        """
        entry = self._entries.pop(identity, None)
        if entry is None:
            return False
        self.changes += 1
        for connection in entry.connections:
            self._enter(connection, now)
        return True

    def edges(self, now: Moment) -> tuple[Edge, ...]:
        """Return every edge as it is now, by identity."""
        entries = self._entries.copy()
        return tuple(_shown(entries[identity], now) for identity in sorted(entries))

    def edge(self, identity: str, now: Moment) -> Edge | None:
        """Return one edge as it is now."""
        entry = self._entries.get(identity)
        return None if entry is None else _shown(entry, now)

    def _entry_of(self, connection: EdgeConnection) -> _Entry | None:
        """Return the entry of an edge whose newest connection it is."""
        entry = self._entries.get(connection.identity)
        return entry if entry is not None and entry.newest is connection else None

    def _look_at_newest(self, entry: _Entry) -> None:
        """Go by the newest connection, on which no probation has begun."""
        entry.probation = entry.judged = None
        newest = entry.newest
        if newest is not None:
            name = newest.name or entry.edge.name
            entry.edge = replace(entry.edge, name=name, address=newest.address)

    def _with_usual_rate(self, edge: Edge, connection: EdgeConnection, now: float) -> Edge:
        minute = connection.frames_of_minute
        if edge.stage in _FROZEN or minute.covered(now) < _LEAST_USUAL_SECONDS:
            return edge
        return replace(edge, usual_rate=round(minute.rate(now), 3))

    def _judge(self, entry: _Entry, health: Health, now: float) -> None:
        """Begin a probation, go on with it, or end it, by the newest report of the edge."""
        edge = entry.edge
        if edge.stage is not UpdateStage.PROBATION or not _runs(edge, health):
            entry.probation = entry.judged = None
            return
        expected = expected_rate(health.frame_rate, edge.usual_rate)
        judged = (edge.update.version, edge.update.attempt, expected) if edge.update else None
        if entry.probation is None or entry.judged != judged:
            entry.probation = Probation(self._terms.probation, expected, now)
            entry.judged = judged

    def _known(self, identity: str) -> Edge:
        """Return the edge on record, or one of which nothing is known."""
        entry = self._entries.get(identity)
        return Edge(identity) if entry is None else entry.edge

    def _wished(self, identity: str, edge: Edge, now: Moment) -> Edge:
        """Record what operators have made of an edge, on a new entry if need be."""
        entry = self._entries.get(identity) or self._added(Edge(identity), now)
        if entry is None:
            raise FleetRequestError(
                f"{identity} cannot be recorded: there are {MOST_EDGES} edges on record already;"
                " forget some: iot-facerecognition-server fleet forget IDENTITY"
            )
        self._put(entry, edge, now)
        return edge

    def _added(self, edge: Edge, now: Moment) -> _Entry | None:
        """Put an edge on record, where there is room for it: in place of one nobody misses."""
        if len(self._entries) >= MOST_EDGES:
            gone = [
                entry.edge
                for entry in self._entries.values()
                if not entry.connections and entry.edge.desired is None
            ]
            if not gone:
                return None
            del self._entries[min(gone, key=lambda one: one.last_seen or 0.0).identity]
        entry = self._entries[edge.identity] = _Entry(edge, now.monotonic)
        self.changes += 1
        return entry

    def _put(self, entry: _Entry, edge: Edge, now: Moment) -> None:
        before, entry.edge = entry.edge, edge
        if _lasting(before) != _lasting(edge):
            self.changes += 1
        if _named(before.update) != _named(edge.update):
            entry.moved = now.monotonic
            self._moved(edge, entry.newest)


def _runs(edge: Edge, health: Health) -> bool:
    """Return whether the edge runs the version of its update, and says so of this attempt."""
    update, report = edge.update, health.update
    return (
        report is not None
        and update is not None
        and (report.version, report.attempt) == (update.version, update.attempt)
        and report.version == health.version
        and report.state in {UpdateState.PROBATION, UpdateState.GOOD}
    )


def _named(update: Update | None) -> object:
    return None if update is None else (update.stage, update.version, update.attempt)


def _lasting(edge: Edge) -> Edge:
    """Return what of an edge is worth writing down at once."""
    return replace(edge, health=None, usual_rate=None, last_seen=None)


def _shown(entry: _Entry, now: Moment) -> Edge:
    """Return an edge with what holds while it is connected."""
    edge, newest, probation = entry.edge, entry.newest, entry.probation
    update = edge.update
    if update is not None and update.reason is None and probation is not None:
        update = replace(update, reason=probation.progress(now.monotonic))
    if newest is None:
        return replace(edge, connected=False, running=None, rate=0.0, update=update)
    return replace(
        edge,
        connected=True,
        running=newest.running,
        rate=round(newest.frames.rate(now.monotonic), 2),
        last_seen=now.at - max(0.0, now.monotonic - entry.heard),
        update=update,
    )
