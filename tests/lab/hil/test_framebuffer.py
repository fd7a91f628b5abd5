"""Pictures out of framebuffers of both kinds."""

import numpy as np
import pytest

from lab.hil.framebuffer import Form, FramebufferError, picture_of

COLOURS = [(255, 255, 255), (0, 0, 0), (255, 0, 0), (0, 255, 0), (0, 0, 255), (139, 0, 0)]


def test_the_kernels_description_is_read():
    assert Form.parse("640,480 1280 16") == Form(640, 480, 1280, 16)


@pytest.mark.parametrize("text", ["", "640,480 1280", "640x480 1280 16"])
def test_another_description_is_reported(text):
    with pytest.raises(FramebufferError, match="describes the framebuffer as"):
        Form.parse(text)


def test_sixteen_bits_keep_black_white_and_what_they_can_of_colours():
    words = [(r >> 3) << 11 | (g >> 2) << 5 | b >> 3 for r, g, b in COLOURS]
    # Three pixels a line, and bytes after them that are not shown.
    lines = np.array([[*words[:3], 0xBEEF], [*words[3:], 0xBEEF]], dtype="<u2")
    picture = picture_of(lines.tobytes(), Form(3, 2, 8, 16))
    shown = [picture.getpixel((x, y)) for y in range(2) for x in range(3)]
    assert shown[:5] == COLOURS[:5]
    assert max(abs(a - b) for a, b in zip(shown[5], COLOURS[5], strict=True)) < 8


def test_thirty_two_bits_are_blue_green_red():
    pixels = b"".join(bytes((b, g, r, 0)) for r, g, b in COLOURS)
    picture = picture_of(pixels, Form(6, 1, 24, 32))
    assert [picture.getpixel((x, 0)) for x in range(6)] == COLOURS


def test_too_few_bytes_and_other_depths_are_reported():
    with pytest.raises(FramebufferError, match="gave 3 bytes of 8"):
        picture_of(b"abc", Form(2, 2, 4, 16))
    with pytest.raises(FramebufferError, match="8 bits a pixel"):
        picture_of(bytes(4), Form(2, 2, 2, 8))
