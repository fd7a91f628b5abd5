"""The fakes, each next to the protocol that it stands for; mypy compares them (`make lint`).

A fake that lacks a method, or takes or returns something else, fails there before a test can pass
for a reason that holds nowhere else. Nothing of this runs.
"""

from typing import Final

from iot_facerecognition_client.sources.interface import FrameSource
from iot_facerecognition_edge.cameras.interface import Camera, PreviewPlane
from iot_facerecognition_edge.cameras.v4l2_kernel import Mapping
from iot_facerecognition_edge.connection.synchronisation import Asker
from iot_facerecognition_edge.daemon import Notifier
from iot_facerecognition_edge.presence.hooks import Hook
from iot_facerecognition_edge.screens.drm import Plane
from iot_facerecognition_edge.screens.interface import Screen
from iot_facerecognition_edge.screens.memory import MemoryScreen
from iot_facerecognition_edge.screens.touch import InputDevice
from iot_facerecognition_server.engine.interface import Engine
from iot_facerecognition_server.pipeline.tools import FrameCropper, FrameScanner
from tests.edge.cameras.fake_device.v4l2_driver import Mapping as MappedBuffer
from tests.edge.cameras.small_camera import SmallCamera
from tests.edge.capture.test_capture import FakeCamera
from tests.edge.client.failing_source import FailingSource
from tests.edge.connection.test_synchronisation import Server
from tests.edge.exposed_camera import ExposedCamera
from tests.edge.plane import FakePlane
from tests.edge.presence.test_hooks import Recorder
from tests.edge.test_daemon import Notifier as NotedLines
from tests.edge.test_watchdog import Signs
from tests.edge.touch_device import FakeDevice, FakeEvdev
from tests.server.engine.remote_engine import RemoteEngine
from tests.server.engine.test_contract import Camera as SeenCamera
from tests.server.engine.test_faults import Cropper, Scanner
from tests.server.engine.test_network_threads_in_engine import Cropper as LevelCropper
from tests.server.engine.test_network_threads_in_engine import Scanner as LevelScanner
from tests.server.observability.test_self_test import AnsweringEngine
from tests.server.observability.test_standing import StuckScanner
from tests.server.serving.test_dispatcher import ManualEngine

ASKERS: Final[tuple[type[Asker], ...]] = (Server,)
CAMERAS: Final[tuple[type[Camera], ...]] = (ExposedCamera, FakeCamera, SmallCamera)
CROPPERS: Final[tuple[type[FrameCropper], ...]] = (Cropper, LevelCropper, SeenCamera)
ENGINES: Final[tuple[type[Engine], ...]] = (AnsweringEngine, ManualEngine, RemoteEngine)
HOOKS: Final[tuple[type[Hook], ...]] = (Recorder,)
INPUT_DEVICES: Final[tuple[type[InputDevice], ...]] = (FakeDevice, FakeEvdev)
MAPPINGS: Final[tuple[type[Mapping], ...]] = (MappedBuffer,)
NOTIFIERS: Final[tuple[type[Notifier], ...]] = (NotedLines, Signs)
PLANES: Final[tuple[type[Plane], ...]] = (FakePlane,)
PREVIEW_PLANES: Final[tuple[type[PreviewPlane], ...]] = (FakePlane,)
SCANNERS: Final[tuple[type[FrameScanner], ...]] = (
    LevelScanner,
    Scanner,
    SeenCamera,
    StuckScanner,
)
SCREENS: Final[tuple[type[Screen], ...]] = (MemoryScreen,)
SOURCES: Final[tuple[type[FrameSource], ...]] = (FailingSource,)
