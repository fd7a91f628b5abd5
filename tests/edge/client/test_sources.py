"""Sources of frames, on real photos and a real video."""

import sys
import threading
import time
from pathlib import Path
from typing import ClassVar

import cv2
import numpy as np
import pytest
from PIL import Image

from iot_facerecognition_client.sources import SourceError, open_source
from iot_facerecognition_client.sources import pictures as pictures_module
from iot_facerecognition_client.sources.jpeg_encoder import JpegEncoder
from iot_facerecognition_client.sources.jpeg_header import JpegHeader, read_jpeg_header
from iot_facerecognition_client.sources.moving_photo import Area, MovingPhoto
from iot_facerecognition_client.sources.pacing import Pacer
from iot_facerecognition_client.sources.pictures import Pictures
from iot_facerecognition_client.sources.video import VideoFile
from iot_facerecognition_client.sources.webcam import Webcam
from iot_facerecognition_client.streaming import SourceStream

FAST = 1000.0


def decoded(jpeg: bytes) -> np.ndarray:
    return cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)


class ManualClock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_pacer_leaves_out_periods_that_passed():
    clock = ManualClock()
    pacer = Pacer(10.0, clock)
    pacer.start()
    assert pacer.tick() == 0
    clock.now += 0.35
    assert pacer.tick() == 3
    clock.now += 0.1
    assert pacer.tick() == 4
    pacer.stop()
    assert pacer.tick() is None
    clock.now += 1000
    pacer.start()
    assert pacer.tick() == 5


def test_a_waiting_pacer_is_stopped_at_once():
    pacer = Pacer(0.0001)
    pacer.start()
    assert pacer.tick() == 0
    ticks = []
    waiting = threading.Thread(target=lambda: ticks.append(pacer.tick()))
    waiting.start()
    pacer.stop()
    waiting.join(10)
    assert ticks == [None]


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"subsampling": 0}])
def test_a_header_is_read_without_a_library(tmp_path, options):
    Image.new("RGB", (321, 123)).save(tmp_path / "x.jpg", comment=b"\xff\xc0 no marker", **options)
    assert read_jpeg_header((tmp_path / "x.jpg").read_bytes()) == JpegHeader(321, 123)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_orientation_is_read_from_exif(tmp_path, orientation):
    exif = Image.Exif()
    exif[0x010E] = "a description in front of it"
    exif[0x0112] = orientation
    Image.new("RGB", (32, 16)).save(tmp_path / "x.jpg", exif=exif)
    assert read_jpeg_header((tmp_path / "x.jpg").read_bytes()).orientation == orientation


def test_what_is_cut_or_no_jpeg_is_refused_whatever_the_place(photos):
    whole = (photos / "biden.jpg").read_bytes()
    for end in range(600):
        try:
            read_jpeg_header(whole[:end])
        except ValueError:
            continue
        assert end > 100
    with pytest.raises(ValueError, match="FF D8"):
        read_jpeg_header((photos / "astronaut.png").read_bytes())


def test_a_fitting_jpeg_is_passed_on_byte_by_byte(photos):
    source = Pictures([photos / "biden.jpg"], size=(4000, 4000), fps=FAST)
    source.start()
    frame = source.next_frame()
    assert frame.jpeg == (photos / "biden.jpg").read_bytes()
    assert frame.size == Image.open(photos / "biden.jpg").size
    assert source.next_frame().index == 1


def test_others_are_made_to_fit_with_their_proportions(photos, tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.open(photos / "biden.jpg").save(tmp_path / "rotated.jpg", exif=exif)
    width, height = Image.open(photos / "biden.jpg").size
    paths = [photos / "obama.jpg", photos / "astronaut.png", tmp_path / "rotated.jpg"]
    source = Pictures(paths, size=(640, 480), fps=FAST)
    source.start()
    for path in paths:
        frame = source.next_frame()
        shape = decoded(frame.jpeg).shape
        assert (shape[1], shape[0]) == frame.size
        assert frame.size[0] <= 640
        assert frame.size[1] <= 480
        stored = Image.open(path).size if path.name != "rotated.jpg" else (height, width)
        assert frame.size[0] / frame.size[1] == pytest.approx(stored[0] / stored[1], rel=0.01)


def test_pictures_end_or_begin_anew(photos):
    for repeat, expected in ((True, [0, 1, 2]), (False, [0, None])):
        source = Pictures([photos / "biden.jpg"], fps=FAST, repeat=repeat)
        source.start()
        frames = [source.next_frame() for _ in expected]
        assert [frame and frame.index for frame in frames] == expected


def test_a_picture_stays_until_its_seconds_are_over(photos, tmp_path):
    Image.new("RGB", (64, 48)).save(tmp_path / "a.jpg")
    Image.new("RGB", (30, 60)).save(tmp_path / "b.jpg")
    clock = ManualClock()
    source = Pictures(
        [tmp_path / "a.jpg", tmp_path / "b.jpg"],
        size=(640, 480), fps=FAST, seconds_per_picture=3.0, clock=clock,
    )  # fmt: skip
    source.start()
    scenes = []
    for _ in range(8):
        scenes.append(source.next_frame().scene)
        clock.now += 1.0
    assert [scene.size for scene in scenes] == [(64, 48)] * 3 + [(30, 60)] * 3 + [(64, 48)] * 2
    assert [scene.number for scene in scenes] == [1, 1, 1, 2, 2, 2, 3, 3]


def test_a_picture_that_is_shown_is_read_once(tmp_path, monkeypatch):
    """However many there are: encoding one at every frame is more than a small board has."""
    monkeypatch.setattr(pictures_module, "_KEPT", 0)
    for name in ("a.jpg", "b.jpg"):
        Image.new("RGB", (64, 48)).save(tmp_path / name)
    clock = ManualClock()
    source = Pictures(
        [tmp_path / "a.jpg", tmp_path / "b.jpg"],
        size=(64, 48), fps=FAST, seconds_per_picture=3.0, clock=clock,
    )  # fmt: skip
    source.start()
    first = source.next_frame()
    (tmp_path / "a.jpg").unlink()
    clock.now += 1.0
    assert source.next_frame().jpeg == first.jpeg


def test_a_folder_shows_each_picture_long_enough_to_be_answered(photos):
    source = open_source(f"{photos / 'biden.jpg'},{photos / 'obama.jpg'}", fps=FAST)
    source.start()
    frames = [source.next_frame() for _ in range(20)]
    assert {frame.scene for frame in frames} == {frames[0].scene}


def test_a_moving_photo_is_another_scene_with_the_next_photo(moving):
    clock = ManualClock()
    source = MovingPhoto([path for path, _ in moving._photos], seconds_per_photo=4, clock=clock)
    source.start()
    numbers = []
    for _ in range(3):
        numbers.append(source.next_frame().scene.number)
        clock.now += 3.0
    assert numbers == [0, 0, 1]


def test_an_unreadable_picture_is_passed_over_and_named(photos, tmp_path, caplog):
    (tmp_path / "a.jpg").write_bytes(b"nothing")
    (tmp_path / "b.jpg").write_bytes((photos / "biden.jpg").read_bytes())
    source = open_source(str(tmp_path), size=(9999, 9999), fps=FAST)
    source.start()
    assert source.next_frame().index == 0
    assert "a.jpg" in caplog.text
    (tmp_path / "b.jpg").unlink()
    source = open_source(str(tmp_path), fps=FAST)
    source.start()
    with pytest.raises(SourceError, match="none of the images"):
        source.next_frame()


@pytest.fixture
def moving(photos) -> MovingPhoto:
    return MovingPhoto([photos / "obama.jpg", photos / "astronaut.png"], seconds_per_photo=4)


def test_a_moving_photo_is_the_same_every_time(moving, photos):
    paths = [photos / "obama.jpg", photos / "astronaut.png"]
    again = MovingPhoto(paths, seconds_per_photo=4)
    other = MovingPhoto(paths, seconds_per_photo=4, seed=1)
    assert moving.frames(3, start=20) == again.frames(3, start=20)
    assert moving.frames(3, start=20) != other.frames(3, start=20)


def test_a_moving_photo_stays_within_the_photo_and_moves_smoothly(moving):
    before = None
    photos = set()
    for index in range(400):
        crop = moving.crop(index)
        photos.add(crop.photo.name)
        width, height = Image.open(crop.photo).size
        assert crop.left >= -1e-6
        assert crop.top >= -1e-6
        assert crop.left + crop.width <= width + 1e-6
        assert crop.top + crop.height <= height + 1e-6
        assert crop.width / crop.height == pytest.approx(640 / 480)
        if before is not None and before.photo == crop.photo:
            step = max(abs(crop.left - before.left), abs(crop.width - before.width))
            assert step < 0.05 * width
        before = crop
    assert photos == {"obama.jpg", "astronaut.png"}
    assert moving.crop(60).photo != moving.crop(59).photo


def test_every_view_it_rests_at_holds_what_it_has_to_keep(photos):
    path = photos / "biden.jpg"
    width, height = Image.open(path).size
    area = Area(0.6 * width, 0.7 * height, 0.3 * width, 0.2 * height)
    source = MovingPhoto([path], keep={path: area}, closest=0.2, fps=10)
    crops = [source.crop(rest) for rest in range(0, 2000, 20)]
    for crop in crops:
        assert crop.left <= area.left + 1e-6
        assert crop.top <= area.top + 1e-6
        assert crop.left + crop.width >= area.left + area.width - 1e-6
        assert crop.top + crop.height >= area.top + area.height - 1e-6
    assert len({crop.left for crop in crops}) > 50


def test_an_area_too_large_to_keep_is_kept_by_its_middle(photos):
    path = photos / "biden.jpg"
    width, height = Image.open(path).size
    source = MovingPhoto([path], keep={path: Area(0, 0, width, height)}, fps=10)
    for rest in range(0, 400, 20):
        crop = source.crop(rest)
        assert crop.top + crop.height / 2 == pytest.approx(height / 2)


def test_a_frame_shows_what_its_crop_tells(moving):
    for index in (0, 17, 40, 75):
        crop = moving.crop(index)
        with Image.open(crop.photo) as photo:
            box = (crop.left, crop.top, crop.left + crop.width, crop.top + crop.height)
            cut = photo.convert("RGB").resize((640, 480), Image.Resampling.BICUBIC, box=box)
        shown = decoded(moving.jpeg(index))[:, :, ::-1]
        assert shown.shape == (480, 640, 3)
        assert np.abs(np.asarray(cut, np.int16) - shown).mean() < 6


def test_a_live_moving_photo_follows_the_clock(photos):
    clock = ManualClock()
    source = MovingPhoto([photos / "biden.jpg"], fps=10, clock=clock)
    source.start()
    assert source.next_frame().index == 0
    clock.now += 2.55
    frame = source.next_frame()
    assert (frame.index, frame.captured) == (25, clock.now)
    assert frame.jpeg == source.jpeg(25)


@pytest.fixture
def video(tmp_path) -> Path:
    path = tmp_path / "counted.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 50, (64, 48))
    for shade in (0, 80, 160, 240):
        writer.write(np.full((48, 64, 3), shade, np.uint8))
    writer.release()
    return path


@pytest.mark.parametrize(("repeat", "shades"), [(False, 4), (True, 9)])
def test_a_video_is_played_frame_by_frame(video, repeat, shades):
    source = VideoFile(video, fps=FAST, repeat=repeat)
    assert source.size == (64, 48)
    source.start()
    frames = [source.next_frame() for _ in range(shades)]
    for index, frame in enumerate(frames):
        assert frame.index == index
        assert decoded(frame.jpeg).mean() == pytest.approx(80 * (index % 4), abs=6)
    if not repeat:
        assert source.next_frame() is None


def test_a_large_video_is_made_to_fit(video):
    source = open_source(str(video), size=(32, 32), fps=FAST)
    source.start()
    assert source.next_frame().size == (32, 24)


class CameraDevice:
    """What `cv2.VideoCapture` does for a camera with a picture in front of it."""

    open_devices: ClassVar[list["CameraDevice"]] = []
    pictures_left = 10**9

    def __init__(self, number: int) -> None:
        self.number = number
        self.properties = {}
        self.open_devices.append(self)

    def isOpened(self) -> bool:  # noqa: N802 - OpenCV's name
        return True

    def set(self, name: int, value: float) -> bool:
        self.properties[name] = value
        return True

    def grab(self) -> bool:
        time.sleep(0.001)
        self.pictures_left -= 1
        return self.pictures_left >= 0

    def retrieve(self) -> tuple[bool, np.ndarray]:
        width = int(self.properties[cv2.CAP_PROP_FRAME_WIDTH])
        height = int(self.properties[cv2.CAP_PROP_FRAME_HEIGHT])
        return True, np.full((height, width, 3), 99, np.uint8)

    def release(self) -> None:
        self.open_devices.remove(self)


@pytest.fixture
def camera_device(monkeypatch) -> type[CameraDevice]:
    monkeypatch.setattr(cv2, "VideoCapture", CameraDevice)
    monkeypatch.setattr(CameraDevice, "open_devices", [])
    return CameraDevice


def test_a_webcam_is_open_only_between_start_and_stop(camera_device):
    webcam = Webcam(3, capture_size=(320, 240), size=(160, 120))
    assert camera_device.open_devices == []
    for _ in range(2):
        webcam.start()
        assert [device.number for device in camera_device.open_devices] == [3]
        frame = webcam.next_frame()
        assert decoded(frame.jpeg).shape == (120, 160, 3)
        webcam.stop()
        assert webcam.next_frame() is None
        assert camera_device.open_devices == []


def test_a_webcam_faster_than_asked_is_thinned_out(camera_device):
    clock = ManualClock()
    webcam = Webcam(fps=10, capture_size=(32, 32), clock=clock)
    webcam.start()
    camera = camera_device.open_devices[0]
    plain_grab = camera.grab

    def grab_at_thirty() -> bool:
        clock.now += 1 / 30
        return plain_grab()

    camera.grab = grab_at_thirty
    begin = clock.now
    for _ in range(30):
        webcam.next_frame()
    assert 30 / (clock.now - begin) == pytest.approx(10, rel=0.1)


def test_an_unplugged_webcam_is_told(camera_device):
    webcam = Webcam()
    webcam.start()
    camera_device.open_devices[0].pictures_left = 0
    with pytest.raises(SourceError, match="unplugged"):
        webcam.next_frame()
    assert camera_device.open_devices == []


def test_a_missing_camera_is_told_with_the_cure():
    with pytest.raises(SourceError, match=r"camera 77 cannot be opened.*--source"):
        open_source("webcam:77").start()


def test_a_missing_library_is_told_with_the_cure(monkeypatch):
    monkeypatch.setitem(sys.modules, "cv2", None)
    with pytest.raises(SourceError, match=r"pip install 'iot-facerecognition\[desktop\]'"):
        open_source("webcam")


def test_an_opencv_without_its_system_libraries_is_told_with_the_packages(monkeypatch, tmp_path):
    """What a minimal Debian makes of opencv-python's wheel."""
    (tmp_path / "cv2.py").write_text(
        "raise ImportError('libxcb.so.1: cannot open shared object file')"
    )
    monkeypatch.delitem(sys.modules, "cv2")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(SourceError, match=r"libxcb\.so\.1.*apt-get install .*libxcb1") as caught:
        open_source("webcam")
    assert "pip" not in str(caught.value)


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ("webcam:one", "has a number"),
        ("no-such-thing", "none of"),
        ("missing.jpg,also.png", "missing.jpg, also.png"),
        ("moving:", "empty"),
        ("", "empty"),
    ],
)
def test_what_names_no_source_is_told(spec, words):
    with pytest.raises(SourceError, match=words):
        open_source(spec)


def test_an_empty_folder_and_a_file_that_is_no_video_are_told(tmp_path):
    with pytest.raises(SourceError, match="holds no images"):
        open_source(str(tmp_path))
    (tmp_path / "text.mp4").write_text("no video")
    with pytest.raises(SourceError, match="cannot be played"):
        open_source(str(tmp_path / "text.mp4"))


def test_each_word_opens_its_source(photos, video):
    kinds = {
        str(photos): Pictures,
        f"{photos / 'biden.jpg'},{photos / 'obama.jpg'}": Pictures,
        str(video): VideoFile,
        f"moving:{photos}": MovingPhoto,
        f"moving:{photos / 'biden.jpg'}": MovingPhoto,
        "webcam": Webcam,
    }
    assert {spec: type(open_source(spec)) for spec in kinds} == kinds


def test_a_stream_stops_resumes_and_tells_its_end(photos):
    frames, ended = [], threading.Semaphore(0)
    got_some = threading.Event()

    def deliver(frame) -> None:
        frames.append(frame.index)
        got_some.set()

    errors = []
    stream = SourceStream(
        Pictures([photos / "biden.jpg"], fps=FAST),
        deliver,
        lambda error: (errors.append(error), ended.release()),
    )
    for _ in range(2):
        got_some.clear()
        stream.start()
        assert got_some.wait(10)
        stream.stop()
    assert errors == [None, None]
    assert frames == list(range(len(frames)))


def lying(image: Image.Image, path: Path, orientation: int = 6, **options: object) -> Path:
    """Save `image` so that it lies on its side and says so."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    image.transpose(Image.Transpose.ROTATE_90).save(path, exif=exif, **options)
    return path


def shown(path: Path) -> np.ndarray:
    """Return what a source of this one file sends, in colours of a decoder that turns nothing."""
    pictures = Pictures([path], fps=FAST, quality=95)
    pictures.start()
    frame = pictures.next_frame()
    assert read_jpeg_header(frame.jpeg).orientation == 1
    flags = cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION
    return cv2.imdecode(np.frombuffer(frame.jpeg, np.uint8), flags)[:, :, ::-1].astype(int)


@pytest.mark.parametrize("name", ["photo.jpg", "photo.png"])
def test_photos_that_lie_on_their_side_are_set_upright(photos, tmp_path, name):
    portrait = Image.open(photos / "astronaut.png").convert("RGB")
    expected = np.asarray(portrait).astype(int)
    assert np.abs(shown(lying(portrait, tmp_path / name)) - expected).mean() < 8


def test_an_orientation_of_four_bytes_is_one_too(photos, tmp_path):
    """Some cameras write it as LONG, though Exif says SHORT."""
    portrait = Image.open(photos / "astronaut.png").convert("RGB")
    path = tmp_path / "long.jpg"
    for order in ("little", "big"):
        portrait.transpose(Image.Transpose.ROTATE_90).save(path, quality=95)
        numbers = ((8, 4), (1, 2), (0x0112, 2), (4, 2), (1, 4), (6, 4), (0, 4))
        directory = b"".join(value.to_bytes(size, order) for value, size in numbers)
        tiff = (b"II*\0" if order == "little" else b"MM\0*") + directory
        segment = b"\xff\xe1" + (len(tiff) + 8).to_bytes(2, "big") + b"Exif\0\0" + tiff
        data = path.read_bytes()
        path.write_bytes(data[:2] + segment + data[2:])
        assert read_jpeg_header(path.read_bytes()).orientation == 6
        assert np.abs(shown(path) - np.asarray(portrait)).mean() < 8


def test_the_first_orientation_of_two_holds(photos, tmp_path):
    """As everybody reads it: a second one comes from a program that did not look."""
    portrait = Image.open(photos / "astronaut.png").convert("RGB")
    first = lying(portrait, tmp_path / "first.jpg", 6).read_bytes()
    second = lying(portrait, tmp_path / "second.jpg", 3).read_bytes()
    at = first.index(b"\xff\xe1")
    segment = first[at : at + 2 + int.from_bytes(first[at + 2 : at + 4], "big")]
    both = second[:2] + segment + second[2:]
    assert read_jpeg_header(both).orientation == 6


def test_grey_of_16_bits_is_shown_by_its_upper_byte(photos, tmp_path):
    grey = np.asarray(Image.open(photos / "astronaut.png").convert("L"))
    deep = Image.fromarray((grey.astype(np.uint16) << 8) + 0x7F)
    deep.save(tmp_path / "deep.png")
    assert np.abs(shown(tmp_path / "deep.png").mean(axis=2) - grey).mean() < 3


def test_a_bad_picture_leaves_nothing_behind_for_the_next(photos, tmp_path):
    good = tmp_path / "b.jpg"
    portrait = Image.open(photos / "astronaut.png").convert("RGB")
    before = shown(lying(portrait, good))
    data = good.read_bytes()
    (tmp_path / "a.jpg").write_bytes(data[:2] + bytes.fromhex("ffdd000300") + data[2:9000])
    (tmp_path / "a.png").write_bytes((photos / "astronaut.png").read_bytes()[:900])
    pictures = Pictures([*sorted(tmp_path.glob("a.*")), good], fps=FAST, quality=95, repeat=False)
    pictures.start()
    frames = []
    while frame := pictures.next_frame():
        frames.append(frame.jpeg)
    flags = cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION
    last = cv2.imdecode(np.frombuffer(frames[-1], np.uint8), flags)[:, :, ::-1]
    assert np.array_equal(last, before)


def test_an_encoder_that_was_given_nonsense_encodes_the_next_as_ever(photos):
    pixels = np.asarray(Image.open(photos / "astronaut.png").convert("RGB"))
    encoder = JpegEncoder(80)
    before = encoder.encode(pixels, "RGB")
    for bad in (np.zeros((0, 0, 3), np.uint8), np.zeros((4, 4), np.uint8), None):
        with pytest.raises((OSError, ValueError, TypeError, AttributeError)):
            encoder.encode(bad, "RGB")
        assert encoder.encode(pixels, "RGB") == before


def test_a_damaged_frame_of_a_video_leaves_the_others_as_they_are(tmp_path):
    path = tmp_path / "video.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 25, (64, 48))
    for level in range(8):
        writer.write(np.full((48, 64, 3), 20 * level, np.uint8))
    writer.release()

    def frames() -> list[bytes]:
        video = VideoFile(path, fps=FAST)
        video.start()
        return [frame.jpeg for frame in iter(video.next_frame, None)]

    before = frames()
    data = bytearray(path.read_bytes())
    at = -1
    for _ in range(4):
        at = data.index(b"\xff\xd8\xff", at + 1)
    data[data.index(b"\xff\xc0", at) + 1] = 0xC3
    path.write_bytes(data)
    after = frames()
    assert len(before) == 8
    assert [jpeg for jpeg in after if jpeg in before] == before[:3] + before[4:]
