"""Reads the QR code that a person holds before the camera."""

from iot_facerecognition_edge.cameras.interface import PixelFormat, PreviewImage
from iot_facerecognition_edge.qr.zbar import ZBar

_GREEN = 1
"""Of the four bytes of a BGRX pixel, the one that is nearest to its brightness."""
_BYTES = 4


class CodeReader:
    """Loads ZBar with the first picture. Not for two threads at a time."""

    def __init__(self) -> None:
        self._zbar: ZBar | None = None

    def read(self, image: PreviewImage, *, mirrored: bool) -> str | None:
        """Return the text of a QR code in `image`, None where there is none.

        A `mirrored` picture is turned back: a QR code has a left and a right. Raises
        ZBarMissingError.
        """
        if self._zbar is None:
            self._zbar = ZBar()
        grey, width = brightness(image), image.width
        if mirrored:
            grey = b"".join(
                grey[row : row + width][::-1] for row in range(0, width * image.height, width)
            )
        for content in self._zbar.scan(grey, width, image.height):
            return content.decode("utf-8", errors="replace")
        return None


def brightness(image: PreviewImage) -> bytes:
    """Return a byte for each pixel of `image`, row by row."""
    if image.format is PixelFormat.GREY:
        return image.pixels
    return image.pixels[_GREEN::_BYTES]
