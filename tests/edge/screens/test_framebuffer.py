"""The framebuffer screen against a file that behaves like fb0."""

import ctypes
import random

import pygame
import pytest

from iot_facerecognition_edge.screens.fbinfo import (
    FB_VISUAL_TRUECOLOR,
    FixedInfo,
    FramebufferInfo,
    VariableInfo,
    interpret,
)
from iot_facerecognition_edge.screens.framebuffer import FramebufferScreen
from iot_facerecognition_edge.screens.interface import ScreenError
from iot_facerecognition_edge.screens.rotation import Rotation

RGB565 = (0xF800, 0x07E0, 0x001F)
BGR565 = (0x001F, 0x07E0, 0xF800)
XRGB = (0xFF0000, 0x00FF00, 0x0000FF)
XBGR = (0x0000FF, 0x00FF00, 0xFF0000)


def device(tmp_path, size, bits, masks, *, padding=0, offset=0, opaque=0):
    """Return the path of a file of a framebuffer's size, and what its driver would report."""
    width, height = size
    stride = width * bits // 8 + padding
    info = FramebufferInfo(
        width, height, bits, masks, stride, offset + stride * height, offset, opaque, "fake"
    )
    path = tmp_path / "fb0"
    path.write_bytes(bytes([0xA5]) * info.length)
    return path, info


def pixel(path, info, x, y):
    """Return the number that the display controller would read at (x, y)."""
    start = info.offset + y * info.stride + x * info.bits // 8
    return int.from_bytes(path.read_bytes()[start : start + info.bits // 8], "little")


def show(path, info, rects, rotation=Rotation.NONE):
    """Draw a red, a green and a blue pixel on white and show `rects`."""
    screen = FramebufferScreen(path, rotation, info_of=lambda _: info)
    screen.canvas.fill("white")
    screen.canvas.set_at((0, 0), (255, 0, 0))
    screen.canvas.set_at((1, 0), (0, 255, 0))
    screen.canvas.set_at((0, 1), (0, 0, 255))
    screen.present([pygame.Rect(rect) for rect in rects])
    screen.close()


@pytest.mark.parametrize("masks", [RGB565, BGR565])
@pytest.mark.parametrize(("padding", "offset"), [(0, 0), (14, 0), (6, 64)])
def test_sixteen_bit_pixels_have_the_bits_that_the_driver_reports(tmp_path, masks, padding, offset):
    path, info = device(tmp_path, (6, 4), 16, masks, padding=padding, offset=offset)
    show(path, info, [(0, 0, 6, 4)])
    red, green, blue = masks
    assert pixel(path, info, 0, 0) == red
    assert pixel(path, info, 1, 0) == green
    assert pixel(path, info, 0, 1) == blue
    assert pixel(path, info, 5, 3) == 0xFFFF


@pytest.mark.parametrize("masks", [XRGB, XBGR])
@pytest.mark.parametrize("padding", [0, 20])
def test_thirty_two_bit_pixels_have_the_bits_that_the_driver_reports(tmp_path, masks, padding):
    path, info = device(tmp_path, (6, 4), 32, masks, padding=padding)
    show(path, info, [(0, 0, 6, 4)])
    colours = 0xFFFFFF
    assert pixel(path, info, 0, 0) & colours == masks[0]
    assert pixel(path, info, 1, 0) & colours == masks[1]
    assert pixel(path, info, 0, 1) & colours == masks[2]


def test_a_format_with_alpha_gets_opaque_pixels(tmp_path):
    path, info = device(tmp_path, (6, 4), 32, XRGB, opaque=0xFF000000)
    show(path, info, [(0, 0, 6, 4)])
    assert pixel(path, info, 0, 0) == 0xFFFF0000
    assert pixel(path, info, 0, 1) == 0xFF0000FF


def test_only_the_given_rectangles_are_written_and_never_the_padding(tmp_path):
    path, info = device(tmp_path, (6, 4), 16, RGB565, padding=8)
    show(path, info, [(0, 0, 2, 1), (4, 2, 2, 2)])
    content = path.read_bytes()
    written = {(x, y) for x in range(6) for y in range(4) if pixel(path, info, x, y) != 0xA5A5}
    assert written == {(0, 0), (1, 0), (4, 2), (5, 2), (4, 3), (5, 3)}
    for y in range(4):
        assert content[y * info.stride + 12 : (y + 1) * info.stride] == bytes([0xA5]) * 8


@pytest.mark.parametrize("bits", [16, 32])
@pytest.mark.parametrize("rotation", list(Rotation))
def test_parts_shown_on_a_turned_panel_make_the_turned_whole(tmp_path, bits, rotation):
    masks = RGB565 if bits == 16 else XRGB
    path, info = device(tmp_path, (12, 8), bits, masks, padding=4)
    screen = FramebufferScreen(path, rotation, info_of=lambda _: info)
    assert screen.size == ((8, 12) if rotation.swaps else (12, 8))
    chance = random.Random(5)
    for x in range(screen.size[0]):
        for y in range(screen.size[1]):
            screen.canvas.set_at((x, y), [chance.randrange(256) for _ in "rgb"])
    whole = screen.canvas.get_rect()
    half = pygame.Rect(0, 0, whole.width, 5)
    screen.present([half, pygame.Rect(0, 5, 3, whole.height - 5)])
    screen.present([pygame.Rect(3, 5, whole.width - 3, whole.height - 5)])

    turned = pygame.transform.rotate(screen.canvas, -rotation.value)
    for x in range(12):
        for y in range(8):
            assert pixel(path, info, x, y) == turned.get_at_mapped((x, y)), (x, y)
    screen.close()


def test_rotation_of_a_touch_undoes_the_rotation_of_the_canvas():
    canvas = (100, 60)
    for rotation in Rotation:
        panel = rotation.canvas_size(canvas)  # the swap is its own inverse
        spot = rotation.on_panel(pygame.Rect(20, 10, 1, 1), canvas)
        u = (spot.x + 0.5) / panel[0]
        v = (spot.y + 0.5) / panel[1]
        x, y = rotation.on_canvas(u, v)
        assert (int(x * canvas[0]), int(y * canvas[1])) == (20, 10), rotation


def structures(bits=16, lengths=(5, 6, 5), offsets=(11, 5, 0)):
    fixed = FixedInfo(id=b"vc4drmfb", smem_len=2048 * 4, type=0, visual=FB_VISUAL_TRUECOLOR)
    fixed.line_length = 2048
    variable = VariableInfo(xres=480, yres=2, bits_per_pixel=bits, yoffset=2, xoffset=8)
    for name, length, offset in zip(("red", "green", "blue"), lengths, offsets, strict=True):
        field = getattr(variable, name)
        field.length, field.offset = length, offset
    return fixed, variable


def test_the_kernels_structures_are_understood():
    info = interpret(*structures())
    assert info.masks == RGB565
    assert (info.width, info.height, info.bits, info.stride) == (480, 2, 16, 2048)
    assert info.offset == 2 * 2048 + 8 * 2
    assert info.name == "vc4drmfb"


def test_structures_have_the_kernels_sizes():
    """sizeof on a 64-bit Linux: 80 and 160 bytes (include/uapi/linux/fb.h)."""
    assert ctypes.sizeof(VariableInfo) == 160
    assert ctypes.sizeof(FixedInfo) == (80 if ctypes.sizeof(ctypes.c_long) == 8 else 68)


def test_a_palette_framebuffer_is_refused_with_the_cure():
    fixed, variable = structures(bits=8)
    fixed.visual = 3
    with pytest.raises(ScreenError, match=r"true-colour.*16 or 32 bit"):
        interpret(fixed, variable)


def test_an_odd_depth_is_refused_with_the_cure():
    with pytest.raises(ScreenError, match=r"24 bits a pixel.*framebuffer_depth"):
        interpret(*structures(bits=24))


def test_sizes_that_do_not_fit_are_refused():
    with pytest.raises(ScreenError, match=r"do not fit together"):
        FramebufferInfo(480, 320, 16, RGB565, 960, 1000)


def test_a_missing_device_is_named(tmp_path):
    with pytest.raises(ScreenError, match=r"fb7 cannot be opened: No such file.*group 'video'"):
        FramebufferScreen(tmp_path / "fb7")


def test_an_ordinary_file_is_no_framebuffer(tmp_path):
    path = tmp_path / "fb0"
    path.write_bytes(b"nothing")
    with pytest.raises(ScreenError, match=r"is no framebuffer that can be mapped"):
        FramebufferScreen(path)
