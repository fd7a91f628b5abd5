"""The Fleet dashboard's charts: the worst edges before a band of all others, and one edge alone."""

from collections.abc import Sequence
from typing import Final

from grafana_foundation_sdk.builders import timeseries

from monitoring.dashboards import edges
from monitoring.dashboards.edges import ALL, KEY, OTHERS, STATES, of_edges, ruled, worst
from monitoring.dashboards.panels import HERE, Query, banded, lines, named, ranked

_ONE: Final = "{" + HERE + ', client="$client", identity=~"$identity"}'
"""The chosen edge."""
_HEIGHT: Final = 10
_LOST: Final = '{reason!~"switched-off|not-due|gone|ending", ' + HERE + "}"
"""Frames that an edge wanted to have processed and that were not."""


def worst_edges() -> list[timeseries.Panel]:
    """Return the charts of all edges."""
    states = lines(
        "Edges by state",
        "How many are in which state.",
        "none",
        Query(f'count_values("state", {edges.state()})', "{{state}}"),
        stacked=True,
    )
    return [named(states, STATES).height(_HEIGHT), *_rates(), *_losses(), *_conditions()]


def _rates() -> list[timeseries.Panel]:
    return [
        _worst_ten(
            "Frame rate",
            "The ten edges that are furthest below the frame rate that they are set to.",
            "fps",
            worst(
                _rate("client_frames_processed_total", ALL),
                edges.attained(" @ end()"),
                lowest=True,
            ),
            lowest_first=True,
        ),
        _worst_ten(
            "Latency p95",
            "The ten edges whose frames wait longest for their faces.",
            "s",
            worst(ruled("latency_seconds:p95_5m"), ruled("latency_seconds:p95_5m", " @ end()")),
        ),
    ]


def _losses() -> list[timeseries.Panel]:
    return [
        _worst_ten(
            "Dropped by the server",
            "The ten edges of which the server drops most frames.",
            "fps",
            _most("client_frames_dropped_total", _LOST),
        ),
        _worst_ten(
            "Dropped by the edge",
            "The ten edges that drop most frames themselves.",
            "fps",
            _most("edge_frames_dropped_total", ALL),
        ),
        _worst_ten(
            "Traffic",
            "The ten edges that send most.",
            "Bps",
            _most("client_received_bytes_total", ALL),
        ),
    ]


def _conditions() -> list[timeseries.Panel]:
    return [
        _worst_ten(
            "Temperature",
            "The ten hottest edges. At 80 °C a Raspberry Pi throttles itself.",
            "celsius",
            _extreme("edge_cpu_temperature_celsius"),
        ),
        _worst_ten(
            "Wi-Fi signal",
            "The ten edges with the weakest signal. Below -75 dBm frames get lost.",
            "dBm",
            _extreme("edge_wifi_signal_dbm", lowest=True),
            lowest_first=True,
        ),
    ]


def _worst_ten(
    title: str, meaning: str, unit: str, asked: Sequence[Query], *, lowest_first: bool = False
) -> timeseries.Panel:
    panel = ranked(title, meaning, unit, *asked, lowest_first=lowest_first)
    # As high as ten names, and those of the others.
    return banded(panel, OTHERS).height(_HEIGHT)


def _rate(counter: str, which: str, span: str = "[$__rate_interval]") -> str:
    return f"sum by ({KEY}) (rate({{m}}{counter}{which}{span}))"


def _most(counter: str, which: str) -> tuple[Query, ...]:
    return worst(_rate(counter, which), _rate(counter, which, "[5m] @ end()"))


def _extreme(gauge: str, *, lowest: bool = False) -> tuple[Query, ...]:
    score = f"max by ({KEY}) (avg_over_time({{m}}{gauge}{ALL}[5m] @ end()))"
    return worst(of_edges(gauge), score, lowest=lowest)


def one_edge() -> list[timeseries.Panel]:
    """Return the charts of the chosen edge."""
    return [*_its_frames(), *_its_losses(), *_its_health()]


def _its_frames() -> list[timeseries.Panel]:
    return [
        lines(
            "Frame rate",
            "What the edge is set to, what its camera gives, what arrives and what is processed.",
            "fps",
            Query(f"client:iot_facerecognition_frame_rate:setting{_ONE}", "set to ({{identity}})"),
            Query(f"{{m}}edge_capture_rate{_ONE}", "camera ({{identity}})"),
            Query(_rate("client_frames_received_total", _ONE), "received ({{identity}})"),
            Query(_rate("client_frames_processed_total", _ONE), "processed ({{identity}})"),
        ),
        lines(
            "Latency",
            "From a frame's arrival at the server to its result in the socket.",
            "s",
            *(
                Query(
                    f"histogram_quantile({quantile}, sum by (identity, client, kind, le)"
                    f" (rate({{m}}client_latency_seconds_bucket{_ONE}[$__rate_interval])))",
                    f"{{{{kind}}}} p{quantile * 100:.0f} ({{{{identity}}}})",
                )
                for quantile in (0.5, 0.95)
            ),
        ),
    ]


def _its_losses() -> list[timeseries.Panel]:
    return [
        lines(
            "Dropped frames",
            "By the server, by reason, and by the edge itself.",
            "fps",
            Query(
                f"sum by (identity, client, reason) (rate({{m}}client_frames_dropped_total{_ONE}"
                "[$__rate_interval]))",
                "{{reason}} ({{identity}})",
            ),
            Query(
                f"rate({{m}}edge_frames_dropped_total{_ONE}[$__rate_interval])",
                "at the edge ({{identity}})",
            ),
            stacked=True,
        ),
        lines(
            "Traffic",
            "Bytes from the edge, and to it.",
            "Bps",
            Query(
                f"rate({{m}}client_received_bytes_total{_ONE}[$__rate_interval])",
                "from the edge ({{identity}})",
            ),
            Query(
                f"rate({{m}}client_sent_bytes_total{_ONE}[$__rate_interval])",
                "to the edge ({{identity}})",
            ),
        ),
    ]


def _its_health() -> list[timeseries.Panel]:
    return [
        lines(
            "Temperature",
            "At 80 °C a Raspberry Pi throttles itself.",
            "celsius",
            Query(f"{{m}}edge_cpu_temperature_celsius{_ONE}", "{{identity}}"),
            span=8,
        ),
        lines(
            "Wi-Fi signal",
            "Below -75 dBm frames get lost.",
            "dBm",
            Query(f"{{m}}edge_wifi_signal_dbm{_ONE}", "{{identity}}"),
            span=8,
        ),
        lines(
            "Throttling",
            "1 while the edge's processor is held back, by reason.",
            "none",
            Query(f"{{m}}edge_throttling{_ONE}", "{{condition}} ({{identity}})"),
            span=8,
        ),
    ]
