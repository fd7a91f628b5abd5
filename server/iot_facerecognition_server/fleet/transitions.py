"""The stages of an update and what leads from one to the next: one table, nothing else.

Three parties have a say. The *edge* reports what its updater does. The *server* itself sees an edge
stream, or go silent, and which version is wanted. A *controller* (the playbooks) reports what the
edge cannot say: that it is going to be updated, was left out, or is out of reach.

`good` is the server's own word, never the edge's: an edge that claims it is put on probation, so
that a version which only says that it works does not let a rollout go on. The one exception is an
edge of whose updates the server knows nothing, which reports one from before.
"""

from enum import Enum, auto
from typing import Final

from iot_facerecognition_server.fleet.edge import UpdateStage as Stage


class News(Enum):
    """What can be learnt of an update."""

    EDGE_INSTALLING = auto()
    EDGE_ON_PROBATION = auto()
    EDGE_GOOD = auto()
    EDGE_ROLLED_BACK = auto()
    EDGE_SKIPPED = auto()
    EDGE_KNOWS_OF_NONE = auto()
    """It reports its health, and no update."""

    WANTED = auto()
    """A version is wanted that the edge does not report."""
    MET = auto()
    """The edge reports what is wanted, so that there is nothing to do."""
    ACKNOWLEDGED = auto()
    """It has streamed at its rate for long enough."""
    SILENT = auto()
    """Nothing was heard of it for too long."""

    REPORTED_INSTALLING = auto()
    REPORTED_ROLLED_BACK = auto()
    REPORTED_SKIPPED = auto()
    REPORTED_LOST = auto()


_EDGE_BEGINS: Final = {
    News.EDGE_INSTALLING: Stage.INSTALLING,
    News.EDGE_ON_PROBATION: Stage.PROBATION,
    News.EDGE_GOOD: Stage.PROBATION,
    News.EDGE_ROLLED_BACK: Stage.ROLLED_BACK,
    News.EDGE_SKIPPED: Stage.SKIPPED,
}
"""What an edge says of an update that is not over."""
_REPORTED_NEW: Final = {
    News.REPORTED_INSTALLING: Stage.INSTALLING,
    News.REPORTED_ROLLED_BACK: Stage.ROLLED_BACK,
    News.REPORTED_SKIPPED: Stage.SKIPPED,
}
"""What a controller says, unless the edge's own word stands against it."""

TABLE: Final[dict[Stage | None, dict[News, Stage | None]]] = {
    None: {
        **_EDGE_BEGINS,
        News.EDGE_GOOD: Stage.GOOD,
        News.WANTED: Stage.PENDING,
        **_REPORTED_NEW,
        News.REPORTED_LOST: Stage.LOST,
    },
    Stage.PENDING: {
        **_EDGE_BEGINS,
        News.WANTED: Stage.PENDING,
        News.MET: None,
        **_REPORTED_NEW,
        News.REPORTED_LOST: Stage.LOST,
    },
    Stage.INSTALLING: {
        **_EDGE_BEGINS,
        News.SILENT: Stage.LOST,
        **_REPORTED_NEW,
        News.REPORTED_LOST: Stage.LOST,
    },
    Stage.PROBATION: {
        News.EDGE_ON_PROBATION: Stage.PROBATION,
        News.EDGE_GOOD: Stage.PROBATION,
        News.EDGE_ROLLED_BACK: Stage.ROLLED_BACK,
        News.ACKNOWLEDGED: Stage.GOOD,
        News.SILENT: Stage.LOST,
        News.REPORTED_INSTALLING: Stage.PROBATION,
        News.REPORTED_ROLLED_BACK: Stage.ROLLED_BACK,
        News.REPORTED_LOST: Stage.LOST,
    },
    Stage.GOOD: {
        News.EDGE_ROLLED_BACK: Stage.ROLLED_BACK,
        News.WANTED: Stage.PENDING,
        **_REPORTED_NEW,
    },
    Stage.ROLLED_BACK: {
        News.EDGE_ROLLED_BACK: Stage.ROLLED_BACK,
        News.WANTED: Stage.PENDING,
        News.MET: None,
        **_REPORTED_NEW,
    },
    Stage.SKIPPED: {
        # It was put off, and goes on by itself.
        News.EDGE_INSTALLING: Stage.INSTALLING,
        News.EDGE_ON_PROBATION: Stage.PROBATION,
        News.EDGE_SKIPPED: Stage.SKIPPED,
        News.WANTED: Stage.PENDING,
        News.MET: None,
        **_REPORTED_NEW,
    },
    Stage.LOST: {
        **_EDGE_BEGINS,
        News.EDGE_KNOWS_OF_NONE: Stage.PENDING,
        **_REPORTED_NEW,
        News.REPORTED_LOST: Stage.LOST,
    },
}
"""The stage that news lead to, by the stage before; None: no update is known.

News that a stage does not name change nothing.
"""

OVER: Final = frozenset({None, Stage.GOOD, Stage.ROLLED_BACK, Stage.SKIPPED})
"""The stages after which a controller's word, or another version that is wanted, begins again."""
