"""What the Fleet dashboard asks about edges: their states, and which of them are worst."""

from typing import Final

from monitoring.dashboards.panels import HERE, PREFIX, Band, Query, Word

ALL: Final = "{" + HERE + "}"
"""Every edge of the chosen servers."""
KEY: Final = "instance, identity, client"
"""The labels that tell edges apart."""
WORST: Final = 10
"""Edges that a chart shows one by one."""
OTHERS: Final = Band("others: lowest", "others: highest")
"""What it shows of all the others."""
SLOW: Final = 0.8
"""Part of the frame rate that an edge is set to, below which it is slow; as the alerts have it."""

KNOWN_AFTER: Final = 120
"""Seconds after which the rates of the rules cover only the present connection."""

OFFLINE, BLIND, LATE, WELL, PAUSED = range(5)
STATES: Final = {
    OFFLINE: Word("offline", "red"),
    BLIND: Word("no camera", "purple"),
    LATE: Word("slow", "orange"),
    WELL: Word("online", "green"),
    PAUSED: Word("paused", "blue"),
}
"""The states of an edge, the worst first, and the one that somebody wants last."""


def of_edges(name: str, at: str = "") -> str:
    """Return each edge's value of a metric."""
    return f"max by ({KEY}) ({PREFIX}{name}{ALL}{at})"


def ruled(name: str, at: str = "") -> str:
    """Return each edge's value of one of the rules for clients."""
    return f"max by ({KEY}) (client:{PREFIX}{name}{ALL}{at})"


CONNECTED: Final = ruled("client:connected")
"""1 for an edge that is connected, 0 for one that was within the last day."""


def _camera(doing: str, at: str = "") -> str:
    """Return the edges that say that their camera is doing that."""
    return f'max by ({KEY}) ({PREFIX}edge_camera_state{{{HERE}, state="{doing}"}}{at}) == 1'


def attained(at: str = "") -> str:
    """Return the part of its frame rate that each edge attains.

    Frames in which there was nothing to find by the edge's own settings count as processed. Of an
    edge that does not tell the rate that it is set to, it is the part of the frames it sent. Left
    out are edges that are paused, and new connections: their rate is not known yet.
    """
    done = ruled("frames_processed:rate2m", at)
    unwanted = ruled("frames_not_wanted:rate2m", at)
    setting = ruled("frame_rate:setting", at)
    sent = ruled("frames_received:rate2m", at)
    connected = f"{PREFIX}client_connected_timestamp_seconds{ALL}{at}"
    age = f"max by ({KEY}) (timestamp({connected}) - {connected})"
    return (
        f"(({done} + {unwanted} or {done}) / (({setting} or {sent}) > 0)"
        f" unless on ({KEY}) {_camera('off', at)} and on ({KEY}) {age} > {KNOWN_AFTER})"
    )


def state() -> str:
    """Return each edge's state, a number of `STATES`."""
    blind = f"{_camera('failed')} or {ruled('edge_camera:dead')} == 1"
    return (
        f"(({CONNECTED} == 0)"
        f" or {PAUSED} + 0 * ({_camera('off')})"
        f" or {BLIND} + 0 * ({blind})"
        f" or {LATE} + 0 * ({attained()} < {SLOW})"
        f" or {WELL} * {CONNECTED})"
    )


def rank() -> str:
    """Return a number that is lower the worse an edge is: its state, then what it attains."""
    return f"({state()} + on ({KEY}) clamp_max({attained()}, 0.99) or {state()})"


def firing() -> str:
    """Return how many alerts fire for each edge, those for its whole identity among them."""
    none = f"0 * max by (identity, client) ({CONNECTED})"
    firing = 'alertstate="firing", identity!=""'
    own = f'count by (identity, client) (ALERTS{{{HERE}, {firing}, client!=""}})'
    shared = f'count by (identity) (ALERTS{{{HERE}, {firing}, client=""}})'
    return f"({own} or {none}) + ({none} + on (identity) group_left () {shared} or {none})"


def worst(values: str, score: str, *, lowest: bool = False) -> tuple[Query, ...]:
    """Return the values of the worst edges, each with its name, and the range of all others.

    Both expressions have the labels of `KEY`. The score is asked for as at the end of the shown
    time, so that every edge of a chart is in it from its beginning to its end.
    """
    picked = f"{'bottomk' if lowest else 'topk'}({WORST}, {score})"
    others = f"({values}) unless on ({KEY}) {picked}"
    return (
        Query(f"({values}) and on ({KEY}) {picked}", "{{client}} ({{identity}})"),
        Query(f"min({others})", OTHERS.lowest),
        Query(f"max({others})", OTHERS.highest),
    )
