"""The device's screen, read from its framebuffer over SSH: what the panel shows, bit by bit."""

from dataclasses import dataclass

import numpy as np
from PIL import Image

from lab.hil.shell import Shell

_ASK = r"""
for name in virtual_size stride bits_per_pixel; do
    printf '%s ' "$(cat /sys/class/graphics/{name}/$name)"
done
"""
_RGB565, _XRGB8888 = 16, 32


class FramebufferError(AssertionError):
    """The framebuffer has a form that is not understood; the message says which."""


@dataclass(frozen=True, slots=True)
class Form:
    """A framebuffer's size in pixels, the bytes of a line, and the bits of a pixel."""

    width: int
    height: int
    stride: int
    bits: int

    @classmethod
    def parse(cls, text: str) -> "Form":
        """Read `WIDTH,HEIGHT STRIDE BITS`, as sysfs has them. Raises FramebufferError."""
        try:
            size, stride, bits = text.split()
            width, height = map(int, size.split(","))
            return cls(width, height, int(stride), int(bits))
        except ValueError:
            raise FramebufferError(f"the kernel describes the framebuffer as {text!r}") from None

    @property
    def bytes(self) -> int:
        """How many bytes the screen takes."""
        return self.stride * self.height


def read_screen(shell: Shell, device: str = "/dev/fb0") -> Image.Image:
    """Return what the framebuffer `device` holds now. Raises FramebufferError."""
    form = Form.parse(shell.run(_ASK.replace("{name}", device.removeprefix("/dev/"))))
    # The memory may be larger than what is shown of it.
    pixels = shell.raw(f"head -c {form.bytes} {device}", root=True)
    return picture_of(pixels, form)


def picture_of(pixels: bytes, form: Form) -> Image.Image:
    """Return the screen of `form` as RGB. Raises FramebufferError."""
    if len(pixels) != form.bytes:
        raise FramebufferError(f"the framebuffer gave {len(pixels)} bytes of {form.bytes}")
    lines = np.frombuffer(pixels, dtype=np.uint8).reshape(form.height, form.stride)
    if form.bits == _XRGB8888:
        rows = lines[:, : form.width * 4].reshape(form.height, form.width, 4)
        return Image.fromarray(np.ascontiguousarray(rows[:, :, 2::-1]), "RGB")
    if form.bits != _RGB565:
        raise FramebufferError(f"a framebuffer of {form.bits} bits a pixel; known are 16 and 32")
    words = np.ascontiguousarray(lines[:, : form.width * 2]).view("<u2").astype(np.uint32)
    red, green, blue = words >> 11 & 0x1F, words >> 5 & 0x3F, words & 0x1F
    # The upper bits are repeated below, so that full stays full.
    channels = (red << 3 | red >> 2, green << 2 | green >> 4, blue << 3 | blue >> 2)
    return Image.fromarray(np.stack(channels, axis=2).astype(np.uint8), "RGB")
