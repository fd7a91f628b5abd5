"""USB cameras: a driver in Python in place of the kernel's, and a real one where there is one."""

import ctypes
import errno
import glob
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from iot_facerecognition_edge.cameras import PixelFormat, v4l2_controls, v4l2_kernel
from iot_facerecognition_edge.cameras.v4l2_camera import V4l2Camera, devices
from iot_facerecognition_edge.cameras.v4l2_device import Range
from iot_facerecognition_edge.errors import CameraError
from iot_facerecognition_edge.settings import Settings

SECONDS = 10.0
BRIGHTNESS = 0x00980900


class Run:
    """A camera on a fake driver, and what it tells."""

    def __init__(self, driver: Any, **settings: Any) -> None:
        self.driver = driver
        self.settings = Settings({f"camera.{name}": value for name, value in settings.items()})
        self.now = 0.0
        self.camera = V4l2Camera("/dev/video0", self.settings, driver, lambda: self.now)
        self.arrived = threading.Event()
        self.failed = threading.Event()
        self.reason = ""

    def start(self, preview: tuple[int, int] | None = None) -> None:
        self.camera.start(preview, self.arrived.set, self._fail)

    def _fail(self, reason: str) -> None:
        self.reason = reason
        self.failed.set()

    def picture(self, content: bytes, **how: Any) -> Any:
        """Let the camera take a picture and return it."""
        self.arrived.clear()
        self.driver.expose(content, **how)
        assert self.arrived.wait(SECONDS)
        return self.camera.newest()


@pytest.fixture
def photo(photos: Path) -> bytes:
    turbojpeg = pytest.importorskip("turbojpeg")
    codec = turbojpeg.TurboJPEG()
    picture = codec.decode((photos / "obama.jpg").read_bytes())
    return codec.encode(picture[:480, :640])


@pytest.mark.skipif(sys.maxsize < 2**32, reason="the numbers of a 64 bit machine")
def test_request_numbers_are_those_of_videodev2() -> None:
    assert {request.name: int(request) for request in v4l2_kernel.Request} == {
        "QUERYCAP": 0x80685600,
        "ENUM_FMT": 0xC0405602,
        "G_FMT": 0xC0D05604,
        "S_FMT": 0xC0D05605,
        "REQBUFS": 0xC0145608,
        "QUERYBUF": 0xC0585609,
        "QBUF": 0xC058560F,
        "DQBUF": 0xC0585611,
        "STREAMON": 0x40045612,
        "STREAMOFF": 0x40045613,
        "S_PARM": 0xC0CC5616,
        "G_CTRL": 0xC008561B,
        "S_CTRL": 0xC008561C,
        "QUERYCTRL": 0xC0445624,
        "ENUM_FRAMESIZES": 0xC02C564A,
    }


def test_structures_have_the_kernels_sizes() -> None:
    wide = ctypes.sizeof(ctypes.c_void_p) == 8
    assert ctypes.sizeof(v4l2_kernel.Format) == (208 if wide else 204)
    assert ctypes.sizeof(v4l2_kernel.Buffer) == (88 if wide else 68)


def test_mjpeg_passes_through_untouched_with_the_drivers_time(
    v4l2_driver: Any, photo: bytes
) -> None:
    run = Run(v4l2_driver(), width=640, height=480)
    run.start()
    first = run.picture(photo, time=12.25)
    assert first.jpeg == photo
    assert first.time == pytest.approx(12.25)
    assert run.camera.capabilities.size == (640, 480)
    assert run.camera.capabilities.fps == 30
    assert run.camera.capabilities.name == "Fake Camera: Fake Camera"
    assert run.picture(photo).number == 2
    run.camera.stop()


def test_more_pictures_than_buffers_keep_coming(v4l2_driver: Any, photo: bytes) -> None:
    run = Run(v4l2_driver())
    run.start()
    for number in range(1, 12):
        assert run.picture(photo).number == number
    run.camera.stop()


def test_a_picture_that_nobody_fetched_gives_way(v4l2_driver: Any, photo: bytes) -> None:
    run = Run(v4l2_driver())
    run.start()
    run.driver.expose(photo, time=1.0)
    run.driver.drained()
    picture = run.picture(photo + b"\0", time=2.0)
    assert picture.number == 2
    assert run.camera.newest() is None
    run.camera.stop()


def test_yuyv_is_encoded_with_its_padding_left_out(v4l2_driver: Any) -> None:
    turbojpeg = pytest.importorskip("turbojpeg")
    run = Run(v4l2_driver(formats=("YUYV",)), width=318, height=240, jpeg_quality=95)
    run.start()
    row = bytes((180, 128, 180, 128)) * 80 + bytes((20, 128, 20, 128)) * 79
    picture = run.picture((row + bytes(32)) * 240)
    grey = turbojpeg.TurboJPEG().decode(picture.jpeg, turbojpeg.TJPF_GRAY)[:, :, 0]
    assert grey.shape == (240, 318)
    assert abs(int(grey[100, 20]) - 180) < 4
    assert abs(int(grey[200, 310]) - 20) < 4
    assert "jpeg_quality" in run.camera.capabilities.controls
    run.camera.stop()


def test_the_preview_is_a_small_rgb_picture_made_when_asked_for(
    v4l2_driver: Any, photo: bytes
) -> None:
    run = Run(v4l2_driver(), width=640, height=480)
    run.start(preview=(160, 120))
    run.picture(photo)
    assert run.camera.preview() is None
    run.picture(photo, time=3.0)
    preview = run.camera.preview()
    assert preview is not None
    assert (preview.width, preview.height, preview.format) == (160, 120, PixelFormat.BGRX)
    assert len(preview.pixels) == 160 * 120 * 4
    assert preview.time == pytest.approx(3.0)
    run.camera.stop()


@pytest.mark.parametrize(
    ("content", "flags"), [(b"\xff\xd8good", 0x2040), (b"torn", 0x2000), (b"", 0)]
)
def test_damaged_pictures_are_left_out(
    v4l2_driver: Any, photo: bytes, content: bytes, flags: int
) -> None:
    run = Run(v4l2_driver())
    run.start()
    run.driver.expose(content, flags=flags)
    picture = run.picture(photo)
    assert (picture.jpeg, picture.number) == (photo, 1)
    run.camera.stop()


def test_stop_gives_buffers_and_device_back_and_it_can_start_again(
    v4l2_driver: Any, photo: bytes
) -> None:
    run = Run(v4l2_driver())
    for _ in range(3):
        run.start()
        assert run.picture(photo).number == 1
        run.camera.stop()
        assert not run.driver.open_descriptors
        assert not run.driver.mapped
    run.camera.stop()


def test_a_camera_that_is_pulled_out_says_so_and_can_be_closed(v4l2_driver: Any) -> None:
    run = Run(v4l2_driver())
    run.start()
    run.driver.unplug()
    assert run.failed.wait(SECONDS)
    assert "lost" in run.reason
    run.camera.stop()
    assert not run.driver.open_descriptors


def test_a_camera_that_falls_silent_says_so(v4l2_driver: Any) -> None:
    run = Run(v4l2_driver())
    run.start()
    run.now = 6.0
    assert run.failed.wait(SECONDS)
    assert "no picture" in run.reason
    run.camera.stop()


@pytest.mark.parametrize(
    ("prepare", "says"),
    [
        ({"path": "/dev/video9"}, "plugged in"),
        ({"open_descriptors": {1}}, "another program"),
        ({"capabilities": v4l2_kernel.CAP_STREAMING}, "the other one"),
        ({"formats": ("H264",)}, "only H264"),
    ],
    ids=["missing", "busy", "metadata", "format"],
)
def test_failures_name_the_cure(v4l2_driver: Any, prepare: dict[str, Any], says: str) -> None:
    driver = v4l2_driver()
    for name, value in prepare.items():
        setattr(driver, name, value)
    before = set(driver.open_descriptors)
    with pytest.raises(CameraError, match=says):
        Run(driver).start()
    assert driver.open_descriptors == before


def test_controls_follow_the_settings(v4l2_driver: Any, photo: bytes) -> None:
    driver = v4l2_driver()
    driver.controls = {
        BRIGHTNESS: [-64, 64, 0, 0],
        BRIGHTNESS + 1: [0, 95, 32, 32],
        v4l2_controls.AUTO_WHITE_BALANCE: [0, 1, 1, 1],
        v4l2_controls.WHITE_BALANCE_TEMPERATURE: [2800, 6500, 4600, 4600],
        v4l2_controls.EXPOSURE_AUTO: [0, 3, 3, 3],
        v4l2_controls.EXPOSURE_ABSOLUTE: [1, 5000, 157, 157],
        v4l2_controls.HORIZONTAL_FLIP: [0, 1, 0, 0],
    }
    run = Run(driver, brightness=50, white_balance="tungsten", shutter_speed=20000, rotation="180")
    run.start()
    sentences = run.camera.apply(run.settings)
    values = {control: entry[3] for control, entry in driver.controls.items()}
    assert values[BRIGHTNESS] == 32
    assert values[BRIGHTNESS + 1] == 32
    assert values[v4l2_controls.AUTO_WHITE_BALANCE] == 0
    assert values[v4l2_controls.WHITE_BALANCE_TEMPERATURE] == 3200
    assert values[v4l2_controls.EXPOSURE_AUTO] == 1
    assert values[v4l2_controls.EXPOSURE_ABSOLUTE] == 200
    assert sentences == ("camera.rotation does nothing: this camera cannot do that",)
    assert {"brightness", "contrast", "white_balance"} <= run.camera.capabilities.controls
    assert "saturation" not in run.camera.capabilities.controls
    run.settings.set("camera.shutter_speed", 0)
    run.settings.set("camera.white_balance", "auto")
    run.camera.apply(run.settings)
    assert driver.controls[v4l2_controls.EXPOSURE_AUTO][3] == 3
    assert driver.controls[v4l2_controls.AUTO_WHITE_BALANCE][3] == 1
    run.camera.stop()


def test_a_control_that_refuses_is_reported_and_the_others_are_set(v4l2_driver: Any) -> None:
    driver = v4l2_driver()
    driver.controls = {
        BRIGHTNESS: [-64, 64, 0, 0],
        v4l2_controls.WHITE_BALANCE_TEMPERATURE: [2800, 6500, 4600, 4600],
    }
    run = Run(driver, brightness=100, white_balance="cloudy")
    run.start()
    sentences = run.camera.apply(run.settings)
    assert any("refuses" in sentence for sentence in sentences)
    assert driver.controls[BRIGHTNESS][3] == 64
    run.camera.stop()


@pytest.mark.parametrize(("percent", "value"), [(0, 0), (50, 16), (100, 32), (250, 63), (400, 95)])
def test_percent_is_of_the_cameras_own(percent: int, value: int) -> None:
    assert v4l2_controls.scaled(percent, False, Range(0, 95, 32)) == pytest.approx(value, abs=1)


def test_devices_lists_what_can_be_sent_in_numerical_order(
    tmp_path: Path, v4l2_driver: Any
) -> None:
    drivers = {
        "video0": v4l2_driver(formats=("H264",)),
        "video2": v4l2_driver(),
        "video10": v4l2_driver(formats=("YUYV",)),
    }
    for name in (*drivers, "video1"):
        (tmp_path / name).touch()

    class Kernels:
        def __init__(self) -> None:
            self.current: Any = None

        def open(self, path: str) -> int:
            name = Path(path).name
            if name not in drivers:
                raise OSError(errno.ENOTTY, "no camera")
            self.current = drivers[name]
            self.current.path = path
            return int(self.current.open(path))

        def __getattr__(self, name: str) -> Any:
            return getattr(self.current, name)

    found = devices(tmp_path, Kernels())  # type: ignore[arg-type]
    assert [Path(path).name for path in found] == ["video2", "video10"]


@pytest.mark.skipif(not glob.glob("/dev/video*"), reason="this machine has no /dev/video*")  # noqa: PTH207
def test_a_real_camera_gives_pictures() -> None:
    found = devices()
    if not found:
        pytest.skip("none of this machine's video devices gives MJPEG or YUYV")
    arrived = threading.Event()
    settings = Settings({"camera.width": 640, "camera.height": 480})
    camera = V4l2Camera(found[0], settings)
    camera.start(None, arrived.set, pytest.fail)
    try:
        camera.apply(settings)
        assert arrived.wait(SECONDS)
        picture = camera.newest()
        assert picture is not None
        assert picture.jpeg.startswith(b"\xff\xd8")
    finally:
        camera.stop()


def test_the_sizes_are_those_that_the_camera_lists_for_its_format(v4l2_driver: Any) -> None:
    driver = v4l2_driver()
    driver.sizes = {"MJPG": [(640, 480), (1280, 720)], "YUYV": [(320, 240)]}
    run = Run(driver)
    run.start()
    assert run.camera.capabilities.sizes == ((640, 480), (1280, 720))
    run.camera.stop()


def test_a_camera_that_scales_offers_usual_sizes_up_to_its_largest(v4l2_driver: Any) -> None:
    driver = v4l2_driver()
    driver.stepwise = True
    run = Run(driver)
    run.start()
    sizes = run.camera.capabilities.sizes
    assert (1280, 720) in sizes
    assert all(width <= 1280 and height <= 720 for width, height in sizes)
    run.camera.stop()


def test_a_camera_that_does_not_list_sizes_offers_none(v4l2_driver: Any) -> None:
    run = Run(v4l2_driver())
    run.start()
    assert run.camera.capabilities.sizes == ()
    run.camera.stop()
