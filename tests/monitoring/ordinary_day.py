"""A day on which nothing is wrong, minute by minute, as promtool's input.

What happens: eight edges stream; two are switched off over night; one is paused in the evening and
one renamed; one loses its Wi-Fi for a moment; the server is upgraded at four in the morning, and
everybody comes back within a minute. Time begins at midnight, UTC.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from tests.monitoring.rule_files import PREFIX, PROMETHEUS

JOB: Final = "iot-facerecognition"
INSTANCE: Final = "server:50090"
STEP: Final = 15
"""Seconds between two samples, as prometheus.yml has it."""
UPGRADE: Final = 4 * 3600
DARK: Final = 30
"""Seconds in which a server that is upgraded does not answer."""
RATE: Final = 15


@dataclass(frozen=True, slots=True)
class Edge:
    """One edge: its identity, its name, and from when to when it does what (seconds of the day)."""

    identity: str
    name: str
    away: tuple[tuple[int, int], ...] = ()
    paused: tuple[tuple[int, int], ...] = ()
    renamed: int | None = None
    tells_camera: bool = True
    objects_only: bool = False
    dead_camera: bool = False


HOUSE: Final = (
    Edge("door-token", "door"),
    Edge("hall-token", "hall", away=((3 * 3600, 3 * 3600 + 60),)),
    Edge("shop-nightly", "shop", away=((0, 7 * 3600), (19 * 3600, 86_400))),
    Edge("till-nightly", "till", away=((0, 6 * 3600 + 1800), (18 * 3600, 86_400))),
    Edge("store-token", "store", paused=((0, 6 * 3600), (21 * 3600, 86_400))),
    Edge("lamp-token", "lamp", renamed=2 * 3600),
    Edge("attic-token", "attic", tells_camera=False),
    Edge("shelf-token", "shelf", objects_only=True),
)
Values = Iterable[float | None]


@dataclass(slots=True)
class Day:
    """The samples from second `begin` of the day to `end`."""

    begin: int
    end: int
    step: int = STEP
    series: list[dict[str, str]] = field(default_factory=list)

    def times(self) -> range:
        """Return the seconds of the day that have a sample."""
        return range(self.begin, self.end + 1, self.step)

    def add(self, name: str, labels: Mapping[str, str], values: Values) -> None:
        """Add a series; None is no sample, and the first after a sample ends the series."""
        before = [None] * (self.begin // self.step)  # promtool's clock begins at midnight
        self._add(name, labels, (*before, *values))

    def always(self, name: str, labels: Mapping[str, str], value: float) -> None:
        """Add a series that is `value` from midnight on."""
        self._add(name, labels, [value] * (self.end // self.step + 1))

    def _add(self, name: str, labels: Mapping[str, str], values: Values) -> None:
        text = ",".join(f"{key}={json.dumps(value)}" for key, value in labels.items())
        self.series.append({"series": f"{name}{{{text}}}", "values": " ".join(_written(values))})

    def server(self, name: str, value: float | None = None, rate: float = 0.0, **more: str) -> None:
        """Add a series of the server: a gauge of `value`, or a counter of `rate` a second."""
        labels = {"job": JOB, "instance": INSTANCE, **more}
        self.add(name, labels, (self._counted(t, value, rate) for t in self.times()))

    def _counted(self, time: int, value: float | None, rate: float) -> float | None:
        if dark(time):
            return None
        if value is not None:
            return value
        return rate * (time - (UPGRADE + DARK if time >= UPGRADE else self.begin))

    def client(
        self, edge: Edge, name: str, value: float | None = None, rate: float = 0.0, **more: str
    ) -> None:
        """Add a series of `edge`, under each name that it had; `rate` only while it streams."""
        for label, (begin, end) in names(edge).items():
            labels = {"job": JOB, "instance": INSTANCE, "identity": edge.identity, "client": label}
            count = 0.0
            values: list[float | None] = []
            for time in self.times():
                if not here(edge, time) or not begin <= time < end:
                    count = 0.0
                    values.append(None)
                    continue
                count += 0 if within(time, edge.paused) else rate * self.step
                values.append(count if value is None else value)
            self.add(name, labels | more, values)


def dark(time: int) -> bool:
    """Tell whether the server does not answer."""
    return UPGRADE <= time < UPGRADE + DARK


def within(time: int, spans: Iterable[tuple[int, int]]) -> bool:
    """Tell whether `time` is in one of the spans."""
    return any(begin <= time < end for begin, end in spans)


def here(edge: Edge, time: int) -> bool:
    """Tell whether the edge is connected: after an upgrade, a minute later at most."""
    return not within(time, (*edge.away, (UPGRADE, UPGRADE + 60)))


def names(edge: Edge) -> dict[str, tuple[int, int]]:
    """Return what the edge calls itself, from when to when."""
    if edge.renamed is None:
        return {edge.name: (0, 86_401)}
    return {edge.name: (0, edge.renamed), f"{edge.name} of before": (edge.renamed, 86_401)}


def day(house: Iterable[Edge] = HOUSE, begin: int = 0, end: int = 86_400, step: int = STEP) -> Day:
    """Return the samples of the day."""
    made = Day(begin, end, step)
    house = tuple(house)
    _server(made, sum(RATE for edge in house if not edge.away))
    for edge in house:
        _edge(made, edge)
    _monitoring(made)
    return made


def _server(made: Day, frames: float) -> None:
    prefix = "iot_facerecognition_"
    target = {"job": JOB, "instance": INSTANCE}
    made.add("up", target, (0.0 if dark(t) else 1.0 for t in made.times()))
    starts = (None if dark(t) else (UPGRADE if t >= UPGRADE else -86_400) for t in made.times())
    made.add(
        "process_start_time_seconds", target, [None if s is None else float(s) for s in starts]
    )
    made.server("process_open_fds", 90)
    made.server("process_max_fds", 4096)
    made.server(prefix + "ready", 1)
    made.server(prefix + "state_disk_size_bytes", 1e12)
    made.server(prefix + "state_disk_free_bytes", 4e10)
    made.server(prefix + "certificate_expiry_timestamp_seconds", 200 * 86_400)
    made.server(prefix + "engine_info", 1, device="cpu", asked="auto", precision="fp32")
    made.server(prefix + "frames_received_total", rate=frames)
    made.server(prefix + "frames_processed_total", rate=frames)
    made.server(prefix + "frames_dropped_total", rate=frames * 0.02, reason="replaced")
    made.server(prefix + "authentication_failures_total", rate=1 / 3600)
    made.server(prefix + "objects_under_way", 2)
    made.server(prefix + "results_total", rate=16, kind="objects")
    made.server(prefix + "background_failures_total", 0, task="gallery")
    made.server(prefix + "workers_replaced_total", 0, thread="worker-0")
    for limit, most in (("clients", 1000), ("identity-connections", 100), ("handshakes", 512)):
        made.server(prefix + "limit", most, limit=limit)
        made.server(prefix + "limit_used", 8, limit=limit)
    for bound, part in (("0.1", 0.6), ("0.5", 0.99), ("+Inf", 1.0)):
        name = prefix + "latency_seconds_bucket"
        made.server(name, rate=frames * part, le=bound, kind="faces")
    for bound, part in (("0.01", 0.97), ("0.05", 1.0), ("+Inf", 1.0)):
        made.server(prefix + "event_loop_lag_seconds_bucket", rate=10 * part, le=bound)


def _edge(made: Day, edge: Edge) -> None:
    prefix = "iot_facerecognition_"
    made.client(edge, prefix + "client_info", 1, protocol="2", version="1.0")
    made.client(edge, prefix + "client_frames_received_total", rate=RATE)
    done = 2.0 if edge.objects_only else RATE * 0.97
    made.client(edge, prefix + "client_frames_processed_total", rate=done)
    if edge.objects_only:
        made.client(
            edge, prefix + "client_frames_dropped_total", rate=RATE - done, reason="not-due"
        )
    made.client(edge, prefix + "client_input_rejected_total", 0)
    made.client(edge, prefix + "edge_frame_rate_setting", RATE)
    made.client(edge, prefix + "edge_cpu_temperature_celsius", 61)
    made.client(edge, prefix + "edge_wifi_signal_dbm", -62)
    made.client(edge, prefix + "edge_throttling", 0, condition="under_voltage")
    for label, span in names(edge).items():
        _camera(made, edge, label, span)


def _camera(made: Day, edge: Edge, label: str, span: tuple[int, int]) -> None:
    labels = {"job": JOB, "instance": INSTANCE, "identity": edge.identity, "client": label}
    there = [here(edge, t) and span[0] <= t < span[1] for t in made.times()]
    off = [within(t, edge.paused) for t in made.times()]
    states = ["off" if o else "failed" if edge.dead_camera else "running" for o in off]
    rates = [float(RATE) if state == "running" else 0.0 for state in states]
    pairs = list(zip(there, rates, strict=True))
    made.add(
        "iot_facerecognition_edge_capture_rate",
        labels,
        [r if is_there else None for is_there, r in pairs],
    )
    if not edge.tells_camera:
        return
    for state in ("off", "starting", "running", "failed"):
        values = [float(s == state) if h else None for h, s in zip(there, states, strict=True)]
        made.add("iot_facerecognition_edge_camera_state", {**labels, "state": state}, values)


def _monitoring(made: Day) -> None:
    for job, name, value in (
        ("prometheus", "up", 1.0),
        ("prometheus", "prometheus_config_last_reload_successful", 1.0),
        ("prometheus", "prometheus_notifications_alertmanagers_discovered", 1.0),
        ("prometheus", "prometheus_notifications_dropped_total", 0.0),
        ("alertmanager", "up", 1.0),
        ("alertmanager", "alertmanager_config_last_reload_successful", 1.0),
    ):
        made.always(name, {"job": job, "instance": job}, value)


def _written(values: Values) -> Iterator[str]:
    """Write runs of equal steps as promtool has them; `stale` where a series ends."""
    run: list[float] = []
    missing = 0
    for value in (*values, None):
        if value is not None:
            if missing:
                yield f"_x{missing}" if missing > 1 else "_"
                missing = 0
            if len(run) >= 2 and value - run[-1] != run[1] - run[0]:
                yield _run(run)
                run = []
            run.append(value)
            continue
        if run:
            yield _run(run)
            run = []
            yield "stale"
            continue
        missing += 1


def _run(run: list[float]) -> str:
    step = run[1] - run[0] if len(run) > 1 else 0.0
    return f"{run[0]!r}{step:+}x{len(run) - 1}" if len(run) > 1 else repr(run[0])


def document(made: Day, expected: Iterable[str]) -> dict[str, Any]:
    """Return promtool's test: of all alerts, those of the names `expected` fired, and no other."""
    rules = sorted(str(path) for path in (PROMETHEUS / "rules").glob("*.yml"))
    quiet = "|".join([f"{PREFIX}Watchdog", *(PREFIX + name for name in expected)])
    whole = f"[{made.end - made.begin}s]"
    fired = f'ALERTS{{alertstate="firing", alertname!~"{quiet}"}}'
    seen = [{"expr": f"count by (alertname) (count_over_time({fired}{whole}))", "exp_samples": []}]
    for name in ("Watchdog", *expected):
        own = f'ALERTS{{alertstate="firing", alertname="{PREFIX}{name}"}}'
        seen.append(
            {
                "expr": f"count(count_over_time({own}{whole})) > bool 0",
                "exp_samples": [{"labels": "{}", "value": 1}],
            }
        )
    for one in seen:
        one["eval_time"] = f"{made.end}s"
    return {
        "rule_files": rules,
        "evaluation_interval": f"{made.step}s",
        "tests": [
            {"interval": f"{made.step}s", "input_series": made.series, "promql_expr_test": seen}
        ],
    }
