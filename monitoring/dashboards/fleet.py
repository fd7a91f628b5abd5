"""The Fleet dashboard: all edges at a glance, and one of them in full."""

from typing import Final

from grafana_foundation_sdk.builders import dashboard, stat, table

from monitoring.dashboards import edges, fleet_charts
from monitoring.dashboards.boards import board, one, several
from monitoring.dashboards.edges import ALL, STATES, of_edges
from monitoring.dashboards.panels import (
    HERE,
    PREFIX,
    TALL,
    Query,
    Steps,
    Word,
    culprit,
    mapping,
    number,
)
from monitoring.dashboards.tables import BACKGROUND, GAUGE, Column, Key, rows

UID: Final = "iot-facerecognition-fleet"
_LATENCY_STEPS: Final[Steps] = ((None, "green"), (0.5, "orange"), (1, "red"))
_HEAT_STEPS: Final[Steps] = ((None, "green"), (70, "orange"), (80, "red"))
_SIGNAL_STEPS: Final[Steps] = ((None, "red"), (-75, "orange"), (-67, "green"))
_ATTAINED_STEPS: Final[Steps] = ((None, "red"), (0.5, "orange"), (edges.SLOW, "green"))
_NAME_WIDTH: Final = 130
_ANY_STEPS: Final[Steps] = ((None, "green"), (1, "red"))
_UPDATES: Final = {
    "lost": Word("lost", "dark-red"),
    "rolled-back": Word("rolled back", "red"),
    "skipped": Word("skipped", "yellow"),
    "probation": Word("probation", "orange"),
    "installing": Word("installing", "purple"),
    "pending": Word("pending", "blue"),
    "good": Word("good", "green"),
}
"""The states of an update, the worst first."""


def fleet() -> dashboard.Dashboard:
    """Return the dashboard."""
    clients = f"label_values({PREFIX}client_info{ALL}, client)"
    named_so = "{" + HERE + ', client="$client"}'
    identities = f"label_values({PREFIX}client_info{named_so}, identity)"
    made = board("Fleet", UID, "Edges: state, frame rate, latency, health, versions.")
    made = made.with_variable(one("client", "Edge", clients))
    made = made.with_variable(several("identity", "Identity", identities))
    for figure in _figures():
        made = made.with_panel(figure)
    made = made.with_panel(_edges()).with_panel(_updates())
    made = made.with_row(dashboard.Row("The worst edges, and all others"))
    for chart in fleet_charts.worst_edges():
        made = made.with_panel(chart)
    made = made.with_row(dashboard.Row("Edge: $client"))
    for chart in fleet_charts.one_edge():
        made = made.with_panel(chart)
    return made


def _figures() -> list[stat.Panel]:
    name = "{{client}}"
    return [
        number(
            "Connected",
            "Clients that are connected.",
            "none",
            Query(f"sum({{m}}clients{ALL})"),
            span=3,
        ).height(TALL),
        number(
            "Offline",
            "Edges that were connected within the last day and are not now.",
            "none",
            Query(f"count({edges.state()} == {edges.OFFLINE}) or vector(0)"),
            _ANY_STEPS,
            span=3,
        ).height(TALL),
        number(
            "Not well",
            "Connected edges whose camera gives no frames or that are below"
            f" {edges.SLOW:.0%} of their frame rate.",
            "none",
            Query(f"count({edges.state()} > {edges.OFFLINE} < {edges.WELL}) or vector(0)"),
            ((None, "green"), (1, "orange")),
            span=3,
        ).height(TALL),
        number(
            "Frame rate",
            "Frames of all edges that the servers process, a second.",
            "fps",
            Query(f"sum(instance:iot_facerecognition_frames_processed:rate1m{ALL})"),
            span=3,
        ).height(TALL),
        culprit(
            "Worst edge",
            "By its state, then by the part of its frame rate that it attains.",
            "none",
            Query(f"floor(bottomk(1, {edges.rank()}))", name),
            span=4,
        ).mappings([mapping(STATES)]),
        culprit(
            "Highest latency",
            "From a frame's arrival to its faces in the socket: p95 of the slowest edge.",
            "s",
            Query(f"topk(1, {edges.ruled('latency_seconds:p95_5m')})", name),
            _LATENCY_STEPS,
        ),
        culprit(
            "Hottest",
            "Temperature of the hottest edge.",
            "celsius",
            Query(f"topk(1, {of_edges('edge_cpu_temperature_celsius')})", name),
            _HEAT_STEPS,
        ),
    ]


def _edges() -> table.Panel:
    links = {
        key: f"/d/{UID}?var-{key}=${{__value.raw}}&${{datasource:queryparam}}"
        "&${instance:queryparam}&${__url_time_range}"
        for key in ("client", "identity")
    }
    return rows(
        "Edges",
        "One row for each edge, the worst first: by state, then by frame rate. Edge is the name"
        " that it chose, Identity who authenticated (token, certificate or address). Click one to"
        " see it alone below.",
        Column(
            "State",
            Query(f"max by (identity, client) ({edges.state()})"),
            words=STATES,
            cell=BACKGROUND,
            width=90,
            centred=True,
        ),
        [
            Key("client", "Edge", links["client"], _NAME_WIDTH),
            Key("identity", "Identity", links["identity"], _NAME_WIDTH),
        ],
        [*_rate_columns(), *_health_columns()],
        worst_first=("State", "Frame rate"),
    )


def _updates() -> table.Panel:
    link = (
        f"/d/{UID}?var-identity=${{__value.raw}}&${{datasource:queryparam}}&${{__url_time_range}}"
    )
    return rows(
        "Versions and updates",
        "One row for each edge on record, connected or not, the worst first by the state of its"
        " newest update (empty: none so far). Desired is what operators want, Reported what is on"
        " its disk, Running what it is connected with.",
        Column(
            "Update",
            Query(" or ".join(_in_state(state, rank) for rank, state in enumerate(_UPDATES))),
            words=dict(enumerate(_UPDATES.values())),
            cell=BACKGROUND,
            width=120,
            centred=True,
        ),
        [Key("identity", "Identity", link, _NAME_WIDTH)],
        [
            Column(
                label.capitalize(),
                Query(f"max by (identity, {label}) ({{m}}fleet_version_info{ALL})"),
                label=label,
            )
            for label in ("desired", "reported", "running")
        ],
        worst_first=("Update", "Identity"),
    )


def _in_state(state: str, rank: int) -> str:
    return f'max by (identity) ({{m}}fleet_update_state{{{HERE}, state="{state}"}} == 1) * {rank}'


def _newest(name: str) -> Query:
    return Query(f"max by (identity, client) ({{m}}{name}{ALL})")


def _rate_columns() -> list[Column]:
    return [
        Column(
            "Alerts",
            Query(edges.firing()),
            steps=_ANY_STEPS,
            width=80,
        ),
        Column("Frame rate", _newest("client_frame_rate"), "fps", width=120),
        Column("Set to", _newest("edge_frame_rate_setting"), "fps", width=75),
        Column(
            "Attained",
            Query(f"max by (identity, client) ({edges.attained()})"),
            "percentunit",
            _ATTAINED_STEPS,
            cell=GAUGE,
            limits=(0, 1),
            width=120,
        ),
        Column("Camera", _newest("edge_capture_rate"), "fps", width=85),
        Column(
            "Latency p95",
            Query(f"max by (identity, client) ({edges.ruled('latency_seconds:p95_5m')})"),
            "s",
            _LATENCY_STEPS,
            width=125,
        ),
    ]


def _health_columns() -> list[Column]:
    return [
        Column(
            "Temperature",
            _newest("edge_cpu_temperature_celsius"),
            "celsius",
            _HEAT_STEPS,
            width=120,
        ),
        Column(
            "Throttled",
            _newest("edge_throttling"),
            words={0: Word("no", "green"), 1: Word("yes", "red")},
            width=105,
        ),
        Column("Wi-Fi", _newest("edge_wifi_signal_dbm"), "dBm", _SIGNAL_STEPS, width=80),
        Column("Free RAM", _newest("edge_memory_free_bytes"), "bytes", width=100),
        Column("Up for", _newest("edge_uptime_seconds"), "dtdurations", width=80),
        Column(
            "Software",
            Query(f"max by (identity, client, version) ({{m}}client_info{ALL})"),
            label="version",
            width=95,
        ),
    ]
