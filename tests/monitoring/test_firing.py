"""Every alert fires for real: real servers, real edges, a real Prometheus and Alertmanager.

What is broken is broken in one go, from an edge that is too hot to a Prometheus without
Alertmanager. The rules are those that are shipped, but for their durations (`quick_rules`).
"""

import io
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from pathlib import Path

import pytest
from PIL import Image

from iot_facerecognition_client.sources.moving_photo import MovingPhoto
from iot_facerecognition_protocol import Health, UpdateReport, UpdateState
from tests.monitoring.alert_lab import AlertLab, alert_lab
from tests.monitoring.rule_files import PREFIX, alerts
from tests.monitoring.test_live import with_gpus

pytestmark = pytest.mark.timeout(900)

TROUBLED = Health(
    version="1.0",
    cpu_temperature=83.0,
    throttled=1,
    wifi_signal=-81.0,
    capture_fps=15.0,
    frame_rate=15.0,
    camera="running",
    update=UpdateReport("1.1", UpdateState.ROLLED_BACK, "attempt", "1.0", "half the rate"),
)
WELL = Health(version="1.0", capture_fps=5.0, frame_rate=5.0, camera="running")
PAUSED = Health(version="1.0", capture_fps=0.0, frame_rate=15.0, camera="off")
AT_ONCE = (
    "Watchdog",
    "EdgeHot",
    "EdgeUnderVoltage",
    "EdgeWeakSignal",
    "EdgeFrameRateLow",
    "EdgeCameraDead",
    "EdgeOffline",
    "EdgeUpdateRolledBack",
    "EdgeUpdateLost",
    "AuthenticationFailures",
    "GpuNotUsed",
    "GpuMemoryFull",
    "DiskFills",
    "DiskFull",
    "CertificateExpires",
    "ServerNotReady",
    "AlertmanagerNotificationsFail",
)
ONE_BY_ONE = (
    *("LatencyHigh", "ObjectsStarve", "FramesDropped", "LimitNear", "FramesRejected"),
    *("WorkersReplaced", "BackgroundTaskFails", "EventLoopLate"),
    *("ServerDown", "ServerRestarting", "ServerAbsent"),
    *("AlertmanagerConfigFailed", "AlertmanagerDown"),
    *("PrometheusConfigFailed", "PrometheusRulesFail", "PrometheusNotificationsFail"),
    "PrometheusWithoutAlertmanager",
)


@pytest.fixture(scope="module")
def frames(photos: Path) -> list[bytes]:
    """Return small pictures, which keep no server busy."""
    return MovingPhoto([photos / "obama2.jpg"], size=(160, 120)).frames(10)


@pytest.fixture(scope="module")
def lab(
    photos: Path, frames: list[bytes], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[AlertLab]:
    """Everything, with every trouble that needs no order."""
    folder = tmp_path_factory.mktemp("alerts")
    with with_gpus(folder), alert_lab(folder, photos) as lab:
        edges = lab.edges
        gone = edges.start(edges.edge("gone", frames, 1, WELL, lab.token("gone-token")))
        edges.start(edges.edge("troubled", frames, 2, TROUBLED, lab.token("troubled-token")))
        edges.start(edges.edge("paused", [], 1, PAUSED, lab.token("paused-token")))
        edges.start(edges.stranger())
        with dead_camera(lab, folder), filling(lab.disk):
            lab.until(
                'identity:iot_facerecognition_edges:expected{identity="gone-token"}'
                " and on (instance) instance:iot_facerecognition_server:settled == 1"
            )
            gone.cancel()
            # What it says itself would count for more, as long as it is there.
            lab.until('absent(iot_facerecognition_client_info{identity="gone-token"})')
            lab.command("fleet", "report", "gone-token", "lost", "--reason", "it does not answer")
            yield lab


@contextmanager
def dead_camera(lab: AlertLab, folder: Path) -> Iterator[None]:
    """Run the real edge with a camera that is not there."""
    access = lab.server.access
    settings = {
        "connection.address": "127.0.0.1",
        "connection.port": access.port,
        "connection.token": lab.token("blind-token"),
        "connection.fingerprint": access.fingerprint,
        "connection.name": "blind",
    }
    with (folder / "edge.txt").open("wb") as output:
        edge = subprocess.Popen(
            [
                Path(sys.executable).with_name("iot-facerecognition-edge"),
                *("run", "--headless", "--camera", "v4l2:/dev/video-none"),
                *("--state-dir", folder / "edge"),
                *(word for key, v in settings.items() for word in ("--set", f"{key}={v}")),
            ],
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        yield
    finally:
        edge.terminate()
        edge.wait(20)


@contextmanager
def filling(disk: Path) -> Iterator[None]:
    """Write two megabytes a second into a file, until half of the disk is full."""
    ended = threading.Event()

    def write() -> None:
        with (disk / "something").open("wb") as file:
            for _ in range(75):
                if ended.wait(1):
                    return
                file.write(bytes(2_000_000))
                file.flush()

    thread = threading.Thread(target=write)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def test_every_alert_is_made_to_fire_here() -> None:
    assert {PREFIX + name for name in (*AT_ONCE, *ONE_BY_ONE)} == {a["alert"] for a in alerts()}


@pytest.mark.parametrize("alert", AT_ONCE)
def test_alert_fires(lab: AlertLab, alert: str) -> None:
    lab.fires(alert)


def test_edge_whose_camera_is_off_is_not_told_of_as_dead(lab: AlertLab) -> None:
    lab.until('iot_facerecognition_edge_camera_state{client="paused", state="off"} == 1')
    firing = f'ALERTS{{alertname="{PREFIX}EdgeCameraDead", alertstate="firing"}}'
    assert {one["metric"]["client"] for one in lab.prometheus.query(firing)} == {"blind"}


def test_overload_is_told_of_and_its_edges_are_not(lab: AlertLab, photos: Path) -> None:
    picture = Image.open(photos / "group.jpg").convert("RGB").resize((2400, 1350))
    jpeg = io.BytesIO()
    picture.save(jpeg, "JPEG", quality=70)
    floods = [lab.edges.start(lab.edges.flood(f"flood {n}", [jpeg.getvalue()])) for n in range(5)]
    try:
        for alert in ("FramesDropped", "LatencyHigh", "LimitNear"):
            lab.fires(alert)
        (lab.server.faults / "objects").touch()
        lab.fires("ObjectsStarve")
    finally:
        (lab.server.faults / "objects").unlink(missing_ok=True)
        for flood in floods:
            flood.cancel()


def test_frames_of_several_edges_that_are_rejected(lab: AlertLab) -> None:
    for name in ("left", "right"):
        token = lab.token(f"{name}-token")
        lab.edges.start(lab.edges.edge(name, [b"\xff\xd8\xff\xe0 no picture"], 5, WELL, token))
    lab.fires("FramesRejected")


def test_worker_that_dies(lab: AlertLab) -> None:
    (lab.server.faults / "worker").touch()
    lab.fires("WorkersReplaced")


def test_background_task_that_cannot_read_its_file(lab: AlertLab) -> None:
    (lab.server.faults / "disk").touch()
    lab.fires("BackgroundTaskFails")
    (lab.server.faults / "disk").unlink()


def test_event_loop_that_does_not_get_the_processor(lab: AlertLab) -> None:
    ended = threading.Event()

    def starve() -> None:
        while not ended.wait(0.1):
            lab.server.signal(signal.SIGSTOP)
            time.sleep(0.4)  # as long as others have the processor
            lab.server.signal(signal.SIGCONT)

    thread = threading.Thread(target=starve)
    thread.start()
    try:
        lab.fires("EventLoopLate")
    finally:
        ended.set()
        thread.join()


def test_server_that_stops_brings_no_edge_back(lab: AlertLab, frames: list[bytes]) -> None:
    offline = f"{PREFIX}EdgeOffline"
    lab.edges.end()
    lab.fires("EdgeOffline")
    lab.server.stop()
    down = f'ALERTS{{alertname="{PREFIX}ServerDown", instance="{lab.instance}"}}'
    lab.until(f'{down[:-1]}, alertstate="firing"}}')
    here = f'ALERTS{{alertname="{offline}", instance="{lab.instance}", alertstate="firing"}}'
    assert lab.prometheus.query(here)
    # Notified is the server, and none of its edges, however often it is repeated.
    told_again(lab, f"{PREFIX}ServerDown")
    lab.told.alerts.clear()
    told_again(lab, f"{PREFIX}ServerDown")
    assert lab.told.of(offline, "firing") == lab.told.of(offline, "resolved") == []
    lab.server.start()
    lab.until(f"instance:iot_facerecognition_server:settled == 1 unless {down}")
    assert lab.prometheus.query(here)
    assert lab.told.of(offline, "resolved") == []
    lab.edges.start(lab.edges.edge("back", frames, 1, WELL, lab.token("back-token")))


def told_again(lab: AlertLab, alert: str) -> None:
    """Wait until `alert` was notified twice more."""
    before, deadline = len(lab.told.of(alert, "firing")), time.monotonic() + 60
    while len(lab.told.of(alert, "firing")) < before + 2:
        assert time.monotonic() < deadline, lab.told.alerts[-20:]
        time.sleep(0.2)


def test_server_that_starts_again_and_again(lab: AlertLab) -> None:
    instance = str(lab.document["scrape_configs"][0]["static_configs"][0]["targets"][1])
    started = f'process_start_time_seconds{{instance="{instance}"}}'
    firing = f'ALERTS{{alertname="{PREFIX}ServerRestarting", alertstate="firing"}}'
    for _ in range(8):  # where a start takes long, the first ones are out of sight again
        before = lab.prometheus.value(started)
        lab.other.stop()
        lab.other.start()
        lab.until(f"{started} > {before}")
        if lab.prometheus.query(firing):
            return
    lab.fires("ServerRestarting")


def test_prometheus_whose_rules_fail(lab: AlertLab) -> None:
    broken = Path(lab.document["rule_files"][0]).parent / "broken.yml"
    broken.write_text(
        "groups: [{name: broken, rules: [{record: 'a:b:c', expr: 'up * on () up'}]}]\n"
    )
    lab.prometheus.reload(lab.document)
    lab.fires("PrometheusRulesFail")
    broken.unlink()


def test_alertmanager_that_refuses_its_configuration_and_goes_away(lab: AlertLab) -> None:
    lab.alertmanager.reload("route: {receiver: nobody we know}\n")
    lab.fires("AlertmanagerConfigFailed")
    lab.alertmanager.stop()
    lab.fires("AlertmanagerDown")
    lab.fires("PrometheusNotificationsFail")


def test_prometheus_that_refuses_its_configuration(lab: AlertLab) -> None:
    lab.prometheus.reload("scrape_configs: nothing\n")
    lab.fires("PrometheusConfigFailed")


def test_prometheus_without_servers_and_alertmanager(lab: AlertLab) -> None:
    document = deepcopy(lab.document)
    del document["alerting"]
    document["scrape_configs"] = [
        job for job in document["scrape_configs"] if job["job_name"] != "iot-facerecognition"
    ]
    lab.prometheus.reload(document)
    lab.fires("PrometheusWithoutAlertmanager")
    lab.fires("ServerAbsent")
