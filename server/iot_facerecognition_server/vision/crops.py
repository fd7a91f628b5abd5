"""Crops of a frame for the object classifier."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from iot_facerecognition_protocol.box import Box
from iot_facerecognition_server.frames import ObjectsWanted
from iot_facerecognition_server.vision.jpeg import JpegDecoder
from iot_facerecognition_server.vision.jpeg_header import JpegLimits, checked_header
from iot_facerecognition_server.vision.orientation import upright

SMALLEST_SHARE: Final = 0.466666666
LARGEST_SHARE: Final = 0.875
"""Bounds of a random crop's side as a share of the frame's short side (`dnn_imagenet_ex.cpp`)."""
CENTRE_SHARE: Final = LARGEST_SHARE
"""The deterministic crop's: the usual one of ImageNet's evaluation."""
_COLOUR_OFFSET: Final = 5.0
"""Largest offset of a colour in levels of 255: a slight change of the light."""
_FULL_SIZE: Final = 8
"""Eighths in libjpeg-turbo's scale."""


@dataclass(frozen=True, slots=True)
class Crop:
    """A square in a picture, in whole pixels, and whether it is taken mirrored."""

    box: Box
    mirrored: bool = False


def centre_crop(width: int, height: int) -> Crop:
    """Return the crop in the middle of a picture."""
    side = max(1, round(CENTRE_SHARE * min(width, height)))
    return Crop(Box.at((width - side) // 2, (height - side) // 2, side, side))


def random_crop(width: int, height: int, random: np.random.Generator) -> Crop:
    """Return a crop of random size, in a random place, mirrored at random."""
    share = random.uniform(SMALLEST_SHARE, LARGEST_SHARE)
    side = max(1, round(share * min(width, height)))
    left = int(random.integers(0, width - side + 1))
    top = int(random.integers(0, height - side + 1))
    return Crop(Box.at(left, top, side, side), mirrored=bool(random.integers(2)))


class ObjectCropper:
    """Cuts crops out of JPEGs. An instance belongs to one thread."""

    def __init__(self, decoder: JpegDecoder, side: int, crops: int, limits: JpegLimits) -> None:
        """Cut `crops` random crops, or one in the middle, each of `side` x `side` pixels.

        Pictures past `limits` are refused before they are decoded.
        """
        self._decoder = decoder
        self._side = side
        self._crops = crops
        self._limits = limits

    def crops(
        self, jpeg: bytes, wanted: ObjectsWanted, seed: Sequence[int]
    ) -> list[NDArray[np.uint8]]:
        """Return crops of the upright picture, each (side, side, 3) uint8 RGB.

        The same `seed` gives the same ones. The deterministic crop is one: the original takes it
        sixteen times over, with the same outcome. Raises FrameRejectedError.
        """
        header = checked_header(jpeg, self._limits)
        scale = self._scale(min(header.width, header.height), deterministic=wanted.deterministic)
        picture = upright(self._decoder.rgb(jpeg, scale), header.orientation)
        height, width = picture.shape[:2]
        if wanted.deterministic:
            return [self._cut(picture, centre_crop(width, height))]
        random = np.random.default_rng(seed)
        taken = []
        for _ in range(self._crops):
            pixels = self._cut(picture, random_crop(width, height, random))
            taken.append(_recoloured(pixels, random))
        return taken

    def _scale(self, short_side: int, *, deterministic: bool) -> int:
        """Return in eighths how small the JPEG may be decoded without a crop being enlarged."""
        share = CENTRE_SHARE if deterministic else SMALLEST_SHARE
        needed = -(-_FULL_SIZE * self._side // max(1, int(share * short_side)))
        return min(_FULL_SIZE, max(1, needed))

    def _cut(self, picture: NDArray[np.uint8], crop: Crop) -> NDArray[np.uint8]:
        """Return `crop` of `picture`, resized by antialiased bilinear sampling."""
        pixels = torch.from_numpy(picture[crop.box.pixels]).permute(2, 0, 1)[None]
        size = (self._side, self._side)
        resized = functional.interpolate(pixels, size, mode="bilinear", antialias=True)
        cut: NDArray[np.uint8] = resized[0].permute(1, 2, 0).numpy()
        return np.ascontiguousarray(cut[:, ::-1] if crop.mirrored else cut)


def _recoloured(pixels: NDArray[np.uint8], random: np.random.Generator) -> NDArray[np.uint8]:
    """Return `pixels` with a random offset added to each colour, as light does."""
    offsets = random.uniform(-_COLOUR_OFFSET, _COLOUR_OFFSET, 3)
    return np.clip(np.rint(pixels + offsets), 0, 255).astype(np.uint8)
