"""What systemd is told, and the unit it starts."""

import configparser
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from iot_facerecognition_client import State, Status
from iot_facerecognition_edge.capture.status import CameraStatus
from iot_facerecognition_edge.cli import EXIT_CONFIGURATION, EXIT_LEFT
from iot_facerecognition_edge.daemon import Daemon, NoNotifier, open_notifier, status_line
from iot_facerecognition_edge.log.eventlog import EventLog
from iot_facerecognition_edge.machine.health import WifiLink
from iot_facerecognition_edge.machine.progress import Progress
from iot_facerecognition_protocol import CameraState, Health

UNIT = Path(__file__).parents[2] / "edge" / "iot-facerecognition-edge.service"


class Notifier:
    def __init__(self) -> None:
        self.lines: list[str] = []

    def notify(self, state: str) -> None:
        self.lines.append(state)


class Appliance:
    """As much of one as the daemon looks at."""

    def __init__(self) -> None:
        self.now = 0.0
        self.progress = Progress(capture=10, network=20)
        self.log = EventLog()
        self.connection = Status(State.CONNECTED, "connected", server="server:50000")
        self.camera = CameraStatus(CameraState.RUNNING, "imx219, 1280x720 at 15 fps")
        self.network = WifiLink(True, -56.0, "Wi-Fi at -56 dBm")
        self.health = Health(capture_fps=15.0)
        self.fps = 14.6

    def clock(self) -> float:
        return self.now


@pytest.fixture
def appliance() -> Any:
    return Appliance()


def test_ready_status_and_signs_of_life(appliance: Any) -> None:
    notifier = Notifier()
    daemon = Daemon(appliance, notifier)
    daemon.ready()
    daemon.beat()
    daemon.stopping()
    status = (
        "STATUS=connected to server:50000; 15 results a second; camera at 15 fps; Wi-Fi at -56 dBm"
    )
    assert notifier.lines == ["READY=1", "WATCHDOG=1", status, "WATCHDOG=1", "STOPPING=1"]


def test_no_sign_of_life_while_the_camera_hangs_and_one_line_about_it(appliance: Any) -> None:
    notifier = Notifier()
    daemon = Daemon(appliance, notifier)
    appliance.progress.want(0, capture=True, network=True)
    appliance.now = 11
    daemon.beat()
    daemon.beat()
    assert "WATCHDOG=1" not in notifier.lines
    texts = [entry.text for entry in appliance.log.entries()]
    assert texts == ["the camera hangs: systemd will start this program again"]
    appliance.progress.capture(11)
    daemon.beat()
    assert notifier.lines[-1] == "WATCHDOG=1"


def test_the_status_says_what_is_wrong(appliance: Any) -> None:
    appliance.connection = Status(
        State.RETRYING, "nothing listens at server:50000", server="server:50000"
    )
    appliance.camera = CameraStatus(CameraState.FAILED, "camera: none was found.\nCheck")
    appliance.network = WifiLink(None, None, "no Wi-Fi here")
    assert status_line(appliance) == (
        "server:50000: nothing listens at server:50000; camera: none was found. Check"
    )


def test_nobody_is_notified_where_nobody_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    assert isinstance(open_notifier(), NoNotifier)


def test_the_units_openssl_settings_ask_for_chacha20_and_leave_aes_as_second_choice() -> None:
    script = (
        "import ssl; context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT);"
        "print(*(c['name'] for c in context.get_ciphers() if c['protocol'] == 'TLSv1.3'))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        env=os.environ | {"OPENSSL_CONF": str(UNIT.with_name("openssl.cnf"))},
        check=True,
        capture_output=True,
        text=True,
    )
    assert done.stdout.split() == ["TLS_CHACHA20_POLY1305_SHA256", "TLS_AES_128_GCM_SHA256"]


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="needs systemd-analyze")
def test_the_unit_exposes_little() -> None:
    done = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--no-pager", UNIT],
        check=True,
        capture_output=True,
        text=True,
    )
    found = re.search(r"exposure level for \S+: ([0-9.]+)", done.stdout)
    assert found is not None
    assert float(found[1]) <= 3.0


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="needs systemd-analyze")
def test_the_unit_is_understood(tmp_path: Path) -> None:
    program = tmp_path / "iot-facerecognition-edge"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    copy = tmp_path / UNIT.name
    text = UNIT.read_text().replace("/usr/bin/iot-facerecognition-edge", str(program))
    copy.write_text(text)
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", copy],
        check=False,
        capture_output=True,
        text=True,
    )
    assert [line for line in done.stderr.splitlines() if UNIT.name in line] == []
    assert done.returncode == 0


def test_the_unit_notifies_is_watched_and_runs_as_its_own_user() -> None:
    unit = configparser.ConfigParser(strict=False, interpolation=None, delimiters=("=",))
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read(UNIT)
    service = unit["Service"]
    assert service["Type"] == "notify"
    assert service["User"] == "iot-facerecognition"
    assert set(service["SupplementaryGroups"].split()) == {"video", "render", "input", "gpio"}
    assert int(service["WatchdogSec"]) > 0
    assert service["Restart"] == "always"
    kept_ended = {str(EXIT_CONFIGURATION), str(EXIT_LEFT)}
    assert set(service["RestartPreventExitStatus"].split()) == kept_ended
    assert service["SuccessExitStatus"] == str(EXIT_LEFT)
