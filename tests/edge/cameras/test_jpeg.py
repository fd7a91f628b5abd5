"""The codec of a USB camera's pictures: what it needs, and what it keeps: nothing."""

import subprocess
import sys
from fractions import Fraction

import numpy as np
import pytest

from iot_facerecognition_edge.cameras.jpeg import JpegCodec

turbojpeg = pytest.importorskip("turbojpeg", reason="its pictures are compared with PyTurboJPEG's")
ALONE = """
import sys
from iot_facerecognition_edge.cameras.jpeg import JpegCodec
codec = JpegCodec()
jpeg = codec.from_yuyv(bytes((100, 128, 100, 128)) * 16 * 16, (32, 16), 64, 90)
preview = codec.preview(jpeg, (32, 16), 1.0)
assert (preview.width, preview.height) == (32, 16)
assert max(abs(level - 100) for level in preview.pixels[0::4]) < 3
print(*sys.modules)
"""


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
        shown = codec.preview(bad, (64, 48), 2.0)
        assert (shown is not None) == (fault == "half"), "half a picture is shown half"
        assert codec.preview(good, (64, 48), 1.0).pixels == before.pixels, fault


def test_a_picture_is_encoded_as_ever_after_too_few_bytes():
    codec = JpegCodec()
    yuyv = bytes(range(256)) * 4
    before = codec.from_yuyv(yuyv, (32, 16), 64, 80)
    with pytest.raises(ValueError, match="no picture"):
        codec.from_yuyv(yuyv[:100], (32, 16), 64, 80)
    assert codec.from_yuyv(yuyv, (32, 16), 64, 80) == before


def test_apt_has_all_that_it_needs():
    done = subprocess.run([sys.executable, "-c", ALONE], check=True, capture_output=True, text=True)
    assert not {"turbojpeg", "numpy", "PIL"} & set(done.stdout.split())


@pytest.mark.parametrize("wanted", [(8, 8), (32, 24), (40, 30), (64, 48), (128, 96), (640, 480)])
def test_previews_are_those_of_the_usual_wrapper(good, wanted):
    preview = JpegCodec().preview(good, wanted, 1.0)
    scale = Fraction(preview.width, 128).as_integer_ratio()
    pixels = turbojpeg.TurboJPEG().decode(good, turbojpeg.TJPF_BGRX, scaling_factor=scale)
    assert (preview.height, preview.width) == pixels.shape[:2]
    assert preview.pixels == pixels.tobytes()


@pytest.mark.parametrize("stride", [256, 320])
def test_yuyv_is_encoded_row_by_row(stride):
    rng = np.random.default_rng(7)
    rows = rng.integers(0, 256, (96, stride), np.uint8)
    jpeg = JpegCodec().from_yuyv(rows.tobytes(), (128, 96), stride, 75)
    seen = rows[:, :256]
    planes = [seen[:, 0::2].ravel(), seen[:, 1::4].ravel(), seen[:, 3::4].ravel()]
    joined = np.concatenate(planes)
    expected = turbojpeg.TurboJPEG().encode_from_yuv(joined, 96, 128, 75, turbojpeg.TJSAMP_422)
    assert jpeg == expected
