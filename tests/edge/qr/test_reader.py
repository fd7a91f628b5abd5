"""QR codes as cameras see them: small, dim, turned, noisy, and in both kinds of preview."""

import ctypes
import io
import random

import pytest
import segno
from PIL import Image, ImageFilter

from iot_facerecognition_edge.cameras.interface import PixelFormat, PreviewImage
from iot_facerecognition_edge.qr.reader import CodeReader
from iot_facerecognition_edge.qr.zbar import ZBar
from iot_facerecognition_protocol.pairing.text import PairingText, format_pairing_text

TEXT = format_pairing_text(PairingText("camera-server.local", "3f2a91c0" * 8, code="482193657"))


@pytest.fixture(scope="module", autouse=True)
def _zbar():
    try:
        ctypes.CDLL("libzbar.so.0")
    except OSError:
        pytest.skip("libzbar0 is not installed")


def screen(side: int = 200) -> Image.Image:
    """Return a photo of a screen that shows the code, `side` pixels wide, in 320x240 pixels."""
    content = io.BytesIO()
    segno.make_qr(TEXT, error="l", boost_error=False).save(content, kind="png", scale=8, border=4)
    code = Image.open(content).convert("L").resize((side, side), Image.Resampling.BILINEAR)
    photo = Image.new("L", (320, 240), 90)
    photo.paste(code, ((320 - side) // 2, (240 - side) // 2))
    return photo


def grey(photo: Image.Image) -> PreviewImage:
    return PreviewImage(*photo.size, PixelFormat.GREY, photo.tobytes(), 0.0)


def read(photo: Image.Image) -> str | None:
    return CodeReader().read(grey(photo), mirrored=False)


@pytest.mark.parametrize("side", [150, 200, 236])
def test_a_code_is_read_at_several_distances(side: int) -> None:
    assert read(screen(side)) == TEXT


@pytest.mark.parametrize("angle", [7, 45, 90, 200])
def test_a_code_is_read_however_it_is_turned(angle: int) -> None:
    assert read(screen(165).rotate(angle, Image.Resampling.BILINEAR, fillcolor=90)) == TEXT


def test_a_code_is_read_a_little_from_the_side() -> None:
    quad = (-30, -20, -10, 260, 330, 250, 340, -10)
    photo = screen().transform((320, 240), Image.Transform.QUAD, quad, Image.Resampling.BILINEAR)
    assert read(photo) == TEXT


def test_a_code_is_read_in_dim_light_with_noise_and_a_lens_that_is_a_little_soft() -> None:
    chance = random.Random(1)
    soft = screen(220).filter(ImageFilter.GaussianBlur(0.8))
    dim = bytes(
        max(0, min(255, round(level * 0.4 + 20 + chance.gauss(0, 6)))) for level in soft.tobytes()
    )
    assert CodeReader().read(PreviewImage(320, 240, PixelFormat.GREY, dim, 0.0), mirrored=False)


def test_a_picture_in_colour_is_read_as_well() -> None:
    photo = screen().convert("RGB")
    blue, green, red = reversed(photo.split())
    pixels = Image.merge("RGBX", (blue, green, red, Image.new("L", photo.size))).tobytes()
    image = PreviewImage(*photo.size, PixelFormat.BGRX, pixels, 0.0)
    assert CodeReader().read(image, mirrored=False) == TEXT


def test_a_mirrored_picture_is_turned_back() -> None:
    photo = screen().transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    assert CodeReader().read(grey(photo), mirrored=True) == TEXT


def test_a_picture_without_a_code_gives_nothing() -> None:
    reader = CodeReader()
    assert reader.read(grey(Image.new("L", (320, 240), 90)), mirrored=False) is None
    assert reader.read(grey(screen()), mirrored=False) == TEXT, "the scanner is used again"


def test_a_picture_that_is_cut_is_refused() -> None:
    with pytest.raises(ValueError, match="no picture of 320x240"):
        ZBar().scan(b"\0" * 100, 320, 240)


def test_barcodes_of_shops_are_not_looked_for() -> None:
    """Only QR codes are: a shelf behind the person must not answer."""
    bars = "".join("1" if n % 3 else "0" for n in range(95))
    row = bytes(30 if bar == "1" else 220 for bar in bars for _ in range(3))
    width = len(row)
    assert ZBar().scan(row * 120, width, 120) == []
