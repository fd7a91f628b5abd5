"""Pictures that are whole though their framing is not, and the other way round."""

import numpy as np
import pytest

from iot_facerecognition_protocol import ErrorCode
from iot_facerecognition_server.frames import FrameRejectedError
from iot_facerecognition_server.vision.jpeg import JpegDecoder
from iot_facerecognition_server.vision.turbojpeg import PIXELS_GREY, TurboJpeg

KINDS = pytest.mark.parametrize(
    "options", [{}, {"progressive": True}, {"restart_marker_rows": 2}], ids=["plain", "prog", "rst"]
)


def reason(decoder: JpegDecoder, data: bytes) -> str:
    with pytest.raises(FrameRejectedError) as caught:
        decoder.rgb(data)
    assert caught.value.code is ErrorCode.FRAME_DAMAGED
    return caught.value.message


def restarts(data: bytes) -> list[int]:
    """Return where the restart markers stand."""
    scan = data.index(b"\xff\xda")
    return [
        at for at in range(scan, len(data) - 1) if data[at] == 0xFF and 0xD0 <= data[at + 1] < 0xD8
    ]


def scans(data: bytes) -> list[int]:
    return [at for at in range(len(data)) if data.startswith(b"\xff\xda", at)]


@KINDS
@pytest.mark.parametrize("cut", [1, 2], ids=["half the end", "no end"])
def test_a_missing_end_of_image_costs_no_pixel(decoder, encode, portrait, options, cut):
    data = encode(portrait, **options)
    assert np.array_equal(decoder.rgb(data[:-cut]), decoder.rgb(data))
    assert np.array_equal(decoder.grey(data[:-cut], 4), decoder.grey(data, 4))


@KINDS
@pytest.mark.parametrize("cut", [5, 50])
def test_a_missing_pixel_is_damage(decoder, encode, portrait, options, cut):
    data = encode(portrait, **options)
    assert "damaged" in reason(decoder, data[:-cut])
    assert "damaged" in reason(decoder, data[: len(data) // 2])


def test_a_missing_scan_is_damage(decoder, encode, portrait):
    """What a cut between two scans leaves looks whole to libjpeg."""
    data = encode(portrait, progressive=True)
    for at in scans(data)[1:]:
        tables = data.rindex(b"\xff\xc4", 0, at)  # they come right before their scan
        assert reason(decoder, data[:tables])


def test_trailing_bytes_after_the_end_are_no_part_of_the_picture(decoder, encode, portrait):
    data = encode(portrait)
    for trailing in (b"\0" * 200_000, b"\xff\xda" * 9, data[: len(data) // 2]):
        assert np.array_equal(decoder.rgb(data + trailing), decoder.rgb(data))


@pytest.mark.parametrize("count", [1, 9, 1000])
@KINDS
def test_bytes_too_many_before_the_end_are_harmless(decoder, encode, portrait, options, count):
    data = encode(portrait, **options)
    assert np.array_equal(decoder.rgb(data[:-2] + b"\x55" * count + data[-2:]), decoder.rgb(data))


def test_bytes_too_many_before_a_restart_marker_are_harmless(decoder, encode, portrait):
    data = encode(portrait, restart_marker_rows=1)
    for at in restarts(data)[::7]:
        odd = data[:at] + b"\x12\x34\x56\x78\x9a" + data[at:]
        assert np.array_equal(decoder.rgb(odd), decoder.rgb(data))


@pytest.mark.parametrize("which", [0, 5, -1])
@pytest.mark.parametrize("options", [{}, {"progressive": True}], ids=["plain", "prog"])
def test_a_lost_restart_marker_is_damage(decoder, encode, portrait, which, options):
    data = encode(portrait, restart_marker_rows=2, **options)
    at = restarts(data)[which]
    assert reason(decoder, data[:at] + data[at + 2 :])


def test_eight_lost_restart_markers_in_a_row_are_damage(decoder, encode, portrait):
    data = encode(portrait, restart_marker_rows=1)
    marks = restarts(data)
    assert reason(decoder, data[: marks[8]] + data[marks[16] :])


def test_what_is_harmless_hides_nothing_worse(decoder, encode, portrait):
    """libjpeg reports the first warning only."""
    data = encode(portrait)
    scan = data.index(b"\xff\xda")
    odd = data[:scan] + b"\x00\x12\x34" + data[scan:]
    assert np.array_equal(decoder.rgb(odd), decoder.rgb(data))
    assert "premature end" in reason(decoder, odd[: len(odd) // 2] + b"\xff\xd9")


@pytest.mark.parametrize("mode", ["RGB", "CMYK"])
def test_unknown_versions_of_a_segment_are_harmless(decoder, encode, portrait, mode):
    data = bytearray(encode(portrait, mode))
    if mode == "RGB":
        at = data.index(b"JFIF\0")
        data[at + 5] = 9
        expected = decoder.rgb(encode(portrait, mode))
    else:
        data[data.index(b"Adobe") + 11] = 2
        expected = decoder.rgb(bytes(data))
        data[data.index(b"Adobe") + 11] = 77
    assert np.array_equal(decoder.rgb(bytes(data)), expected)


def test_nothing_is_decoded_after_a_harmful_warning(encode, portrait):
    data = encode(portrait)
    data = data[: len(data) // 2] + b"\xff\xd9"
    rows = {}
    for stops in (True, False):
        picture = np.full((512, 512, 1), 7, np.uint8)
        with TurboJpeg().decompressor() as decompressor:
            complaint = decompressor.decode(data, picture, PIXELS_GREY, stop_on_warning=stops)
        assert complaint is not None
        assert complaint.warning
        rows[stops] = int((picture != 7).any(axis=(1, 2)).sum())
    assert rows[True] < 400
    assert rows[False] == 512
