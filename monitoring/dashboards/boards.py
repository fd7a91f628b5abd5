"""What both dashboards have around their panels: choices on top, links, annotations."""

from dataclasses import dataclass
from typing import Any, Final

from grafana_foundation_sdk.builders import dashboard
from grafana_foundation_sdk.models.dashboard import (
    DashboardLinkType,
    VariableHide,
    VariableRefresh,
    VariableSort,
)

from monitoring.dashboards.panels import PREFIX, SOURCE, Query

_JOB: Final = '{{here}, job="iot-facerecognition"}'
_STARTED: Final = f"process_start_time_seconds{_JOB} * 1000"
"""When each server's process was started, in milliseconds since 1970."""
_EARLIER: Final = "last_over_time({m}build_info{{here}}[1d] offset 2m)"


@dataclass(frozen=True, slots=True)
class Annotation:
    """Marks over all charts of a dashboard.

    The query's values are above 0 as long as a mark lasts or, where `value_is_time`, when it is, in
    milliseconds since 1970. Titles and texts name labels as legends do.
    """

    name: str
    query: Query
    colour: str
    title: str
    text: str
    value_is_time: bool = False

    def document(self) -> dict[str, Any]:
        """Return what Grafana's Prometheus data source takes.

        The builder only knows annotations of Grafana's own store.
        """
        return {
            "name": self.name,
            "datasource": SOURCE.to_json(),
            "enable": True,
            "hide": False,
            "iconColor": self.colour,
            "target": {"expr": self.query.expression, "refId": "Anno", "interval": "15s"},
            "titleFormat": self.title,
            "textFormat": self.text,
            "useValueForTime": self.value_is_time,
        }


_FIRING: Final = (
    'ALERTS{{here}, alertstate="firing", alertname=~"IotFaceRecognition.+",'
    ' alertname!~"IotFaceRecognition(Watchdog|Prometheus.*|Alertmanager.*)"'
)
"""This project's alerts on servers and edges: those on the monitoring itself are left out."""

RESTARTS: Final = Annotation(
    "Restarts", Query(_STARTED), "blue", "Restart", "{{instance}} started", value_is_time=True
)
UPGRADES: Final = Annotation(
    "Upgrades",
    Query(
        "({m}build_info{{here}}"
        f" unless on (instance, version) {_EARLIER} and on (instance) {_EARLIER})"
        f" * on (instance) group_left () ({_STARTED})"
    ),
    "purple",
    "Upgrade",
    "{{instance}} runs version {{version}} now",
    value_is_time=True,
)


def _beginnings(labels: str, which: str = "") -> Query:
    """Return alerts by `labels` in their first minute: whole alerts would cover the charts."""
    firing = f"{_FIRING}{which}}}"
    group = f"group by ({labels})"
    return Query(f"{group} ({firing}) unless {group} ({firing} offset 1m)")


SERVER_ALERTS: Final = Annotation(
    "Alerts",
    _beginnings("alertname, severity, instance", ', identity=""'),
    "red",
    "{{alertname}}",
    "{{severity}}: {{instance}}",
)
EDGE_ALERTS: Final = Annotation(
    "Alerts",
    # One mark for an alert, however many edges it is about.
    _beginnings("alertname, severity"),
    "red",
    "{{alertname}}",
    "{{severity}}; the table has each edge's number of alerts",
)


def board(title: str, uid: str, meaning: str) -> dashboard.Dashboard:
    """Return an empty dashboard with its choices of data source and servers, and a link to others.

    Its annotations are not the builder's: `Annotation.document`.
    """
    link = (
        dashboard.DashboardLink("Face recognition")
        .type(DashboardLinkType.DASHBOARDS)
        .tags(["iot-facerecognition"])
        .keep_time(keep_time=True)
        .include_vars(include_vars=True)
    )
    source = dashboard.DatasourceVariable("datasource").label("Data source").type("prometheus")
    return (
        dashboard.Dashboard(title)
        .uid(uid)
        .description(meaning)
        .tags(["iot-facerecognition"])
        .refresh("15s")
        .time("now-1h", "now")
        .timezone("browser")
        .link(link)
        .with_variable(source.hide(VariableHide.DONT_HIDE))
        .with_variable(several("instance", "Server", f"label_values({PREFIX}ready, instance)"))
    )


def several(name: str, label: str, query: str) -> dashboard.QueryVariable:
    """Return a variable of which any number of values is chosen on top, all by default."""
    return one(name, label, query).multi(multi=True).include_all(include_all=True).all_value(".*")


def one(name: str, label: str, query: str) -> dashboard.QueryVariable:
    """Return a variable of which one value is chosen on top, the first by default."""
    return (
        dashboard.QueryVariable(name)
        .label(label)
        .datasource(SOURCE)
        .query(query)
        .refresh(VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(VariableSort.NATURAL_ASC)
        .hide(VariableHide.DONT_HIDE)
    )
