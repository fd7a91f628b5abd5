"""What the codec of a USB camera's pictures keeps from one to the next: nothing."""

import warnings

import numpy as np
import pytest

from iot_facerecognition_edge.cameras.jpeg import JpegCodec

turbojpeg = pytest.importorskip("turbojpeg", reason="the camera's pictures need PyTurboJPEG")


@pytest.fixture(scope="module")
def good() -> bytes:
    rows, columns = np.mgrid[0:96, 0:128]
    pixels = np.stack([rows * 2, columns, rows + columns], axis=2).astype(np.uint8)
    jpeg: bytes = turbojpeg.TurboJPEG().encode(pixels, quality=90)
    return jpeg


def damaged(good: bytes) -> dict[str, bytes]:
    frame = good.index(b"\xff\xc0")
    return {
        "restart interval": good[:2] + bytes.fromhex("ffdd000300") + good[2:],
        "table 9": good[:2] + bytes.fromhex("ffdb004309") + bytes([16]) * 64 + good[2:],
        "two frame headers": good[:frame] + good[frame : frame + 19] + good[frame:],
        "half": good[: len(good) // 2],
        "header": good[:100],
        "nothing": b"",
    }


def test_a_good_picture_is_shown_as_ever_after_a_bad_one(good):
    codec = JpegCodec()
    before = codec.preview(good, (64, 48), 1.0)
    assert (before.width, before.height) == (64, 48)
    for fault, bad in damaged(good).items():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # half a picture is shown half, and warned of
            codec.preview(bad, (64, 48), 2.0)
        assert codec.preview(good, (64, 48), 1.0).pixels == before.pixels, fault


def test_a_picture_is_encoded_as_ever_after_too_few_bytes():
    codec = JpegCodec()
    yuyv = bytes(range(256)) * 4
    before = codec.from_yuyv(yuyv, (32, 16), 64, 80)
    with pytest.raises(ValueError, match="no picture"):
        codec.from_yuyv(yuyv[:100], (32, 16), 64, 80)
    assert codec.from_yuyv(yuyv, (32, 16), 64, 80) == before
