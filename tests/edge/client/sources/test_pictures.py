"""Photos as frames: fitted, upright, each for its time."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from iot_facerecognition_client.jpeg import read_jpeg_header
from iot_facerecognition_client.sources import SourceError, open_source
from iot_facerecognition_client.sources import pictures as pictures_module
from iot_facerecognition_client.sources.pictures import Pictures
from tests.edge.client.sources.frames import FAST, ManualClock, decoded


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
