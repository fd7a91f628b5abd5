"""The boot's time from power to picture, with its parts."""

import json
from pathlib import Path

import pytest

from iot_facerecognition_client import State, Status
from iot_facerecognition_edge.boot import boot_time
from iot_facerecognition_edge.boot.milestones import Milestone, Milestones, milestones_file
from iot_facerecognition_edge.capture.status import CameraStatus
from iot_facerecognition_edge.errors import EdgeError
from iot_facerecognition_edge.events import (
    CameraChanged,
    ConnectionChanged,
    FacesSeen,
    FirstPicture,
)
from iot_facerecognition_protocol import CameraState

MANAGER = """\
FirmwareTimestampMonotonic=0
LoaderTimestampMonotonic=0
InitRDTimestampMonotonic=2500000
UserspaceTimestampMonotonic=4000000
"""
UNIT = "ExecMainStartTimestampMonotonic=13000000\nNRestarts=0\n"
REACHED = {"ready": 15.5, "camera": 17.0, "picture": 18.25, "connected": 21.0, "result": 22.5}


def of(manager: str = MANAGER, unit: str = UNIT, reached=REACHED) -> boot_time.BootTime:
    return boot_time.boot_time(boot_time.properties(manager), boot_time.properties(unit), reached)


def test_the_parts_add_up_to_the_first_picture():
    boot = of()
    assert boot.total == pytest.approx(18.25)
    assert [part.seconds for part in boot.parts] == pytest.approx([2.5, 1.5, 9.0, 2.5, 2.75])
    printed = boot_time.report(boot, ["4.2s NetworkManager.service"])
    print(printed)
    first, *rest = printed.splitlines()
    assert first == "boot to first picture: 18.2 s"
    assert "     9.0 s  system, up to the edge's start" in rest
    assert "    22.5 s  first result" in rest
    assert "  4.2s NetworkManager.service" in rest
    assert any("firmware" in line and line.startswith("note: ") for line in rest)
    assert json.loads(boot_time.as_json(boot))["total"] == 18.25


def test_a_firmware_that_tells_its_time_is_counted_before_the_kernel():
    told = MANAGER.replace("FirmwareTimestampMonotonic=0", "FirmwareTimestampMonotonic=3000000")
    boot = of(told.replace("LoaderTimestampMonotonic=0", "LoaderTimestampMonotonic=1000000"))
    assert [part.seconds for part in boot.parts[:2]] == [2.0, 1.0]
    assert boot.total == pytest.approx(18.25 + 3)
    assert not boot.notes


def test_without_an_initial_ram_disk_the_kernel_lasts_until_the_first_process():
    boot = of(MANAGER.replace("InitRDTimestampMonotonic=2500000", "InitRDTimestampMonotonic=0"))
    assert boot.parts[0] == boot_time.Part("kernel", 4.0)
    assert boot.total == pytest.approx(18.25)


def test_in_a_container_the_host_kernel_does_not_count():
    boot = of(
        MANAGER.replace("InitRDTimestampMonotonic=2500000", "InitRDTimestampMonotonic=0")
        + "Virtualization=systemd-nspawn\n"
    )
    assert boot.total == pytest.approx(14.25)
    assert boot.besides[-1].seconds == pytest.approx(18.5)
    assert any("container" in note for note in boot.notes)


def test_a_restarted_edge_is_reported():
    assert any("started again" in note for note in of(unit=UNIT.replace("=0", "=2")).notes)


@pytest.mark.parametrize(
    ("unit", "reached", "cure"),
    [
        ("ExecMainStartTimestampMonotonic=0\n", REACHED, "systemctl status"),
        (UNIT, {"ready": 15.5}, "open the camera view"),
    ],
)
def test_what_is_missing_is_said_with_its_cure(unit, reached, cure):
    with pytest.raises(EdgeError, match=cure):
        of(unit=unit, reached=reached)


def test_each_milestone_keeps_its_first_time_in_one_file(tmp_path: Path):
    now = 10.0
    file = tmp_path / "milestones.json"
    milestones = Milestones(file, lambda: now, pytest.fail)
    milestones.reach(Milestone.READY)
    running = CameraChanged(CameraStatus(CameraState.RUNNING, "imx219"))
    connected = ConnectionChanged(Status(State.CONNECTED, "connected", server="server:50000"))
    for event in (running, FirstPicture(), connected, FacesSeen((), 1, (640, 480), 1.0)):
        now += 1
        milestones.accept(event)
    now = 99.0
    milestones.accept(running)
    milestones.accept(CameraChanged(CameraStatus(CameraState.OFF, "the camera is off")))
    assert json.loads(file.read_text()) == {
        "ready": 10.0,
        "camera": 11.0,
        "picture": 12.0,
        "connected": 13.0,
        "result": 14.0,
    }


def test_a_file_that_cannot_be_written_is_reported_once(tmp_path: Path):
    told: list[str] = []
    milestones = Milestones(tmp_path / "missing" / "file", lambda: 1.0, told.append)
    milestones.reach(Milestone.READY)
    milestones.accept(FirstPicture())
    assert len(told) == 1


def test_the_file_is_in_the_runtime_directory_of_the_service():
    assert milestones_file({}) is None
    place = milestones_file({"RUNTIME_DIRECTORY": "/run/iot-facerecognition-edge"})
    assert place == boot_time.MILESTONES


def test_the_command_reads_systemd_and_the_file(tmp_path, monkeypatch, capsys):
    kept = tmp_path / "milestones.json"
    kept.write_text(json.dumps(REACHED))
    tools = tmp_path / "bin"
    tools.mkdir()
    (tmp_path / "unit").write_text(UNIT)
    (tmp_path / "manager").write_text(MANAGER)
    shown = f'case "$*" in *.service) cat {tmp_path}/unit ;; *) cat {tmp_path}/manager ;; esac'
    blame = 'echo "4.2s NetworkManager.service"'
    for name, body in {"systemctl": shown, "systemd-analyze": blame}.items():
        (tools / name).write_text(f"#!/bin/sh\n{body}\n")
        (tools / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}:/usr/bin:/bin")
    assert boot_time.main(["--milestones", str(kept)]) == 0
    assert capsys.readouterr().out.startswith("boot to first picture: 18.2 s\n")
    kept.write_text("{")
    assert boot_time.main(["--milestones", str(kept)]) == 1
    assert "restart" in capsys.readouterr().err
