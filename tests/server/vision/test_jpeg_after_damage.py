"""What one picture leaves behind for the next one in the same decoder: nothing."""

import random

import numpy as np
import pytest

from iot_facerecognition_server.frames import FrameRejectedError
from iot_facerecognition_server.vision.jpeg import JpegDecoder

MUTATIONS = 2500


def with_segment(data: bytes, segment: str) -> bytes:
    """Insert a segment, in hexadecimal, after the start of the image."""
    return data[:2] + bytes.fromhex(segment) + data[2:]


def with_second_frame_header(data: bytes) -> bytes:
    at = data.index(b"\xff\xc0")
    return data[:at] + data[at : at + 19] + data[at:]


DAMAGES = {
    "restart interval of a wrong length": lambda data: with_segment(data, "ffdd000300"),
    "quantisation table 9": lambda data: with_segment(data, "ffdb004309" + "10" * 64),
    "Huffman table with a bad sum": lambda data: with_segment(
        data, "ffc4001500" + "ff" * 16 + "0000"
    ),
    "arithmetic conditioning of a wrong length": lambda data: with_segment(data, "ffcc00039f"),
    "two frame headers": with_second_frame_header,
    "no scan": lambda data: data[: data.index(b"\xff\xda")] + b"\xff\xd9",
    "half of a scan": lambda data: data[: len(data) // 2],
    "nothing": lambda _: b"",
    "no JPEG": lambda _: b"\x89PNG",
}


def without_huffman_tables(data: bytes) -> bytes:
    """Return a JPEG with the usual tables as the frame of an AVI, which leaves them out."""
    at = data.index(b"\xff\xc4")
    while data.startswith(b"\xff\xc4", at):
        data = data[:at] + data[at + 2 + int.from_bytes(data[at + 2 : at + 4], "big") :]
    return data


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
@pytest.mark.parametrize("kind", ["grey", "rgb"])
def test_a_good_picture_is_decoded_as_ever_after_a_bad_one(encode, portrait, damage, kind):
    good = encode(portrait)
    decode = getattr(JpegDecoder(), kind)
    before = decode(good)
    for _ in range(3):
        with pytest.raises(FrameRejectedError):
            decode(damage(good))
        assert np.array_equal(decode(good), before)


def test_a_single_changed_byte_of_a_header_harms_no_other_picture(decoder, encode, portrait):
    good = encode(portrait[100:164, 200:264])
    before = decoder.rgb(good)
    header = good.index(b"\xff\xda") + 14
    chance = random.Random(20261127)
    rejected = 0
    for _ in range(MUTATIONS):
        bad = bytearray(good)
        place = chance.randrange(2, header)
        bad[place] ^= chance.randrange(1, 256)
        try:
            decoder.rgb(bytes(bad))
        except FrameRejectedError:
            rejected += 1
        assert np.array_equal(decoder.rgb(good), before), f"byte {place} was {bad[place]:02x}"
    assert MUTATIONS / 10 < rejected < MUTATIONS


def test_tables_of_one_picture_are_not_those_of_the_next(decoder, encode, portrait):
    """libjpeg keeps tables; a camera's frames without any have the standard's."""
    usual = encode(portrait)
    expected = decoder.rgb(usual)
    assert np.array_equal(decoder.rgb(without_huffman_tables(usual)), expected)
    decoder.rgb(encode(portrait[:256], optimize=True))
    assert np.array_equal(decoder.rgb(without_huffman_tables(usual)), expected)
