"""The fakes, each beside the protocol that it stands for; mypy compares them (`make lint`).

A fake that lacks a method, or takes or returns something else, fails there before a test can pass
for a reason that holds nowhere else. Nothing of this runs.
"""

from typing import Final

from iot_facerecognition_client.sources.interface import FrameSource
from iot_facerecognition_edge.cameras.interface import Camera, PreviewPlane
from iot_facerecognition_edge.cameras.v4l2_kernel import Mapping
from iot_facerecognition_edge.daemon import Notifier
from iot_facerecognition_edge.hooks import Hook
from iot_facerecognition_edge.screens.drm import Plane
from iot_facerecognition_edge.screens.interface import Screen
from iot_facerecognition_edge.screens.memory import MemoryScreen
from iot_facerecognition_edge.screens.touch import InputDevice
from iot_facerecognition_edge.synchronisation import Asker
from tests.edge.appliance.exposed_camera import ExposedCamera
from tests.edge.appliance.test_capture import FakeCamera
from tests.edge.appliance.test_daemon import Notifier as NotedLines
from tests.edge.appliance.test_hooks import Recorder
from tests.edge.appliance.test_synchronisation import Server
from tests.edge.appliance.test_watchdog import Signs
from tests.edge.cameras.fake_device.v4l2_driver import Mapping as MappedBuffer
from tests.edge.cameras.small_camera import SmallCamera
from tests.edge.client.failing_source import FailingSource
from tests.edge.ui.plane import FakePlane
from tests.edge.ui.touch_device import FakeDevice, FakeEvdev

ASKERS: Final[tuple[type[Asker], ...]] = (Server,)
CAMERAS: Final[tuple[type[Camera], ...]] = (ExposedCamera, FakeCamera, SmallCamera)
HOOKS: Final[tuple[type[Hook], ...]] = (Recorder,)
INPUT_DEVICES: Final[tuple[type[InputDevice], ...]] = (FakeDevice, FakeEvdev)
MAPPINGS: Final[tuple[type[Mapping], ...]] = (MappedBuffer,)
NOTIFIERS: Final[tuple[type[Notifier], ...]] = (NotedLines, Signs)
PLANES: Final[tuple[type[Plane], ...]] = (FakePlane,)
PREVIEW_PLANES: Final[tuple[type[PreviewPlane], ...]] = (FakePlane,)
SCREENS: Final[tuple[type[Screen], ...]] = (MemoryScreen,)
SOURCES: Final[tuple[type[FrameSource], ...]] = (FailingSource,)
