"""What the fleet's record holds of one edge."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from iot_facerecognition_protocol import Health


class UpdateStage(StrEnum):
    """How far an edge's software update is, as the server sees it."""

    PENDING = "pending"
    """Another version is wanted than the one reported, and nothing has begun."""
    INSTALLING = "installing"
    PROBATION = "probation"
    """The new version runs, and has not streamed at its rate for long enough yet."""
    GOOD = "good"
    """This server has seen the new version stream, and has acknowledged it."""
    ROLLED_BACK = "rolled-back"
    SKIPPED = "skipped"
    """Nothing was changed; the reason says why."""
    LOST = "lost"
    """The edge went silent while it was installing or on probation."""


IN_PROGRESS: Final = frozenset({UpdateStage.INSTALLING, UpdateStage.PROBATION})
"""The stages in which an edge that goes silent is lost."""


@dataclass(frozen=True, slots=True)
class Update:
    """An edge's newest software update.

    `since` is when it entered its stage, in seconds since 1970. `attempt` is the edge's own name
    for it, None until the edge has named it.
    """

    stage: UpdateStage
    since: float
    version: str | None = None
    from_version: str | None = None
    reason: str | None = None
    attempt: str | None = None


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """What an edge on probation has earned; fields as in the protocol's `UpdateAcknowledged`."""

    version: str
    attempt: str


@dataclass(frozen=True, slots=True)
class Edge:
    """One edge, known by the identity that it has proved.

    `name` is what it calls itself. Times are seconds since 1970, None for an edge that was never
    connected. `desired` is the version that operators want, `reported` the one on its disk and
    `running` the one that its connection was opened by, None without a connection. `rate` are the
    frames a second that arrive now.
    """

    identity: str
    name: str = ""
    address: str = ""
    first_seen: float | None = None
    last_seen: float | None = None
    connected: bool = False
    desired: str | None = None
    reported: str | None = None
    running: str | None = None
    rate: float = 0.0
    health: Health | None = None
    update: Update | None = None
    usual_rate: float | None = None
    """Frames a second of its last minute without an update in progress; None: not known."""
    ended_attempt: str | None = None
    """The attempt before the present update: what the edge goes on saying of it is old news."""
    earned: Acknowledgement | None = None
    """The last acknowledgement, for as long as the edge asks for it."""

    @property
    def stage(self) -> UpdateStage | None:
        """How far its newest update is; None where there never was one."""
        return None if self.update is None else self.update.stage
