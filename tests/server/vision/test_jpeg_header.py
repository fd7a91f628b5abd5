import struct

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from iot_facerecognition_protocol import ErrorCode
from iot_facerecognition_server.frames import FrameRejectedError
from iot_facerecognition_server.vision.jpeg_header import (
    JpegHeader,
    JpegLimits,
    checked_header,
    read_header,
)


def frame_header(width: int, height: int, marker: int = 0xC0, components: int = 3) -> bytes:
    body = struct.pack(">BHHB", 8, height, width, components) + bytes((1, 0x11, 0)) * components
    return bytes((0xFF, marker)) + struct.pack(">H", len(body) + 2) + body


SCAN = bytes.fromhex("ffda000c 03 0100 0200 0300 003f00")
"""The header of a scan of three components."""


def header_or_code(data: bytes) -> JpegHeader | ErrorCode:
    try:
        return read_header(data)
    except FrameRejectedError as error:
        return error.code


def refusal(data: bytes) -> FrameRejectedError:
    with pytest.raises(FrameRejectedError) as caught:
        read_header(data)
    return caught.value


@pytest.mark.parametrize(
    ("mode", "options", "expected"),
    [
        ("RGB", {}, JpegHeader(60, 40, 3, progressive=False)),
        ("L", {}, JpegHeader(60, 40, 1, progressive=False)),
        ("CMYK", {}, JpegHeader(60, 40, 4, progressive=False)),
        ("RGB", {"progressive": True}, JpegHeader(60, 40, 3, progressive=True)),
    ],
)
def test_header_tells_size_components_and_coding(encode, mode, options, expected):
    assert read_header(encode(np.zeros((40, 60, 3), np.uint8), mode, **options)) == expected


def test_segments_fill_bytes_and_garbage_before_the_frame_header_are_passed_over():
    comment = b"\xff\xfe\x00\x08\xff\xc0\xff\xd9ab"[:10]
    data = b"\xff\xd8" + comment + b"junk\xff\x00\xff\xff\xff" + frame_header(7, 5)[1:]
    assert read_header(data) == JpegHeader(7, 5, 3, progressive=False)


def test_an_empty_frame_is_told_from_one_that_is_no_jpeg():
    assert refusal(b"").code is ErrorCode.FRAME_EMPTY
    assert refusal(b"\x89PNG\r\n\x1a\n").code is ErrorCode.FRAME_NOT_JPEG
    assert "89 50 4e 47" in refusal(b"\x89PNG\r\n\x1a\n").message


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"\xff\xd8", "ends after 2 bytes"),
        (b"\xff\xd8\xff\xe0\x00\x10JF", "of 4 that are left"),
        (b"\xff\xd8\xff\xe0\x00\x01", "says it has 1 bytes"),
        (b"\xff\xd8\xff\xd9", "only tables"),
        (b"\xff\xd8\xff\xda\x00\x02", "only tables"),
        (b"\xff\xd8\xff\xd8\xff\xd9", "second JPEG"),
        (b"\xff\xd8" + frame_header(0, 5), "0 x 5"),
        (b"\xff\xd8" + frame_header(5, 5, components=2), "2 colour components"),
        (b"\xff\xd8" + frame_header(5, 5, marker=0xC3), "lossless"),
        (b"\xff\xd8\xff\xc0\x00\x04\x08\x00", "only 2 bytes"),
        (b"\xff\xd8" + frame_header(5, 5).replace(b"\x08", b"\x0c", 1), "12 bits"),
        (b"\xff\xd8" + b"\xff\xe0\x00\x02" * 100_000, "segments"),
    ],
)
def test_a_damaged_header_is_refused_with_its_fault(data, reason):
    error = refusal(data)
    assert error.code is ErrorCode.FRAME_DAMAGED
    assert reason in error.message


def test_tables_without_a_picture_are_damaged(encode):
    whole = encode(np.zeros((16, 16, 3), np.uint8))
    start = whole.index(b"\xff\xdb")
    end = whole.index(b"\xff\xc0")
    assert "only tables" in refusal(b"\xff\xd8" + whole[start:end] + b"\xff\xd9").message


def test_every_cut_inside_the_header_is_damaged(encode):
    whole = encode(np.zeros((16, 16, 3), np.uint8))
    for length in range(2, whole.index(b"\xff\xc0") + 4):
        assert refusal(whole[:length]).code is ErrorCode.FRAME_DAMAGED


def test_pixels_are_counted_before_decoding():
    bomb = b"\xff\xd8" + frame_header(65500, 65500)
    with pytest.raises(FrameRejectedError, match="is 4290250000 pixels") as caught:
        checked_header(bomb, JpegLimits(10_000_000))
    assert caught.value.code is ErrorCode.FRAME_TOO_MANY_PIXELS
    assert (
        checked_header(b"\xff\xd8" + frame_header(100, 50) + SCAN, JpegLimits(5000)).pixels == 5000
    )


def test_one_row_too_many_can_be_told_from_the_limit():
    with pytest.raises(FrameRejectedError) as caught:
        checked_header(b"\xff\xd8" + frame_header(3001, 3000), JpegLimits(9_000_000))
    assert caught.value.message == (
        "3001 x 3000 is 9003000 pixels, at most 9000000 are taken here ([Limits] Pixels);"
        " send smaller pictures"
    )


@given(
    st.one_of(
        st.binary(),
        st.binary().map(lambda tail: b"\xff\xd8" + tail),
        st.lists(
            st.tuples(st.integers(0, 255), st.binary(max_size=20)).map(
                lambda item: bytes((0xFF, item[0])) + struct.pack(">H", len(item[1]) + 2) + item[1]
            )
        ).map(lambda segments: b"\xff\xd8" + b"".join(segments)),
    )
)
@example(b"\xff\xd8\xff\xc0\x00\x0b\x08\x00\x01\x00\x01\x01\x01\x11\x00")
def test_any_bytes_give_a_header_or_the_typed_error(data):
    outcome = header_or_code(data)
    if isinstance(outcome, JpegHeader):
        assert 0 < outcome.width < 65536
        assert 0 < outcome.height < 65536
    else:
        assert outcome in {
            ErrorCode.FRAME_EMPTY,
            ErrorCode.FRAME_NOT_JPEG,
            ErrorCode.FRAME_DAMAGED,
        }


@pytest.mark.parametrize(
    "filler", [b"\xff", b"\xff\x00", b"\x00", b"\xff\xd0", b"\xff\xe0\x00\x02"]
)
def test_megabytes_of_filler_are_refused_at_once(filler):
    """A walker that is quadratic in any of them would run into the suite's time-out."""
    assert refusal(b"\xff\xd8" + filler * 5_000_000).code is ErrorCode.FRAME_DAMAGED
