"""The Raspberry Pi's camera, against a small picamera2 with the real one's threads and buffers."""

import sys
import threading
import time
from typing import Any, Self

import pytest

from iot_facerecognition_edge.cameras import PixelFormat
from iot_facerecognition_edge.cameras.picamera2_camera import Picamera2Camera
from iot_facerecognition_edge.errors import CameraError
from iot_facerecognition_edge.settings import Settings
from iot_facerecognition_edge.views.face_boxes import fitted

np = pytest.importorskip("numpy")
turbojpeg = pytest.importorskip("turbojpeg", reason="the fake encoder makes real JPEGs with it")

SECONDS = 10.0
BRIGHT, DARK = 200, 40


class Run:
    """A running camera, and what it tells."""

    def __init__(self, preview: tuple[int, int] | None = None, **settings: Any) -> None:
        values = {"camera.width": 320, "camera.height": 240, "camera.fps": 60}
        for name, value in settings.items():
            values[name if "." in name else f"camera.{name}"] = value
        self.settings = Settings(values)
        self.camera = Picamera2Camera(self.settings)
        self.arrived = threading.Event()
        self.failures: list[str] = []
        self._preview = preview

    def __enter__(self) -> Self:
        self.camera.start(self._preview, self.arrived.set, self.failures.append)
        return self

    def __exit__(self, *_: object) -> None:
        self.camera.stop()

    def picture(self) -> Any:
        """Return the next picture."""
        self.arrived.clear()
        self.camera.newest()
        while True:
            assert self.arrived.wait(SECONDS)
            self.arrived.clear()
            picture = self.camera.newest()
            if picture is not None:
                return picture


def pixels(jpeg: bytes) -> Any:
    return turbojpeg.TurboJPEG().decode(jpeg, turbojpeg.TJPF_GRAY)[:, :, 0]


def test_pictures_are_jpegs_of_the_size_asked_for_with_the_sensors_time(picamera2: Any) -> None:
    before = time.monotonic()
    with Run() as run:
        first, second = run.picture(), run.picture()
        assert pixels(first.jpeg).shape == (240, 320)
        assert second.number > first.number
        assert second.time > first.time
        assert before <= second.time <= time.monotonic()
        assert run.camera.capabilities.size == (320, 240)
        assert run.camera.capabilities.name == "imx219"


def test_only_the_newest_picture_waits(picamera2: Any) -> None:
    with Run() as run:
        before = run.picture()
        for _ in range(5):
            run.arrived.clear()
            assert run.arrived.wait(SECONDS)
        assert run.camera.newest().number >= before.number + 5
        sensor = picamera2.Picamera2.opened[-1].sensor
        assert sensor.error is None


@pytest.mark.parametrize("size", [(640, 480), (1280, 720)])
def test_it_fits_into_a_zeros_contiguous_memory_where_the_defaults_do_not(
    picamera2: Any, size: tuple[int, int]
) -> None:
    picamera2.Picamera2.memory.peak = 0
    with Run(preview=(320, 240), width=size[0], height=size[1]) as run:
        run.picture()
    assert picamera2.Picamera2.memory.peak <= 8 << 20
    assert picamera2.Picamera2.memory.used == 0
    camera = picamera2.Picamera2()
    config = camera.create_video_configuration({"size": (1280, 720)})
    with pytest.raises(RuntimeError, match="failed to allocate"):
        camera.configure(config)


def test_the_bit_rate_reaches_the_encoder(picamera2: Any) -> None:
    with Run(bit_rate=2048):
        (encoder,) = picamera2.Picamera2.opened[-1]._encoders
        assert encoder.bitrate == 2_048_000


def test_the_frame_rate_becomes_frame_duration_limits(picamera2: Any) -> None:
    with Run(fps=20):
        controls = picamera2.Picamera2.opened[-1].controls
        assert controls["FrameDurationLimits"] == (50000, 50000)


@pytest.mark.parametrize(
    ("settings", "bright_left", "corner_top"),
    [
        ({}, True, True),
        ({"mirror_horizontal": True}, False, True),
        ({"mirror_vertical": True}, True, False),
        ({"rotation": "180"}, False, False),
        ({"rotation": "180", "mirror_horizontal": True, "mirror_vertical": True}, True, True),
    ],
)
def test_flips_and_half_a_turn(
    picamera2: Any, settings: dict[str, Any], bright_left: bool, corner_top: bool
) -> None:
    with Run(**settings) as run:
        picture = pixels(run.picture().jpeg)
    middle = picture[120]
    assert (middle[40] > middle[280]) == bright_left
    column = 10 if bright_left else 309
    assert (picture[10, column] < picture[229, column]) == corner_top


def test_the_preview_is_the_small_stream_in_colour(picamera2: Any) -> None:
    with Run(preview=(200, 200), width=640, height=480) as run:
        assert run.camera.preview() is None
        run.picture()
        while (preview := run.camera.preview()) is None:
            run.picture()
    assert preview.format is PixelFormat.BGRX
    assert (preview.width, preview.height) == (200, 150)
    image = np.frombuffer(preview.pixels, np.uint8).reshape(150, 200, 4)
    assert image[75, 20, :3].tolist() == [BRIGHT] * 3
    assert image[75, 187, :3].tolist() == [DARK] * 3
    assert picamera2.Picamera2.opened[-1].sensor.error is None


@pytest.mark.parametrize("screen", [(320, 240), (480, 320), (320, 480), (800, 480), (1024, 600)])
@pytest.mark.parametrize("size", [(1280, 720), (640, 480), (1640, 1232)])
def test_the_preview_is_as_large_as_it_is_shown(
    picamera2: Any, screen: tuple[int, int], size: tuple[int, int]
) -> None:
    """Scaling it there would cost as much as all the rest of the drawing."""
    with Run(preview=screen, width=size[0], height=size[1]):
        lores = picamera2.Picamera2.opened[-1].camera_config["lores"]["size"]
    _, _, width, height = fitted(size, (0, 0, *screen))
    if width <= size[0] and height <= size[1]:
        assert 0 <= width - lores[0] <= 1
        assert 0 <= height - lores[1] <= 1
    else:
        assert lores == size


def test_the_sizes_are_those_that_sensor_and_encoder_can_scale_to(picamera2: Any) -> None:
    with Run() as run:
        sizes = run.camera.capabilities.sizes
    assert (640, 480) in sizes
    assert max(sizes) == (1920, 1080)


def test_a_preview_in_grey_is_the_small_streams_brightness(picamera2: Any) -> None:
    with Run(preview=(200, 200), **{"display.colour_preview": False}) as run:
        while (preview := run.camera.preview()) is None:
            run.picture()
    assert preview.format is PixelFormat.GREY
    assert len(preview.pixels) == preview.width * preview.height
    assert preview.pixels[preview.width * 40 + 10] == BRIGHT


def test_a_padded_small_stream_loses_its_padding(picamera2: Any) -> None:
    with Run(preview=(100, 100), width=160, height=120) as run:
        while (preview := run.camera.preview()) is None:
            run.picture()
        lores = picamera2.Picamera2.opened[-1].camera_config["lores"]
    assert len(preview.pixels) == preview.width * preview.height * 4
    assert lores["size"] == (preview.width, preview.height)


def test_no_preview_is_copied_while_nobody_looks(picamera2: Any) -> None:
    with Run(preview=(160, 120)) as run:
        while (first := run.camera.preview()) is None:
            run.picture()
        for _ in range(3):
            run.picture()
        assert run.camera._preview.time <= first.time + 1 / 20


def test_settings_become_libcameras_controls(picamera2: Any) -> None:
    settings = {
        "brightness": 20,
        "contrast": 150,
        "white_balance": "daylight",
        "metering_mode": "spot",
        "exposure_mode": "long",
        "exposure_compensation": -1.5,
        "iso": 400,
        "shutter_speed": 8000,
    }
    with Run(**settings):
        controls = picamera2.Picamera2.opened[-1].controls
    assert controls["Brightness"] == pytest.approx(0.2)
    assert controls["Contrast"] == pytest.approx(1.5)
    assert controls["AwbMode"].name == "Daylight"
    assert controls["AeMeteringMode"].name == "Spot"
    assert controls["AeExposureMode"].name == "Long"
    assert controls["ExposureValue"] == -1.5
    assert controls["AnalogueGain"] == 4
    assert controls["ExposureTime"] == 8000


def test_automatic_exposure_starts_without_values_and_is_gone_back_to_with_zeros(
    picamera2: Any,
) -> None:
    with Run() as run:
        controls = picamera2.Picamera2.opened[-1].controls
        assert "ExposureTime" not in controls
        run.settings.set("camera.shutter_speed", 5000)
        run.camera.apply(run.settings)
        assert controls["ExposureTime"] == 5000
        run.settings.set("camera.shutter_speed", 0)
        run.camera.apply(run.settings)
        assert controls["ExposureTime"] == 0


def test_exposure_off_sends_no_automatic_mode(picamera2: Any) -> None:
    with Run(exposure_mode="off", shutter_speed=5000):
        controls = picamera2.Picamera2.opened[-1].controls
    assert controls["AeEnable"] is False
    assert "AeExposureMode" not in controls
    assert "AnalogueGain" not in controls


def test_what_has_no_counterpart_is_said(picamera2: Any) -> None:
    with Run(stabilisation=True, sharpness=200) as run:
        del picamera2.Picamera2.opened[-1].camera_controls["Sharpness"]
        sentences = run.camera.apply(run.settings)
    assert any("stabilisation" in sentence for sentence in sentences)
    assert any("Sharpness" in sentence for sentence in sentences)
    assert "stabilisation" not in run.camera.capabilities.controls


def test_a_sensor_mode_is_passed_on_and_a_missing_one_named(picamera2: Any) -> None:
    with Run(sensor_mode=2):
        sensor = picamera2.Picamera2.opened[-1].camera_config["sensor"]
    assert sensor == {"output_size": (1640, 1232), "bit_depth": 10}
    with pytest.raises(CameraError, match="1 to 2"), Run(sensor_mode=9):
        pass


def test_stop_gives_the_device_back_and_it_can_start_again(picamera2: Any) -> None:
    run = Run()
    for _ in range(3):
        with run:
            run.picture()
        assert picamera2.Picamera2.busy is False
        assert run.camera.newest() is None
    run.camera.stop()


@pytest.mark.parametrize(
    ("prepare", "says"),
    [
        (lambda camera: setattr(camera, "busy", True), "another program"),
        (lambda camera: setattr(camera, "models", []), "ribbon cable"),
    ],
    ids=["busy", "none"],
)
def test_failures_name_the_cure(
    picamera2: Any, monkeypatch: pytest.MonkeyPatch, prepare: Any, says: str
) -> None:
    with monkeypatch.context() as context:
        for name in ("busy", "models"):
            context.setattr(picamera2.Picamera2, name, getattr(picamera2.Picamera2, name))
        prepare(picamera2.Picamera2)
        with pytest.raises(CameraError, match=says), Run():
            pass


def test_too_little_memory_names_the_boot_option_and_gives_everything_back(picamera2: Any) -> None:
    with pytest.raises(CameraError, match="cma-128"), Run(width=3840, height=2160):
        pass
    assert picamera2.Picamera2.busy is False
    assert picamera2.Picamera2.memory.used == 0


def test_without_picamera2_the_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "picamera2", None)
    with pytest.raises(CameraError, match="python3-picamera2"):
        Picamera2Camera(Settings()).start(None, lambda: None, lambda _: None)


def test_the_plane_shows_the_picture_and_the_newest_overlay(picamera2: Any) -> None:
    with Run(preview=(320, 240), width=640, height=480) as run:
        plane = run.camera.plane
        assert plane is not None
        assert run.camera.capabilities.plane
        plane.show(10, 20, 300, 200)
        plane.overlay(bytes(4 * 6), 3, 2)
        plane.hide()
        plane.show(0, 0, 480, 320)
        plane.overlay(None, 0, 0)
        run.camera._plane._worker.submit(lambda: None).result(SECONDS)
        first, second = picamera2.Preview.DRM.value.shown[-2:]
        assert second.drew.wait(SECONDS)
        run.picture()
    assert first.area == {"x": 10, "y": 20, "width": 300, "height": 200}
    assert second.area == {"x": 0, "y": 0, "width": 480, "height": 320}
    assert picamera2.Picamera2.busy is False
