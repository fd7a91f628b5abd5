"""Previews out of planar pictures."""

from typing import Any

import pytest

from iot_facerecognition_edge.cameras import PixelFormat, planar
from iot_facerecognition_edge.cameras.planar import PlanarConverter


@pytest.fixture
def converter() -> PlanarConverter:
    made = PlanarConverter()
    if not made.colour:
        pytest.skip("libturbojpeg is not installed")
    return made


@pytest.fixture
def grey_converter(monkeypatch: pytest.MonkeyPatch) -> PlanarConverter:
    monkeypatch.setattr(planar, "_LIBRARY", "libno-such-library.so.0")
    return PlanarConverter()


def planes(size: tuple[int, int], stride: int, y: int, u: int, v: int) -> bytes:
    """A picture of one colour, with 255 where nobody is to look."""
    width, height = size
    rows = [(y, width, stride)] * height
    rows += [(u, width // 2, stride // 2)] * (height // 2)
    rows += [(v, width // 2, stride // 2)] * (height // 2)
    return b"".join(bytes([value]) * used + b"\xff" * (row - used) for value, used, row in rows)


@pytest.mark.parametrize("stride", [64, 128])
@pytest.mark.parametrize(
    ("yuv", "rgb"),
    [((76, 85, 255), (254, 0, 0)), ((150, 44, 21), (0, 255, 1)), ((128, 128, 128), (128,) * 3)],
)
def test_colours_are_those_of_jfif(converter: Any, stride: int, yuv: Any, rgb: Any) -> None:
    size = (64, 48)
    preview = converter.preview(planes(size, stride, *yuv), size, stride, 2.5)
    assert (preview.width, preview.height, preview.time) == (64, 48, 2.5)
    assert preview.format is PixelFormat.BGRX
    assert len(preview.pixels) == 64 * 48 * 4
    for place in (0, 64 * 47 * 4, 64 * 48 * 4 - 4):
        got = preview.pixels[place : place + 3][::-1]
        assert all(abs(a - b) <= 2 for a, b in zip(got, rgb, strict=True))


@pytest.mark.parametrize("stride", [64, 128])
def test_without_the_library_the_preview_is_the_luma(grey_converter: Any, stride: int) -> None:
    size = (64, 48)
    preview = grey_converter.preview(planes(size, stride, 77, 1, 2), size, stride, 2.5)
    assert preview.format is PixelFormat.GREY
    assert preview.pixels == bytes([77]) * (64 * 48)


def test_a_picture_that_is_cut_short_is_refused(converter: Any, grey_converter: Any) -> None:
    for one in (converter, grey_converter):
        with pytest.raises(ValueError, match="no picture of 64x48"):
            one.preview(bytes(64 * 48), (64, 48), 64, 0.0)
