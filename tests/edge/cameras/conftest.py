"""Fakes of the cameras that are not here: picamera2's modules and a V4L2 driver."""

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent


@pytest.fixture
def picamera2(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The fake picamera2, imported in place of the real one."""
    pytest.importorskip("turbojpeg", reason="the fake encoder makes real JPEGs by PyTurboJPEG")
    names = [name for name in sys.modules if name.partition(".")[0] in {"picamera2", "libcamera"}]
    for name in names:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.syspath_prepend(HERE / "fake_device")
    module = importlib.import_module("picamera2")
    yield module
    for camera in module.Picamera2.opened:
        camera.close()
    for name in [
        name for name in sys.modules if name.partition(".")[0] in {"picamera2", "libcamera"}
    ]:
        del sys.modules[name]


@pytest.fixture
def v4l2_driver(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The class of the fake V4L2 driver."""
    monkeypatch.syspath_prepend(HERE / "fake_device")
    return importlib.import_module("v4l2_driver").FakeDriver
