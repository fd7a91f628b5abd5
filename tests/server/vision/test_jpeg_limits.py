"""What decoding a frame may cost, counted before it is decoded."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from iot_facerecognition_protocol import ErrorCode
from iot_facerecognition_server.assembly.picture_limits import jpeg_limits
from iot_facerecognition_server.config import load
from iot_facerecognition_server.frames import FrameRejectedError, ObjectsWanted
from iot_facerecognition_server.pipeline.frame_search import FrameSearcher
from iot_facerecognition_server.vision.crops import ObjectCropper
from iot_facerecognition_server.vision.face_scanner import FaceScanner
from iot_facerecognition_server.vision.faces import HogDetector
from iot_facerecognition_server.vision.jpeg_header import JpegLimits, checked_header

DEFAULT = JpegLimits()
COMMENT = b"\xff\xfe\x00\x04\xff\xd9"
"""Its text looks like the end of the image."""


class NoDecoder:
    """Must not be asked for anything."""

    def grey(self, data: bytes, scale: int = 8) -> np.ndarray:
        raise AssertionError("decoded")

    rgb = grey


def with_scans(progressive: bytes, count: int, between: bytes = b"") -> bytes:
    """Repeat the last scan until there are `count`."""
    last = progressive.rindex(b"\xff\xda")
    more = count - progressive.count(b"\xff\xda")
    return progressive[:-2] + (between + progressive[last:-2]) * more + b"\xff\xd9"


@pytest.fixture(scope="module")
def large(encode) -> bytes:
    """4096 x 2160 in grey, progressive, in six scans."""
    return encode(np.full((2160, 4096), 128, np.uint8), "L", progressive=True)


def code(data: bytes, limits: JpegLimits = DEFAULT) -> ErrorCode | None:
    try:
        checked_header(data, limits)
    except FrameRejectedError as error:
        return error.code
    return None


def test_the_defaults_are_those_of_the_configuration():
    assert jpeg_limits(load(None, {})) == JpegLimits()


def test_a_processor_bomb_is_rejected_before_it_is_decoded(large, aligner):
    bomb = with_scans(large, 499)
    assert len(bomb) < 60_000
    detector, limits = HogDetector(), JpegLimits()
    wanted = ObjectsWanted(1, deterministic=True)
    for work in (
        FaceScanner(NoDecoder(), detector, aligner, limits).scan,
        FrameSearcher(NoDecoder(), detector, aligner, limits).open,
        lambda jpeg: ObjectCropper(NoDecoder(), 96, 1, limits).crops(jpeg, wanted, ()),
    ):
        with pytest.raises(FrameRejectedError, match="more than 22 scans") as caught:
            work(bomb)
        assert caught.value.code is ErrorCode.FRAME_TOO_MANY_SCANS


@pytest.mark.parametrize("between", [b"", COMMENT, b"\xff\xff\xff", b"\xff\x00junk", b"\xff\xd0"])
def test_scans_are_counted_whatever_stands_between_them(large, between):
    assert code(with_scans(large, 22, between)) is None
    assert code(with_scans(large, 23, between)) is ErrorCode.FRAME_TOO_MANY_SCANS


def test_many_scans_of_a_small_picture_are_too_many_as_well(encode):
    small = encode(np.zeros((64, 64, 3), np.uint8), progressive=True)
    assert code(small) is None
    assert code(with_scans(small, 100)) is None
    assert code(with_scans(small, 101)) is ErrorCode.FRAME_TOO_MANY_SCANS


def test_the_start_of_a_scan_in_an_embedded_picture_counts_for_nothing(encode):
    preview = encode(np.zeros((64, 64, 3), np.uint8), progressive=True)
    preview = with_scans(preview, 300)
    segment = b"\xff\xe1" + (len(preview) + 2).to_bytes(2, "big") + preview
    photo = encode(np.zeros((64, 64, 3), np.uint8), progressive=True)
    assert code(photo[:2] + segment + photo[2:]) is None


def test_an_ordinary_progressive_photo_passes_at_the_largest_size(encode):
    photo = encode(np.zeros((2160, 4096, 3), np.uint8), progressive=True)
    assert photo.count(b"\xff\xda") == 10
    assert code(photo) is None


def test_one_scan_is_always_allowed(encode):
    photo = encode(np.zeros((64, 64, 3), np.uint8))
    assert code(photo, JpegLimits(pixel_scans=1)) is None


@pytest.mark.parametrize(
    "filler",
    [b"\xff", b"\xff\x00", b"\xff\xd0", b"\0", b"\xff\xda\x00\x02", b"\xff\xfe\x00\x02"],
)
def test_megabytes_of_filler_in_a_scan_are_walked_through_at_once(encode, filler):
    """A walk that is quadratic in any of them would run into the suite's time-out."""
    data = encode(np.zeros((64, 64, 3), np.uint8), progressive=True)
    scan = data.index(b"\xff\xda")
    code(data[: scan + 14] + filler * 1_000_000 + data[scan + 14 :])


@given(st.lists(st.sampled_from([b"\xff\xda\x00\x02", b"\xff\xda", b"\xff", b"\xd9", b"\x00\x04"])))
def test_any_bytes_after_the_frame_header_give_a_header_or_the_typed_error(parts):
    data = b"\xff\xd8" + bytes.fromhex("ffc2000b0800100010010111 00") + b"".join(parts)
    allowed = {None, ErrorCode.FRAME_DAMAGED, ErrorCode.FRAME_TOO_MANY_SCANS}
    assert code(data, JpegLimits(scans=3)) in allowed
