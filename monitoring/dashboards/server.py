"""The Server dashboard: how much work comes in, and where its time goes."""

from typing import Final

from grafana_foundation_sdk.builders import dashboard, stat, timeseries

from monitoring.dashboards.boards import board
from monitoring.dashboards.panels import (
    HERE,
    Query,
    Word,
    lines,
    mapping,
    number,
    ranked,
    word,
)

UID: Final = "iot-facerecognition-server"
_ALL: Final = "{" + HERE + "}"
_PROCESS: Final = "{" + HERE + ', job="iot-facerecognition"}'
_RATE: Final = "[$__rate_interval]"


def server() -> dashboard.Dashboard:
    """Return the dashboard."""
    made = board("Server", UID, "Clients, frame rate, latency, load, stages, drops, GPU.")
    for figure in (*_load(), *_condition()):
        made = made.with_panel(figure)
    for title, charts in (
        ("Work", _work()),
        ("Where the time goes", _time()),
        ("What is rejected", _refusals()),
        ("Process", _process()),
    ):
        made = made.with_row(dashboard.Row(title))
        for chart in charts:
            made = made.with_panel(chart)
    # The GPU figure on top says whether there is anything to open. The last row, so that nothing
    # moves when it is opened.
    row = dashboard.Row("GPU").collapsed(collapsed=True)
    for chart in _gpu():
        row = row.with_panel(chart)
    return made.with_row(row)


def _load() -> list[stat.Panel]:
    latency = "latency_seconds", '{kind="faces", ' + HERE + "}"
    return [
        number("Clients", "Clients that are connected.", "none", Query(f"sum({{m}}clients{_ALL})")),
        number(
            "Frame rate",
            "Frames of all clients that are processed, a second.",
            "fps",
            Query(f"sum(rate({{m}}frames_processed_total{_ALL}{_RATE}))"),
        ),
        *(
            number(
                f"Latency p{quantile * 100:.0f}",
                "From a frame's arrival to its faces in the socket.",
                "s",
                Query(_quantile(quantile, *latency)),
                ((None, "green"), (0.5, "orange"), (1, "red")),
            )
            for quantile in (0.5, 0.95)
        ),
        number(
            "Processor",
            "Cores that the server uses.",
            "suffix: cores",
            Query(f"sum(rate(process_cpu_seconds_total{_PROCESS}{_RATE}))"),
        ).decimals(1),
        number(
            "Memory",
            "Resident memory of the server.",
            "bytes",
            Query(f"sum(process_resident_memory_bytes{_PROCESS})"),
        ),
    ]


def _condition() -> list[stat.Panel]:
    return [
        number(
            "Ready",
            "Models are loaded, the self-test was passed and the port is open.",
            "none",
            Query(f"min({{m}}ready{_ALL})"),
            span=2,
        ).mappings([mapping({0: Word("no", "red"), 1: Word("yes", "green")})]),
        word(
            "Version", "Version of the server.", Query(f"{{m}}build_info{_ALL}", "{{version}}"), 3
        ),
        word(
            "Networks",
            "Where the networks run, and in which number format.",
            Query(f"{{m}}engine_info{_ALL}", "{{device}} {{precision}}"),
            3,
        ),
        number(
            "GPU",
            "How busy the busiest GPU is; more in the last row.",
            "percentunit",
            Query(f"max({{m}}gpu_utilization_ratio{_ALL}) or vector(-1)"),
            span=2,
        ).mappings([mapping({-1: Word("none", "text")})]),
        number(
            "People", "People enrolled.", "none", Query(f"max({{m}}gallery_people{_ALL})"), span=2
        ),
        number(
            "References",
            "Enrolled faces.",
            "none",
            Query(f"max({{m}}gallery_references{_ALL})"),
            span=3,
        ),
        number(
            "Dropped",
            "Share of the frames that were superseded by newer ones or came too late.",
            "percentunit",
            Query(f"max(instance:iot_facerecognition_frames_dropped:ratio_rate5m{_ALL})"),
            ((None, "green"), (0.05, "orange"), (0.2, "red")),
            span=3,
        ),
        number(
            "Certificate",
            "Time until it expires.",
            "dtdurations",
            Query(f"min({{m}}certificate_expiry_timestamp_seconds{_ALL}) - time()"),
            ((None, "red"), (14 * 86400, "green")),
            span=3,
        ),
        number(
            "Disk",
            "Free share of the disk with the state directory.",
            "percentunit",
            Query(f"min(instance:iot_facerecognition_state_disk_free:ratio{_ALL})"),
            ((None, "red"), (0.1, "orange"), (0.2, "green")),
            span=3,
        ),
    ]


def _work() -> list[timeseries.Panel]:
    return [
        lines(
            "Frames",
            "Received, processed, and dropped by reason.",
            "fps",
            Query(f"sum(rate({{m}}frames_received_total{_ALL}{_RATE}))", "received"),
            Query(f"sum(rate({{m}}frames_processed_total{_ALL}{_RATE}))", "processed"),
            Query(
                f"sum by (reason) (rate({{m}}frames_dropped_total{_ALL}{_RATE}))",
                "dropped: {{reason}}",
            ),
        ),
        lines(
            "Clients",
            "Connected clients of each server.",
            "none",
            Query(f"{{m}}clients{_ALL}", "{{instance}}"),
            stacked=True,
        ),
        lines(
            "Queue",
            "Frames that wait for a worker, and frames that are being processed.",
            "none",
            Query(f"sum({{m}}frames_waiting{_ALL})", "waiting"),
            Query(f"sum({{m}}frames_under_way{_ALL})", "being processed"),
            span=8,
        ),
        lines(
            "Results and faces",
            "Results that were sent, by kind, and the faces in them.",
            "cps",
            Query(f"sum by (kind) (rate({{m}}results_total{_ALL}{_RATE}))", "results: {{kind}}"),
            Query(f"sum by (kind) (rate({{m}}faces_total{_ALL}{_RATE}))", "faces: {{kind}}"),
            span=8,
        ),
        lines(
            "Traffic",
            "Bytes from the clients, and to them.",
            "Bps",
            Query(f"sum(rate({{m}}received_bytes_total{_ALL}{_RATE}))", "in"),
            Query(f"sum(rate({{m}}sent_bytes_total{_ALL}{_RATE}))", "out"),
            span=8,
        ),
    ]


def _quantile(part: float, name: str, which: str = _ALL, *labels: str) -> str:
    by = ", ".join((*labels, "le"))
    return f"histogram_quantile({part}, sum by ({by}) (rate({{m}}{name}_bucket{which}{_RATE})))"


def _time() -> list[timeseries.Panel]:
    def mean(name: str, label: str) -> str:
        total, count = (f"rate({{m}}{name}_{part}{_ALL}{_RATE})" for part in ("sum", "count"))
        return f"sum by ({label}) ({total}) / sum by ({label}) ({count})"

    return [
        lines(
            "Latency",
            "From a frame's arrival to its result in the socket.",
            "s",
            Query(_quantile(0.5, "latency_seconds", _ALL, "kind"), "{{kind}} p50"),
            Query(_quantile(0.95, "latency_seconds", _ALL, "kind"), "{{kind}} p95"),
            Query(_quantile(0.99, "latency_seconds", _ALL, "kind"), "{{kind}} p99"),
        ),
        lines(
            "Waiting",
            "From a frame's arrival to the start of its work.",
            "s",
            Query(_quantile(0.5, "queue_seconds"), "p50"),
            Query(_quantile(0.95, "queue_seconds"), "p95"),
        ),
        lines(
            "Stages",
            "Mean time of one call of each stage on a worker, and p95.",
            "s",
            Query(mean("stage_seconds", "stage"), "{{stage}} mean"),
            Query(_quantile(0.95, "stage_seconds", _ALL, "stage"), "{{stage}} p95"),
        ),
        lines(
            "Networks",
            "Mean time of one run over a batch, and p95.",
            "s",
            Query(mean("network_seconds", "network"), "{{network}} mean"),
            Query(_quantile(0.95, "network_seconds", _ALL, "network"), "{{network}} p95"),
        ),
        lines(
            "Batches",
            "Mean number of pictures in one run of a network.",
            "none",
            Query(mean("batch_size", "network"), "{{network}}"),
        ),
        lines(
            "Event loop",
            "How late the event loop is.",
            "s",
            Query(_quantile(0.5, "event_loop_lag_seconds"), "p50"),
            Query(_quantile(0.99, "event_loop_lag_seconds"), "p99"),
        ),
    ]


def _refusals() -> list[timeseries.Panel]:
    return [
        ranked(
            "Rejected input",
            "Frames and messages that were rejected, by reason.",
            "cps",
            Query(f"sum by (reason) (rate({{m}}input_rejected_total{_ALL}{_RATE}))", "{{reason}}"),
            Query(f"sum(rate({{m}}messages_ignored_total{_ALL}{_RATE}))", "ignored"),
            span=7,
        ),
        ranked(
            "Refused connections",
            "By reason.",
            "cps",
            Query(
                f"sum by (reason) (rate({{m}}connections_refused_total{_ALL}{_RATE}))", "{{reason}}"
            ),
            span=7,
        ),
        lines(
            "Failed log-ins",
            "In five minutes.",
            "none",
            Query(
                f"instance:iot_facerecognition_authentication_failures:increase5m{_ALL}",
                "{{instance}}",
            ),
            span=4,
        ),
        ranked(
            "Log lines left out",
            "Lines beyond a limit, and lines that console or file did not take, by reason.",
            "cps",
            Query(
                f"sum by (reason) (rate({{m}}log_lines_left_out_total{_ALL}{_RATE}))", "{{reason}}"
            ),
            span=6,
        ),
    ]


def _gpu() -> list[timeseries.Panel]:
    def of(title: str, meaning: str, unit: str, name: str) -> timeseries.Panel:
        return lines(title, meaning, unit, Query(f"{{m}}gpu_{name}{_ALL}", "GPU {{gpu}}"), span=6)

    return [
        of("GPU at work", "Part of the time.", "percentunit", "utilization_ratio"),
        of("GPU memory", "In use, by all programs.", "bytes", "memory_used_bytes"),
        of("GPU temperature", "Of the chip.", "celsius", "temperature_celsius"),
        of("GPU power", "That it draws.", "watt", "power_watts"),
    ]


def _process() -> list[timeseries.Panel]:
    return [
        lines(
            "Processor",
            "Cores that the server uses.",
            "none",
            Query(f"rate(process_cpu_seconds_total{_PROCESS}{_RATE})", "{{instance}}"),
            span=8,
        ),
        lines(
            "Memory",
            "Resident memory of the server.",
            "bytes",
            Query(f"process_resident_memory_bytes{_PROCESS}", "{{instance}}"),
            span=8,
        ),
        lines(
            "Scrapes",
            "How long the answer to a scrape takes to make.",
            "s",
            Query(f"{{m}}exposition_seconds{_ALL}", "{{instance}}"),
            span=8,
        ),
    ]
