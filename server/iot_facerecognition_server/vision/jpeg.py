"""The pixels of a JPEG, by libjpeg-turbo.

libturbojpeg is called directly: PyTurboJPEG reports a truncated picture as a Python warning and
returns it half grey, and a warning does not say which thread's it is
(docs/decisions/jpeg-decoding.md).
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from iot_facerecognition_server.vision.jpeg_header import JpegHeader, read_header
from iot_facerecognition_server.vision.jpeg_repair import with_clean_header, with_end
from iot_facerecognition_server.vision.jpeg_scans import has_all_restarts, read_scans
from iot_facerecognition_server.vision.jpeg_segments import damaged
from iot_facerecognition_server.vision.scaling import luma
from iot_facerecognition_server.vision.turbojpeg import (
    CHANNELS,
    PIXELS_CMYK,
    PIXELS_GREY,
    PIXELS_RGB,
    DecoderMessage,
    Decompressor,
    TurboJpeg,
)

FULL_SIZE: Final = 8
"""Scale in eighths at which a pixel of the JPEG is a pixel of the result."""
LARGEST_SCALE: Final = 16
_LARGEST_SIDE: Final = 65500
"""libjpeg's JPEG_MAX_DIMENSION."""
_EXTRANEOUS: Final = "extraneous bytes before marker"
"""The warning (libjpeg's jerror.h) after which a picture can be whole: webcams fill up with these.
Also one of a lost restart marker, so that is looked for."""
_BEFORE_END: Final = f"{_EXTRANEOUS} 0xd9"


class JpegDecoder:
    """Decodes JPEGs: greyscale, YCbCr, RGB, CMYK and YCCK, sequential and progressive.

    Callable from any thread, and it releases the GIL while libjpeg-turbo works. Nothing is kept
    from one picture to the next: each has a handle of libturbojpeg of its own (`TurboJpeg`). The
    caller decides what is too much work (`checked_header`) before it asks for it.
    """

    def __init__(self) -> None:
        """Load libturbojpeg. Raises JpegLibraryError."""
        self._library = TurboJpeg()

    def grey(self, data: bytes, scale: int = FULL_SIZE) -> NDArray[np.uint8]:
        """Return the luma of a JPEG as stored, (h, w) uint8, scaled by `scale` eighths (1 to 16).

        Raises FrameRejectedError with FRAME_EMPTY, FRAME_NOT_JPEG or FRAME_DAMAGED.
        """
        header = read_header(data)
        if header.components == CHANNELS[PIXELS_CMYK]:
            return luma(_rgb_from_cmyk(self._decode(data, header, PIXELS_CMYK, scale)))
        picture = self._decode(data, header, PIXELS_GREY, scale)
        return picture.reshape(picture.shape[:2])

    def rgb(self, data: bytes, scale: int = FULL_SIZE) -> NDArray[np.uint8]:
        """Return a JPEG as (h, w, 3) uint8 RGB; scale and errors as in `grey`."""
        header = read_header(data)
        if header.components == CHANNELS[PIXELS_CMYK]:
            return _rgb_from_cmyk(self._decode(data, header, PIXELS_CMYK, scale))
        return self._decode(data, header, PIXELS_RGB, scale)

    def _decode(
        self, data: bytes, header: JpegHeader, pixels: int, scale: int
    ) -> NDArray[np.uint8]:
        """Return (h, w, channels) uint8 in libturbojpeg's pixel format `pixels`."""
        if not 1 <= scale <= LARGEST_SCALE:
            raise ValueError(f"scale is in eighths from 1 to {LARGEST_SCALE}, not {scale}")
        height, width = (-(-side * scale // FULL_SIZE) for side in (header.height, header.width))
        picture = np.empty((height, width, CHANNELS[pixels]), np.uint8)
        data = with_end(data)
        with self._library.decompressor() as decompressor:
            message = _opened(decompressor, data, header)
            if message is None:
                message = decompressor.decode(data, picture, pixels, stop_on_warning=True)
                if message is not None:
                    self._decode_whole(data, picture, pixels, message)
                return picture
        # Whatever libjpeg-turbo warns of in a header is harmless. But it reports the first warning
        # only, and the picture may have worse ones: so it is decoded with a header without faults.
        data = with_clean_header(data, header.components)
        with self._library.decompressor() as decompressor:
            message = _opened(decompressor, data, header)
            message = message or decompressor.decode(data, picture, pixels, stop_on_warning=True)
        if message is not None:
            self._decode_whole(data, picture, pixels, message)
        return picture

    def _decode_whole(
        self, data: bytes, picture: NDArray[np.uint8], pixels: int, message: DecoderMessage
    ) -> None:
        """Decode to the end what was stopped by `message`, where that is harmless."""
        if not message.warning or _EXTRANEOUS not in message.text:
            raise damaged(message.text)
        frame, scans = read_scans(data)
        if not has_all_restarts(data, frame, scans):
            raise damaged(f"a restart marker is lost ({message.text})")
        if len(scans) == 1 and _BEFORE_END in message.text:
            return  # every pixel was there before
        with self._library.decompressor() as decompressor:
            worse = decompressor.decode(data, picture, pixels, stop_on_warning=False)
        if worse is not None and not worse.warning:
            raise damaged(worse.text)


def _opened(decompressor: Decompressor, data: bytes, header: JpegHeader) -> DecoderMessage | None:
    """Make sure that libturbojpeg is about to decode the picture that `header` describes.

    Returns what it warns of in the header.
    """
    size, message = decompressor.size(data)
    if size != (header.width, header.height):
        if max(header.width, header.height) > _LARGEST_SIDE:
            raise damaged(f"{header.width} x {header.height}: no side may exceed {_LARGEST_SIDE}")
        if size == (0, 0) and message is not None:
            raise damaged(message.text)
        raise damaged("it has two frame headers")
    # An error with a size is one of rare samplings, which decode well.
    return message if message is not None and message.warning else None


def _rgb_from_cmyk(cmyk: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return RGB of CMYK as Adobe writes it into JPEGs and everyone reads it: 255 is no ink."""
    ink_free = cmyk.astype(np.uint16)
    return ((ink_free[:, :, :3] * ink_free[:, :, 3:] + 127) // 255).astype(np.uint8)
