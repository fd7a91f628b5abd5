"""Runs the fleet's record: feeds it what connections do, answers what is asked, saves it."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Final, Protocol

from iot_facerecognition_protocol import Health, clean_text
from iot_facerecognition_server.fleet.edge import Edge, UpdateStage
from iot_facerecognition_server.fleet.hearsay import WORD_LENGTH
from iot_facerecognition_server.fleet.record import EdgeConnection, FleetRecord, FleetTerms, Moment
from iot_facerecognition_server.fleet.store import FleetStore
from iot_facerecognition_server.fleet.updates import FleetRequestError
from iot_facerecognition_server.logs import quoted
from iot_facerecognition_server.supervision import TaskFailedError

_log = logging.getLogger(__name__)

LOOK_SECONDS: Final = 1.0
"""How often it is looked who has passed its probation, and who is lost."""
SAVE_SECONDS: Final = 5.0
"""Least time between two saves, however much happens."""
REFRESH_SECONDS: Final = 300.0
"""How old the times and health of the saved record may become."""
_BAD: Final = frozenset({UpdateStage.ROLLED_BACK, UpdateStage.LOST})


class Log(Protocol):
    """Writes a line as `logging.Logger.log` does."""

    def __call__(self, level: int, msg: str, /, *args: object) -> None:
        """Write `msg % args` at `level`."""


class Member:
    """A connection of an edge, for whoever serves it; on the event loop's thread only."""

    def __init__(
        self,
        keeper: "FleetKeeper",
        connection: EdgeConnection,
        acknowledge: Callable[[str, str], None],
        log: Log,
    ) -> None:
        self._keeper = keeper
        self._connection = connection
        self.acknowledge = acknowledge
        self.log = log

    def named(self, name: str) -> None:
        """Take up the name that the edge gives itself."""
        self._keeper.record.rename(self._connection, name, self._keeper.now())

    def health(self, health: Health) -> None:
        """Take up what the edge says of itself, and acknowledge an update that has earned it."""
        earned = self._keeper.record.update_health(self._connection, health, self._keeper.now())
        if earned is not None:
            self.acknowledge(earned.version, earned.attempt)

    def frame_received(self) -> None:
        """Count a frame that arrived."""
        self._keeper.record.frame_received(self._connection, self._keeper.clock())

    def frame_processed(self) -> None:
        """Count a frame that was worked on."""
        self._keeper.record.frame_processed(self._connection, self._keeper.clock())

    def leave(self) -> None:
        """End it."""
        self._keeper.leave(self._connection)


class FleetKeeper:
    """The fleet of a running server.

    Everything belongs to the event loop's thread, but for `load`, which comes before, and for
    `edges`, `edge` and `not_recorded`, which may be asked on any. Only `run_saving` and `save`
    reach the disk, and by a thread.
    """

    def __init__(
        self,
        store: FleetStore,
        terms: FleetTerms,
        clock: Callable[[], float],
        wall_clock: Callable[[], float],
    ) -> None:
        """`clock` is monotonic, `wall_clock` counts from 1970, both in seconds."""
        self.clock = clock
        self._wall_clock = wall_clock
        self._store = store
        self._terms = terms
        self._members: dict[EdgeConnection, Member] = {}
        self._saving = asyncio.Lock()
        self._saved = 0
        self.record = FleetRecord(terms, (), self.now(), self._moved)

    def load(self) -> None:
        """Go on from the saved record, before anybody has joined; reads the disk."""
        self.record = FleetRecord(self._terms, self._store.load(), self.now(), self._moved)

    def now(self) -> Moment:
        """Return the time by both clocks."""
        return Moment(self.clock(), self._wall_clock())

    def join(
        self, identity: str, address: str, acknowledge: Callable[[str, str], None], log: Log
    ) -> Member:
        """Take up a connection that `identity` has proved.

        `acknowledge` sends it the version and the attempt of an update; `log` writes a line of it.
        """
        connection = self.record.join(identity, address, self.now())
        member = self._members[connection] = Member(self, connection, acknowledge, log)
        return member

    def leave(self, connection: EdgeConnection) -> None:
        """End a connection."""
        del self._members[connection]
        self.record.leave(connection, self.now())

    @property
    def not_recorded(self) -> int:
        """Connections of edges for which the record had no room."""
        return self.record.not_recorded

    def edges(self) -> tuple[Edge, ...]:
        """Return every edge as it is now, by identity."""
        return self.record.edges(self.now())

    def edge(self, identity: str) -> Edge | None:
        """Return one edge as it is now, None for one that is not on record."""
        return self.record.edge(identity, self.now())

    async def want(self, version: str, identities: Sequence[str]) -> tuple[Edge, ...]:
        """Record which version operators want. Raises FleetRequestError, and OSError unsaved."""
        for identity in identities:
            _check_identity(identity)
        edges = tuple(self.record.want(one, version, self.now()) for one in identities)
        await self.save()
        return edges

    async def report(
        self, identity: str, stage: str, version: str | None, reason: str | None
    ) -> Edge:
        """Take up a controller's report. Raises FleetRequestError, and OSError unsaved."""
        _check_identity(identity)
        edge = self.record.report(identity, stage, version, reason, self.now())
        await self.save()
        return edge

    async def forget(self, identity: str) -> None:
        """Strike an edge off the record. Raises FleetRequestError, and OSError unsaved."""
        if not self.record.forget(identity, self.now()):
            raise FleetRequestError(not_on_record(identity))
        await self.save()

    async def run(self) -> None:
        """Look after updates until cancelled."""
        while True:
            for connection, earned in self.record.look(self.now()):
                self._members[connection].acknowledge(earned.version, earned.attempt)
            await asyncio.sleep(LOOK_SECONDS)

    async def run_saving(self) -> None:
        """Save what changes until cancelled. Raises TaskFailedError where that cannot be."""
        refreshed = self.clock()
        while True:
            await asyncio.sleep(SAVE_SECONDS)
            refresh = self.clock() - refreshed >= REFRESH_SECONDS
            if refresh:
                refreshed = self.clock()
            try:
                await self.save(even_unchanged=refresh)
            except OSError as error:
                raise TaskFailedError(
                    f"the record of the fleet cannot be saved ({error.strerror or error}); make"
                    " room, or let the server write to its state directory"
                ) from error

    async def save(self, *, even_unchanged: bool = False) -> None:
        """Save the record, unless nothing has changed. Raises OSError."""
        async with self._saving:
            changes = self.record.changes
            if changes == self._saved and not even_unchanged:
                return
            await asyncio.to_thread(lambda: self._store.save(self.edges()))
            self._saved = changes

    async def close(self) -> None:
        """Save the record as the server ends."""
        try:
            await self.save(even_unchanged=bool(self.edges()))
        except OSError as error:
            _log.error("the record of the fleet could not be saved: %s", error)

    def _moved(self, edge: Edge, connection: EdgeConnection | None) -> None:
        """Log how an update goes on, within the budget of whose it is."""
        update = edge.update
        text, level = "the update that was pending is not needed", logging.INFO
        words: tuple[str, ...] = ()
        if update is not None:
            text = "update to %s: %s%s"
            why = f" ({update.reason})" if update.reason else ""
            words = (update.version or "another version", str(update.stage), why)
            level = logging.WARNING if update.stage in _BAD else logging.INFO
        member = None if connection is None else self._members.get(connection)
        if member is not None:
            member.log(level, text, *words)
        else:
            _log.log(level, f"%s: {text}", quoted(edge.identity), *words)


def not_on_record(identity: str) -> str:
    """Return what to say of an edge that nobody knows."""
    return (
        f"no edge {identity} is on record; list those that are:"
        " iot-facerecognition-server fleet list"
    )


def _check_identity(identity: str) -> None:
    if not identity or clean_text(identity, WORD_LENGTH) != identity:
        raise FleetRequestError(
            f"{identity!r} is no identity: it has 1 to {WORD_LENGTH} characters, none of them"
            " invisible"
        )
