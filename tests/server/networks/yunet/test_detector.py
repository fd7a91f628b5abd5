"""YuNet as a detector of faces, on photos, next to HOG."""

import io

import numpy as np
import pytest
from PIL import Image

from iot_facerecognition_client.sources.moving_photo import MovingPhoto
from iot_facerecognition_protocol.box import Box
from iot_facerecognition_server.models.catalogue import LANDMARKS
from iot_facerecognition_server.networks.yunet.detector import MOST_PIXELS, YunetDetector
from iot_facerecognition_server.vision.alignment import FaceAligner
from iot_facerecognition_server.vision.faces import HogDetector
from iot_facerecognition_server.vision.scaling import luma

MOST_MOVED = 0.08
"""By which a descriptor may differ from that of HOG's box; people are apart from 0.6 on."""


@pytest.fixture
def detector(by_onnx) -> YunetDetector:
    return YunetDetector(lambda picture: by_onnx.detect(picture[np.newaxis])[0])


def photo(path, width: int, height: int | None = None) -> np.ndarray:
    """Return a photo `width` pixels wide, within black of `height` where that is given."""
    picture = Image.open(path).convert("RGB")
    picture = picture.resize((width, round(picture.height * width / picture.width)))
    if height is not None:
        framed = Image.new("RGB", (round(height * 4 / 3), height))
        framed.paste(picture, (100, 60))
        picture = framed
    return np.asarray(picture)


@pytest.mark.parametrize("name", ["obama.jpg", "obama2.jpg", "obama3.jpg", "biden.jpg"])
def test_box_is_hog_s_and_the_descriptor_stays(detector, network, store, photos, name):
    rgb = np.asarray(Image.open(photos / name).convert("RGB"))
    (hog,) = HogDetector().detect(luma(rgb))
    (found,) = detector.detect(rgb)
    assert found.box.iou(hog.box) > 0.6
    assert 0.8 <= found.score <= 1
    assert all(float(side).is_integer() for side in (found.box.left, found.box.bottom))
    chips = FaceAligner(store.resolve(LANDMARKS)).chips(rgb, [hog, found])
    first, second = network.describe(np.stack(chips))
    assert np.linalg.norm(first - second) < MOST_MOVED


def test_a_face_of_thirty_pixels_is_found_where_hog_needs_eighty(detector, photos):
    small = photo(photos / "obama2.jpg", 62, 240)
    assert not HogDetector().detect(luma(small))
    (found,) = detector.detect(small)
    assert 28 < found.box.width < 38


def test_a_larger_min_face_size_leaves_small_faces_out(by_onnx, photos):
    small = photo(photos / "obama2.jpg", 62, 240)
    of_200 = YunetDetector(lambda picture: by_onnx.detect(picture[np.newaxis])[0], 200)
    assert of_200.scale == pytest.approx(0.15)
    assert of_200.detect(small) == []


@pytest.mark.parametrize("reduced", [0.5, 0.7, 2.0])
def test_boxes_are_of_the_picture_whatever_size_was_searched(detector, group, reduced):
    whole = detector.detect(group)
    other = detector.copy(reduced=reduced).detect(group)
    assert len(whole) >= 4
    for face in whole:
        assert max(face.box.iou(found.box) for found in other) > 0.7


def test_what_the_decoder_has_reduced_is_not_reduced_again(detector, group):
    searched: list[tuple[int, ...]] = []
    half = YunetDetector(lambda picture: searched.append(picture.shape) or []).copy(reduced=0.5)
    half.detect(group[: 2 * (len(group) // 2) : 2, ::2], 0.5)
    half.detect(group)
    assert searched[0][:2] == pytest.approx(searched[1][:2], abs=1)


@pytest.mark.parametrize("min_face_size", [20, 30, 60])
@pytest.mark.parametrize("shape", [(2160, 4096, 3), (8000, 100, 3), (100, 90000)])
def test_memory_is_bounded_however_large_a_picture_is(shape, min_face_size):
    searched: list[int] = []
    detector = YunetDetector(lambda rgb: searched.append(rgb.size) or [], min_face_size)
    assert detector.detect(np.zeros(shape, np.uint8)) == []
    assert max(searched) <= 3 * MOST_PIXELS * 1.01


def test_a_huge_picture_is_decoded_no_larger_than_it_is_searched(detector, photos):
    """A head of 4096 x 2160: a frame of half the sides is enough, and gives the same box."""
    assert detector.scale_of((640, 480)) == 1
    assert 0.25 < detector.scale_of((4096, 2160)) < 0.5
    whole = photo(photos / "obama2.jpg", 2160)
    (found,) = detector.detect(whole)
    (reduced,) = detector.detect(whole[::2, ::2], 0.5)
    assert found.box.iou(reduced.scaled(2, 2).box) > 0.9


def test_faint_faces_are_found_only_when_asked_for(detector, group):
    certain = detector.detect(group)
    all_ = detector.copy(threshold=0.6).detect(group)
    strict = detector.copy(threshold=certain[0].score).detect(group)
    assert [face for face in all_ if face.score >= 0.8] == certain
    assert strict == certain[:1]
    assert [face.score for face in all_] == sorted((face.score for face in all_), reverse=True)


@pytest.mark.parametrize("width", [700, 1400, 2200])
def test_a_face_that_fills_a_large_picture_is_found_once(detector, photos, width):
    rgb = photo(photos / "obama2.jpg", width)
    (found,) = detector.detect(rgb)
    (smaller,) = detector.detect(photo(photos / "obama2.jpg", 350))
    assert found.box.iou(smaller.scaled(width / 350).box) > 0.75


@pytest.mark.parametrize("width", [300, 480, 560])
def test_a_face_that_fills_a_frame_is_found(detector, photos, width):
    """Somebody close to the camera: their face is as large as 640 x 480 pixels."""
    rgb = photo(photos / "obama2.jpg", 350)
    (face,) = detector.detect(rgb)
    sides = round(640 * face.box.width / width), round(480 * face.box.width / width)
    left, top = (
        max(0, round(middle - side / 2))
        for middle, side in zip(face.box.centre, sides, strict=True)
    )
    close = Image.fromarray(rgb[top : top + sides[1], left : left + sides[0]]).resize((640, 480))
    (found,) = detector.detect(np.asarray(close))
    assert found.box.width == pytest.approx(width, rel=0.25)


def test_a_grey_picture_is_searched_too(detector, photos):
    rgb = photo(photos / "obama.jpg", 400)
    ((coloured,), (grey,)) = detector.detect(rgb), detector.detect(luma(rgb))
    assert coloured.box.iou(grey.box) > 0.8


def test_a_pilot_s_badge_that_hog_takes_for_a_face_is_none(detector, photos):
    """What the demo shows first of this photo; the wings on her chest have two eyes and a chin."""
    frame = MovingPhoto([photos / "astronaut.png"]).jpeg(0)
    rgb = np.asarray(Image.open(io.BytesIO(frame)).convert("RGB"))
    badge = Box.at(345, 395, 70, 75)
    assert [face for face in HogDetector().detect(luma(rgb)) if face.box.iou(badge) > 0.5]
    (face,) = detector.detect(rgb)
    assert not face.box.shared(badge)


def test_a_face_has_at_least_a_pixel(by_onnx):
    with pytest.raises(ValueError, match="at least one pixel"):
        YunetDetector(lambda _: [], 0)


@pytest.mark.parametrize("name", ["obama.jpg", "biden.jpg"])
def test_a_face_cut_by_the_upper_edge_is_still_who_it_is(detector, network, store, photos, name):
    """The network's own box is of what is left; dlib would look for the eyes below them."""
    rgb = photo(photos / name, 600)
    (whole,) = detector.detect(rgb)
    cut = np.ascontiguousarray(rgb[round(whole.box.top + 0.2 * whole.box.height) :])
    (left,) = detector.detect(cut)
    assert left.box.top < -0.05 * left.box.height
    aligner = FaceAligner(store.resolve(LANDMARKS))
    chips = np.stack([aligner.chip(rgb, whole), aligner.chip(cut, left)])
    first, second = network.describe(chips)
    assert np.linalg.norm(first - second) < 0.45
