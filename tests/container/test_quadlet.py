"""The unit for hosts without compose, as podman's generator and systemd understand it."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.container.containers import HARDENING, ROOT
from tests.container.podman import Podman
from tests.container.quadlet import Quadlet

NAME = "iot-facerecognition-server"


@pytest.fixture(scope="module")
def quadlet(podman: Podman, cache: Path) -> Quadlet:
    return Quadlet(podman, cache)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the administrator puts it."""
    made = tmp_path / "systemd"
    made.mkdir()
    shutil.copy(ROOT / "container" / f"{NAME}.container", made)
    return made


def test_generated_service_is_what_systemd_takes(quadlet: Quadlet, folder: Path) -> None:
    unit = folder.parent / f"{NAME}.service"
    unit.write_text(quadlet.service(folder))
    checked = subprocess.run(
        ["systemd-analyze", "verify", unit], check=False, capture_output=True, text=True
    )
    assert (checked.returncode, checked.stdout + checked.stderr) == (0, "")
    # It can say no: unknown keys are only reported.
    unit.write_text(unit.read_text().replace("[Service]", "[Service]\nRestrat=no"))
    checked = subprocess.run(
        ["systemd-analyze", "verify", unit], check=False, capture_output=True, text=True
    )
    assert "Restrat" in checked.stderr


@pytest.mark.parametrize(
    "option",
    [
        *(
            word
            for word in HARDENING
            if not word.startswith(("--tmpfs", "--cap", "--mem", "--pid"))
        ),
        "--tmpfs /tmp",
        "--cap-drop all",
        "--memory=4g",
        "--pids-limit=512",
        "-v iot-facerecognition-data:/data",
        "--publish 50000:50000",
        "--publish 127.0.0.1:50090:50090",
        "--sdnotify=healthy",
        "--health-start-period 5m",
        "--health-on-failure kill",
        "--stop-timeout 10",
        "--log-driver journald",
    ],
)
def test_generated_service_runs_it_as_the_page_does(
    option: str, quadlet: Quadlet, folder: Path
) -> None:
    lines = quadlet.service(folder).splitlines()
    (start,) = (line for line in lines if line.startswith("ExecStart="))
    assert f" {option} " in start
    assert "Type=notify" in lines


def test_with_a_gpu_only_the_comment_marks_go(quadlet: Quadlet, folder: Path) -> None:
    file = folder / f"{NAME}.container"
    file.write_text(file.read_text().replace("#AddDevice", "AddDevice").replace("#Env", "Env"))
    unit = quadlet.service(folder)
    assert "--device nvidia.com/gpu=all" in unit
    assert "--env IOT_FACERECOGNITION_ENGINE_DEVICE=cuda" in unit


def test_the_log_is_limited_by_the_journal_or_in_a_file(quadlet: Quadlet, folder: Path) -> None:
    unit = quadlet.service(folder)
    assert "LogRateLimitBurst=2000" in unit.splitlines()
    file = folder / f"{NAME}.container"
    text = file.read_text().replace("LogDriver=journald\n", "").replace("#Log", "Log")
    file.write_text(text)
    unit = quadlet.service(folder)
    assert " --log-driver k8s-file --log-opt max-size=10mb " in unit


def test_key_that_podman_does_not_know_makes_no_service(quadlet: Quadlet, folder: Path) -> None:
    file = folder / f"{NAME}.container"
    file.write_text(file.read_text().replace("ReadOnly=", "ReadOnlyRoot="))
    with pytest.raises(AssertionError, match="ReadOnlyRoot"):
        quadlet.service(folder)
