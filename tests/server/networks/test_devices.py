import subprocess
import sys

import pytest
import torch

from iot_facerecognition_server.cli.outcome import ExitCode
from iot_facerecognition_server.errors import DeviceError
from iot_facerecognition_server.networks.devices import choose_detector, choose_device

without_gpu = pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")


def with_cuda(monkeypatch, version: str | None, devices: int, *, usable: bool) -> None:
    monkeypatch.setattr(torch.version, "cuda", version)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: devices)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: usable)


@pytest.mark.parametrize(
    ("wanted", "usable", "expected"),
    [("auto", True, "cuda"), ("auto", False, "cpu"), ("cuda", True, "cuda"), ("cpu", True, "cpu")],
)
def test_the_device_is_the_gpu_where_there_is_one(monkeypatch, wanted, usable, expected):
    with_cuda(monkeypatch, "13.0", 1, usable=usable)
    assert choose_device(wanted) == expected


@pytest.mark.parametrize(
    ("version", "devices", "reason"),
    [
        (None, 0, "a build without CUDA"),
        ("13.0", 0, "no GPU or no driver .* --gpus all"),
        ("13.0", 1, "too old"),
    ],
)
def test_cuda_that_cannot_be_used_is_refused_with_the_reason(monkeypatch, version, devices, reason):
    with_cuda(monkeypatch, version, devices, usable=False)
    with pytest.raises(DeviceError, match=rf"Device=cuda.*{reason}.*Device=auto"):
        choose_device("cuda")


@without_gpu
def test_a_server_that_wants_cuda_does_not_start_without_it(tmp_path):
    (tmp_path / "config.ini").write_text(
        "[Connection]\nBind=127.0.0.1\nPort=0\n[Engine]\nDevice=cuda\n[Log]\nEnable=false\n"
    )
    ended = subprocess.run(
        [sys.executable, "-m", "iot_facerecognition_server", "run"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert ended.returncode == ExitCode.CONFIGURATION == 2
    assert "Device=cuda, but CUDA cannot be used" in ended.stderr
    assert "listening" not in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [("auto", "yunet"), ("yunet", "yunet"), ("hog", "hog"), ("cnn", "cnn")],
)
def test_the_detector_is_yunet_unless_another_is_named(wanted, expected):
    assert choose_detector(wanted) == expected
