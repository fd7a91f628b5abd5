"""The Fleet dashboard: all edges at a glance, and one of them in full."""

from typing import Final

from grafana_foundation_sdk.builders import dashboard, stat, table, timeseries

from monitoring.dashboards.panels import (
    HERE,
    PREFIX,
    Column,
    Query,
    board,
    chooser,
    lines,
    number,
    rows,
)

UID: Final = "iot-facerecognition-fleet"
_ALL: Final = "{" + HERE + "}"
"""Every client of the chosen servers."""
_ONE: Final = "{" + HERE + ', client=~"$client", identity=~"$identity"}'
"""The chosen clients."""


def fleet() -> dashboard.Dashboard:
    """Return the dashboard."""
    clients = f"label_values({PREFIX}client_info{_ALL}, client)"
    identities = f"label_values({PREFIX}client_info{_ALL}, identity)"
    made = board("Fleet", UID, "Edges: state, frame rate, latency, health, versions.")
    made = made.with_variable(chooser("client", "Edge", clients))
    made = made.with_variable(chooser("identity", "Identity", identities))
    for figure in _figures():
        made = made.with_panel(figure)
    made = made.with_panel(_edges()).with_row(dashboard.Row("Edge: $client"))
    for chart in _charts():
        made = made.with_panel(chart)
    return made


def _figures() -> list[stat.Panel]:
    return [
        number(
            "Connected", "Clients that are connected.", "none", Query(f"sum({{m}}clients{_ALL})")
        ),
        number(
            "Edges offline",
            "Edges that were connected within the last day and are not now.",
            "none",
            Query(f"count(client:iot_facerecognition_client:connected{_ALL} == 0) or vector(0)"),
            ((None, "green"), (1, "red")),
        ),
        number(
            "Frames",
            "Frames of all edges that were worked on, a second.",
            "cps",
            Query(f"sum(instance:iot_facerecognition_frames_processed:rate1m{_ALL})"),
        ),
        number(
            "Slowest edge",
            "The lowest frame rate of the edges that send.",
            "cps",
            Query(f"min({{m}}client_frame_rate{_ALL} > 0) or vector(0)"),
            ((None, "red"), (5, "orange"), (12, "green")),
        ),
        number(
            "Highest latency",
            "From a frame's arrival to its faces' leaving: p95 of the slowest edge.",
            "s",
            Query(f"max(client:iot_facerecognition_latency_seconds:p95_5m{_ALL})"),
            ((None, "green"), (0.5, "orange"), (1, "red")),
        ),
        number(
            "Hottest",
            "Temperature of the hottest edge.",
            "celsius",
            Query(f"max({{m}}edge_cpu_temperature_celsius{_ALL})"),
            ((None, "green"), (70, "orange"), (80, "red")),
        ),
    ]


def _edges() -> table.Panel:
    def newest(name: str) -> Query:
        return Query(f"max by (identity, client) ({{m}}{name}{_ALL})")

    columns = [
        Column(
            "State",
            Query(f"max by (identity, client) (client:iot_facerecognition_client:connected{_ALL})"),
            steps=((None, "red"), (1, "green")),
            words={"0": "offline", "1": "online"},
        ),
        Column(
            "Software",
            Query(f"max by (identity, client, version) ({{m}}client_info{_ALL})"),
            label="version",
        ),
        Column("Frames/s", newest("client_frame_rate"), "cps"),
        Column("Camera/s", newest("edge_capture_rate"), "cps"),
        Column(
            "Latency p95",
            Query(
                "max by (identity, client)"
                f" (client:iot_facerecognition_latency_seconds:p95_5m{_ALL})"
            ),
            "s",
            ((None, "green"), (0.5, "orange"), (1, "red")),
        ),
        Column(
            "Temperature",
            newest("edge_cpu_temperature_celsius"),
            "celsius",
            ((None, "green"), (70, "orange"), (80, "red")),
        ),
        Column(
            "Throttled",
            newest("edge_throttling"),
            steps=((None, "green"), (1, "red")),
            words={"0": "no", "1": "yes"},
        ),
        Column(
            "Wi-Fi",
            newest("edge_wifi_signal_dbm"),
            "dBm",
            ((None, "red"), (-75, "orange"), (-67, "green")),
        ),
        Column("Free memory", newest("edge_memory_free_bytes"), "bytes"),
        Column("Up for", newest("edge_uptime_seconds"), "dtdurations"),
    ]
    links = {
        key: f"/d/{UID}?var-{key}=${{__value.raw}}&${{instance:queryparam}}&${{__url_time_range}}"
        for key in ("client", "identity")
    }
    return rows(
        "Edges",
        "One line for each edge: the name that it chose, and its identity (token, certificate or"
        " address). Click one to see it alone.",
        links,
        columns,
    )


def _charts() -> list[timeseries.Panel]:
    return [
        lines(
            "Frame rate",
            "What the edge is set to, what its camera gives, what arrives and what is worked on.",
            "cps",
            Query(
                f"client:iot_facerecognition_frame_rate:setting{_ONE}",
                "{{client}} ({{identity}}) set",
            ),
            Query(f"{{m}}edge_capture_rate{_ONE}", "{{client}} ({{identity}}) camera"),
            Query(
                f"client:iot_facerecognition_frames_received:rate2m{_ONE}",
                "{{client}} ({{identity}}) arrived",
            ),
            Query(
                f"client:iot_facerecognition_frames_processed:rate2m{_ONE}",
                "{{client}} ({{identity}}) done",
            ),
        ),
        lines(
            "Latency",
            "From a frame's arrival at the server to its result's leaving.",
            "s",
            *(
                Query(
                    f"histogram_quantile({quantile}, sum by (identity, client, kind, le)"
                    f" (rate({{m}}client_latency_seconds_bucket{_ONE}[$__rate_interval])))",
                    f"{{{{client}}}} ({{{{identity}}}}) {{{{kind}}}} p{quantile * 100:.0f}",
                )
                for quantile in (0.5, 0.95)
            ),
        ),
        lines(
            "Dropped frames",
            "By the server, by reason, and by the edge itself.",
            "cps",
            Query(
                f"sum by (identity, client, reason) (rate({{m}}client_frames_dropped_total{_ONE}"
                "[$__rate_interval]))",
                "{{client}} ({{identity}}) {{reason}}",
            ),
            Query(
                f"rate({{m}}edge_frames_dropped_total{_ONE}[$__rate_interval])",
                "{{client}} ({{identity}}) at edge",
            ),
            stacked=True,
        ),
        lines(
            "Traffic",
            "Bytes from the edge, and to it.",
            "Bps",
            Query(
                f"rate({{m}}client_received_bytes_total{_ONE}[$__rate_interval])",
                "{{client}} ({{identity}}) sends",
            ),
            Query(
                f"rate({{m}}client_sent_bytes_total{_ONE}[$__rate_interval])",
                "{{client}} ({{identity}}) gets",
            ),
        ),
        lines(
            "Temperature",
            "At 80 °C a Raspberry Pi slows down.",
            "celsius",
            Query(f"{{m}}edge_cpu_temperature_celsius{_ONE}", "{{client}} ({{identity}})"),
            span=8,
        ),
        lines(
            "Wi-Fi signal",
            "Below -75 dBm frames get lost.",
            "dBm",
            Query(f"{{m}}edge_wifi_signal_dbm{_ONE}", "{{client}} ({{identity}})"),
            span=8,
        ),
        lines(
            "Throttling",
            "1 while the edge's processor is held back, by reason.",
            "none",
            Query(f"{{m}}edge_throttling{_ONE}", "{{client}} ({{identity}}) {{condition}}"),
            span=8,
        ),
    ]
