"""What JPEGs cost that are made to be expensive, compared with honest ones: `[Limits] Scans`.

Run with `python -m benchmarks.jpeg_cost`. Repeated scans are decoded to their end here, as if they
were in order; the server stops at the first that is not.
"""

import io
import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from iot_facerecognition_server.frames import FrameRejectedError
from iot_facerecognition_server.vision.jpeg_header import JpegLimits, checked_header, read_header
from iot_facerecognition_server.vision.turbojpeg import PIXELS_RGB, TurboJpeg

WIDTH, HEIGHT = 4096, 2160
FRAME_BYTES = 4_000_000
TRIES = 5


def milliseconds(work: Callable[[], object]) -> float:
    """Return the processor time of the fastest of some calls."""
    times = []
    for _ in range(TRIES):
        began = time.process_time()
        work()
        times.append(time.process_time() - began)
    return 1000 * min(times)


def encoded(picture: NDArray[np.uint8], **options: object) -> bytes:
    """Return the JPEG of the best quality from 85 down that has at most `FRAME_BYTES`."""
    for quality in range(85, 5, -5):
        buffer = io.BytesIO()
        Image.fromarray(picture).save(buffer, "JPEG", quality=quality, subsampling=0, **options)
        if buffer.tell() <= FRAME_BYTES:
            break
    return buffer.getvalue()


def dearest(photo: NDArray[np.uint8], limits: JpegLimits) -> bytes:
    """Return a JPEG with all the scans and bytes that it may have."""
    for quality in range(90, 5, -5):
        buffer = io.BytesIO()
        Image.fromarray(photo).save(
            buffer, "JPEG", quality=quality, subsampling=0, progressive=True
        )
        jpeg = buffer.getvalue()
        jpeg = with_scans(jpeg, limits.scans_of(read_header(jpeg)))
        if len(jpeg) <= FRAME_BYTES:
            break
    return jpeg


def with_scans(progressive: bytes, count: int) -> bytes:
    """Repeat the last scan until there are `count`."""
    last = progressive.rindex(b"\xff\xda")
    more = count - progressive.count(b"\xff\xda")
    return progressive[:-2] + progressive[last:-2] * more + b"\xff\xd9"


def decoding(library: TurboJpeg, jpeg: bytes) -> Callable[[], object]:
    """Return what decodes `jpeg` in colour, to its end."""
    header = read_header(jpeg)
    picture = np.empty((header.height, header.width, 3), np.uint8)

    def decode() -> None:
        with library.decompressor() as decompressor:
            decompressor.decode(jpeg, picture, PIXELS_RGB, stop_on_warning=False)

    return decode


def checking(jpeg: bytes) -> Callable[[], object]:
    """Return what decides whether `jpeg` may be decoded."""

    def check() -> None:
        try:
            checked_header(jpeg, JpegLimits())
        except FrameRejectedError:
            return

    return check


def main() -> None:
    """Print a line for each kind of JPEG."""
    library = TurboJpeg()

    def handle() -> None:
        with library.decompressor():
            return

    rows, columns = np.mgrid[0:HEIGHT, 0:WIDTH]
    waves = 128 + 60 * np.sin(columns / 37) + 40 * np.cos(rows / 53)
    noise = np.random.default_rng(0).normal(0, 20, (HEIGHT, WIDTH, 3))
    photo = np.clip(waves[..., np.newaxis] + noise, 0, 255).astype(np.uint8)
    grey = np.full((HEIGHT, WIDTH), 128, np.uint8)
    progressive = encoded(photo, progressive=True)
    kinds = {
        "640 x 480": encoded(photo[:480, :640]),
        "sequential": encoded(photo),
        "progressive": progressive,
        "progressive, at its limit": dearest(photo, JpegLimits()),
        "grey, 499 scans": with_scans(encoded(grey, progressive=True), 499),
    }
    print(f"a handle made and ended: {1000 * milliseconds(handle):.1f} us")
    print(f"{'JPEG':<26}{'bytes':>10}{'scans':>7}{'check ms':>10}{'decode ms':>11}")
    for name, jpeg in kinds.items():
        scans = jpeg.count(b"\xff\xda")
        check, decode = milliseconds(checking(jpeg)), milliseconds(decoding(library, jpeg))
        print(f"{name:<26}{len(jpeg):>10}{scans:>7}{check:>10.3f}{decode:>11.1f}")
    start = progressive[: progressive.index(b"\xff\xda") + 14]
    for name, filler in (("ff", b"\xff"), ("ff 00", b"\xff\x00"), ("ff d0", b"\xff\xd0")):
        junk = start + filler * ((FRAME_BYTES - len(start)) // len(filler))
        print(f"{f'4 MB of {name}':<26}{len(junk):>10}{1:>7}{milliseconds(checking(junk)):>10.3f}")


if __name__ == "__main__":
    main()
