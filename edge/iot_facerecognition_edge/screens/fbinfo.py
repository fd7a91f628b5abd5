"""What the kernel tells about a framebuffer device: struct fb_fix_screeninfo, fb_var_screeninfo.

Layouts and numbers: include/uapi/linux/fb.h. ctypes gives the machine's own sizes of `long`.
"""

import ctypes
import fcntl
from dataclasses import dataclass

from iot_facerecognition_edge.screens.interface import ScreenError

FBIOGET_VSCREENINFO = 0x4600
FBIOGET_FSCREENINFO = 0x4602
FB_TYPE_PACKED_PIXELS = 0
FB_VISUAL_TRUECOLOR = 2
FB_VISUAL_DIRECTCOLOR = 4


class _Bitfield(ctypes.Structure):
    _fields_ = (
        ("offset", ctypes.c_uint32),
        ("length", ctypes.c_uint32),
        ("msb_right", ctypes.c_uint32),
    )


class VariableInfo(ctypes.Structure):
    """struct fb_var_screeninfo."""

    _fields_ = (
        ("xres", ctypes.c_uint32),
        ("yres", ctypes.c_uint32),
        ("xres_virtual", ctypes.c_uint32),
        ("yres_virtual", ctypes.c_uint32),
        ("xoffset", ctypes.c_uint32),
        ("yoffset", ctypes.c_uint32),
        ("bits_per_pixel", ctypes.c_uint32),
        ("grayscale", ctypes.c_uint32),
        ("red", _Bitfield),
        ("green", _Bitfield),
        ("blue", _Bitfield),
        ("transp", _Bitfield),
        ("rest", ctypes.c_uint32 * 20),
    )


class FixedInfo(ctypes.Structure):
    """struct fb_fix_screeninfo."""

    _fields_ = (
        ("id", ctypes.c_char * 16),
        ("smem_start", ctypes.c_ulong),
        ("smem_len", ctypes.c_uint32),
        ("type", ctypes.c_uint32),
        ("type_aux", ctypes.c_uint32),
        ("visual", ctypes.c_uint32),
        ("xpanstep", ctypes.c_uint16),
        ("ypanstep", ctypes.c_uint16),
        ("ywrapstep", ctypes.c_uint16),
        ("line_length", ctypes.c_uint32),
        ("mmio_start", ctypes.c_ulong),
        ("mmio_len", ctypes.c_uint32),
        ("accel", ctypes.c_uint32),
        ("capabilities", ctypes.c_uint16),
        ("reserved", ctypes.c_uint16 * 2),
    )


@dataclass(frozen=True, slots=True)
class FramebufferInfo:
    """A framebuffer's geometry and pixel format.

    `stride` is in bytes a line, `offset` the bytes before the first visible pixel, `length` the
    mapped bytes. `masks` are the bits of red, green and blue in a pixel of `bits` bits, `opaque`
    those that must be set for a pixel to be seen (0 where the format has no alpha).
    """

    width: int
    height: int
    bits: int
    masks: tuple[int, int, int]
    stride: int
    length: int
    offset: int = 0
    opaque: int = 0
    name: str = ""

    def __post_init__(self) -> None:
        if self.bits not in (16, 32):
            raise ScreenError(
                f"framebuffer {self.name!r} has {self.bits} bits a pixel; 16 and 32 are served:"
                " set framebuffer_depth=16 (or 32) in config.txt, or video=…-16 on the kernel's"
                " command line"
            )
        pixel = self.bits // 8
        needed = self.offset + (self.height - 1) * self.stride + self.width * pixel
        if self.stride % pixel or self.offset % pixel or needed > self.length:
            raise ScreenError(
                f"framebuffer {self.name!r} reports {self.width}x{self.height} pixels of"
                f" {self.bits} bits, {self.stride} bytes a line and {self.length} bytes in all:"
                " these do not fit together; the driver is at fault"
            )


def interpret(fixed: FixedInfo, variable: VariableInfo) -> FramebufferInfo:
    """Return what both structures say. Raises ScreenError for formats that are not RGB pixels."""
    name = fixed.id.decode("ascii", "replace")
    if fixed.type != FB_TYPE_PACKED_PIXELS or fixed.visual not in (
        FB_VISUAL_TRUECOLOR,
        FB_VISUAL_DIRECTCOLOR,
    ):
        raise ScreenError(
            f"framebuffer {name!r} has no true-colour pixels (type {fixed.type}, visual"
            f" {fixed.visual}); choose 16 or 32 bit colour in the driver's options"
        )
    bits = int(variable.bits_per_pixel)
    return FramebufferInfo(
        width=int(variable.xres),
        height=int(variable.yres),
        bits=bits,
        masks=(_mask(variable.red), _mask(variable.green), _mask(variable.blue)),
        stride=int(fixed.line_length),
        length=int(fixed.smem_len),
        offset=int(variable.yoffset * fixed.line_length + variable.xoffset * (bits // 8)),
        opaque=_mask(variable.transp),
        name=name,
    )


def read_info(descriptor: int) -> FramebufferInfo:
    """Ask the open framebuffer device. Raises OSError where it is none, ScreenError as above."""
    fixed, variable = FixedInfo(), VariableInfo()
    fcntl.ioctl(descriptor, FBIOGET_FSCREENINFO, fixed)
    fcntl.ioctl(descriptor, FBIOGET_VSCREENINFO, variable)
    return interpret(fixed, variable)


def _mask(field: _Bitfield) -> int:
    return ((1 << int(field.length)) - 1) << int(field.offset)
