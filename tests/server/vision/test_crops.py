import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from iot_facerecognition_protocol import ErrorCode
from iot_facerecognition_server.frames import FrameRejectedError, ObjectsWanted
from iot_facerecognition_server.vision.crops import (
    LARGEST_SHARE,
    SMALLEST_SHARE,
    ObjectCropper,
    centre_crop,
    random_crop,
)
from iot_facerecognition_server.vision.jpeg import JpegDecoder
from iot_facerecognition_server.vision.jpeg_header import JpegLimits

SIDE = 64
CENTRED = ObjectsWanted(5, deterministic=True)
CHANCE = ObjectsWanted(5, deterministic=False)
sides = st.integers(1, 5000)


@pytest.fixture
def cropper(decoder) -> ObjectCropper:
    return ObjectCropper(decoder, SIDE, 16, JpegLimits())


class CountingDecoder(JpegDecoder):
    def __init__(self) -> None:
        super().__init__()
        self.scales: list[int] = []

    def rgb(self, data, scale=8):
        self.scales.append(scale)
        return super().rgb(data, scale)


@given(sides, sides)
def test_the_centred_crop_is_a_square_in_the_middle(width, height):
    crop = centre_crop(width, height)
    assert 1 <= crop.box.width == crop.box.height <= min(width, height)
    assert abs(crop.box.left - (width - crop.box.right)) <= 1
    assert abs(crop.box.top - (height - crop.box.bottom)) <= 1
    assert not crop.mirrored


@given(sides, sides, st.integers(0, 2**32))
def test_random_crops_lie_in_the_picture(width, height, seed):
    crop = random_crop(width, height, np.random.default_rng(seed))
    side = crop.box.width
    assert side == crop.box.height
    assert 0 <= crop.box.left <= width - side
    assert 0 <= crop.box.top <= height - side
    short = min(width, height)
    assert max(1, SMALLEST_SHARE * short - 1) <= side <= max(1, LARGEST_SHARE * short + 1)


def test_random_crops_differ_in_size_place_and_flip():
    random = np.random.default_rng(5)
    crops = [random_crop(640, 480, random) for _ in range(200)]
    sides = {crop.box.width for crop in crops}
    assert len(sides) > 50
    assert len({(crop.box.left, crop.box.top) for crop in crops}) > 150
    assert 50 < sum(crop.mirrored for crop in crops) < 150
    assert min(sides) < 0.5 * 480
    assert max(sides) > 0.83 * 480


def test_a_deterministic_frame_is_one_crop_and_always_the_same(cropper, encode, portrait):
    jpeg = encode(portrait)
    (first,) = cropper.crops(jpeg, CENTRED, seed=(1, 1))
    (second,) = cropper.crops(jpeg, CENTRED, seed=(2, 99))
    assert first.shape == (SIDE, SIDE, 3)
    assert first.dtype == np.uint8
    assert np.array_equal(first, second)


def test_the_centred_crop_shows_the_middle(cropper, encode):
    picture = np.zeros((400, 400, 3), np.uint8)
    picture[100:300, 100:300] = (250, 20, 20)
    (crop,) = cropper.crops(encode(picture), CENTRED, seed=())
    assert crop[SIDE // 2, SIDE // 2] == pytest.approx([250, 20, 20], abs=8)
    assert crop[1, 1] == pytest.approx([0, 0, 0], abs=8)
    red = (crop[:, :, 0] > 128).sum() / SIDE**2
    assert red == pytest.approx((200 / 350) ** 2, abs=0.03)


def test_the_same_seed_gives_the_same_random_crops(cropper, encode, portrait):
    jpeg = encode(portrait)
    first, again, other = (cropper.crops(jpeg, CHANCE, seed) for seed in ((3, 7), (3, 7), (3, 8)))
    assert len(first) == len(other) == 16
    assert np.array_equal(np.stack(first), np.stack(again))
    assert not np.array_equal(np.stack(first), np.stack(other))
    assert len({crop.tobytes() for crop in first}) == 16


@pytest.mark.parametrize("count", [1, 5])
def test_as_many_random_crops_are_cut_as_configured(decoder, encode, portrait, count):
    cropper = ObjectCropper(decoder, SIDE, count, JpegLimits())
    assert len(cropper.crops(encode(portrait), CHANCE, seed=(1, 1))) == count


def test_colours_of_random_crops_shift_a_little(decoder, encode):
    grey = np.full((200, 200, 3), 128, np.uint8)
    crops = np.stack(
        ObjectCropper(decoder, SIDE, 50, JpegLimits()).crops(encode(grey), CHANCE, (1, 2))
    )
    means = crops.mean(axis=(1, 2)) - 128
    assert np.abs(means).max() <= 6
    assert means.std(axis=0).min() > 1


@pytest.mark.parametrize(
    ("width", "height", "wanted", "scale"),
    [
        (640, 480, CENTRED, 2),  # 64 of 420 pixels
        (640, 480, CHANCE, 3),  # 64 of 224 pixels
        (1600, 1200, CENTRED, 1),
        (80, 60, CENTRED, 8),
    ],
)
def test_pictures_are_decoded_no_larger_than_the_crops_need(encode, width, height, wanted, scale):
    decoder = CountingDecoder()
    cropper = ObjectCropper(decoder, SIDE, 2, JpegLimits())
    crops = cropper.crops(encode(np.zeros((height, width, 3), np.uint8)), wanted, seed=(1,))
    assert decoder.scales == [scale]
    assert all(crop.shape == (SIDE, SIDE, 3) for crop in crops)


@pytest.mark.parametrize(("width", "height"), [(1, 1), (1, 40), (3, 2), (700, 1)])
def test_tiny_and_thin_pictures_have_crops_too(cropper, encode, width, height):
    jpeg = encode(np.full((height, width, 3), 90, np.uint8))
    for wanted, count in ((CENTRED, 1), (CHANCE, 16)):
        crops = cropper.crops(jpeg, wanted, seed=(1, 1))
        assert [crop.shape for crop in crops] == [(SIDE, SIDE, 3)] * count


def test_too_many_pixels_are_refused_by_the_header(encode):
    decoder = CountingDecoder()
    cropper = ObjectCropper(decoder, SIDE, 16, JpegLimits(pixels=10_000))
    with pytest.raises(FrameRejectedError) as rejected:
        cropper.crops(encode(np.zeros((101, 100, 3), np.uint8)), CENTRED, seed=())
    assert rejected.value.code is ErrorCode.FRAME_TOO_MANY_PIXELS
    assert decoder.scales == []


def test_damaged_pictures_are_refused(cropper, encode, portrait):
    jpeg = encode(portrait)
    with pytest.raises(FrameRejectedError) as rejected:
        cropper.crops(jpeg[: len(jpeg) // 2], CENTRED, seed=())
    assert rejected.value.code is ErrorCode.FRAME_DAMAGED
