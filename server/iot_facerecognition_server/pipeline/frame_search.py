"""What a worker thread does with a frame of tracked faces: as little decoding as it needs."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from iot_facerecognition_server.detection import Detection
from iot_facerecognition_server.pipeline.region_search import RegionSearcher
from iot_facerecognition_server.tracking.changes import REDUCTION, Thumbnail
from iot_facerecognition_server.tracking.search_regions import SearchRegion
from iot_facerecognition_server.vision.chip_quality import chip_quality
from iot_facerecognition_server.vision.face_scanner import ChipCutter, PictureDecoder
from iot_facerecognition_server.vision.faces import FaceDetector
from iot_facerecognition_server.vision.jpeg import FULL_SIZE
from iot_facerecognition_server.vision.jpeg_header import JpegHeader, JpegLimits, checked_header
from iot_facerecognition_server.vision.orientation import upright
from iot_facerecognition_server.vision.scaling import block_means
from iot_facerecognition_server.vision.sharpness import sharpness

_FAST: Final = (2, 4, FULL_SIZE)
"""Scales in eighths that libjpeg-turbo decodes with vector instructions."""


class FrameSearcher:
    """Opens frames for one thread, with the tools that they share."""

    def __init__(
        self,
        decoder: PictureDecoder,
        detector: FaceDetector,
        regions: RegionSearcher,
        aligner: ChipCutter,
        limits: JpegLimits,
    ) -> None:
        """Scan whole frames with `detector`; refuse those past `limits`."""
        self.decoder = decoder
        self.detector = detector
        self.regions = regions
        self.aligner = aligner
        self._limits = limits

    def open(self, jpeg: bytes) -> "OpenFrame":
        """Return the frame, not yet decoded. Raises FrameRejectedError for what is past limits."""
        return OpenFrame(self, jpeg, checked_header(jpeg, self._limits))


class OpenFrame:
    """One JPEG, of which each size is decoded once and only when it is needed.

    All sizes and places are of the upright picture. Whatever decodes raises FrameRejectedError for
    a damaged one.
    """

    def __init__(self, tools: FrameSearcher, jpeg: bytes, header: JpegHeader) -> None:
        self.header = header
        self.size = header.upright_size
        self._tools = tools
        self._jpeg = jpeg
        self._greys: dict[int, NDArray[np.uint8]] = {}

    def thumbnail(self, *, searched: bool) -> Thumbnail:
        """Return the frame in grey with its sides divided by `REDUCTION`.

        When the frame is likely to be `searched`, one decoding gives both: reading the JPEG's codes
        is most of the work in every size.
        """
        if searched:
            return block_means(self._grey(FULL_SIZE))
        return self._decoded(FULL_SIZE // REDUCTION)

    def scan(self) -> list[Detection]:
        """Return the faces of the whole frame."""
        detector = self._tools.detector
        eighths = _fitting(detector.scale)
        grey = self._grey(eighths)
        across, down = self.size[0] / grey.shape[1], self.size[1] / grey.shape[0]
        judged = []
        for found in detector.detect(grey, eighths / FULL_SIZE):
            placed = found.scaled(across, down)
            quality = chip_quality(placed, sharpness(grey, found.box), self.size)
            judged.append(replace(placed, quality=quality))
        return judged

    def search(self, regions: Sequence[SearchRegion]) -> list[list[Detection]]:
        """Return the faces in each of the regions."""
        eighths = _fitting(max((region.scale for region in regions), default=1.0))
        if FULL_SIZE in self._greys:
            eighths = FULL_SIZE
        grey = self._grey(eighths)
        search = self._tools.regions.search
        return [search(grey, region, self.size, FULL_SIZE / eighths) for region in regions]

    def chips(self, faces: Sequence[Detection]) -> Sequence[NDArray[np.uint8]]:
        """Return a chip for the descriptor network of each of the faces."""
        if not faces:
            return []
        rgb = upright(self._tools.decoder.rgb(self._jpeg), self.header.orientation)
        return self._tools.aligner.chips(rgb, faces)

    def _grey(self, eighths: int) -> NDArray[np.uint8]:
        grey = self._greys.get(eighths)
        if grey is None:
            grey = self._greys[eighths] = self._decoded(eighths)
        return grey

    def _decoded(self, eighths: int) -> NDArray[np.uint8]:
        return upright(self._tools.decoder.grey(self._jpeg, eighths), self.header.orientation)


def _fitting(scale: float) -> int:
    """Return the smallest scale in eighths that has every pixel which `scale` needs."""
    return next((eighths for eighths in _FAST if eighths >= FULL_SIZE * scale), FULL_SIZE)
