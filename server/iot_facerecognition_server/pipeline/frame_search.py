"""What a worker thread does with a frame of tracked faces: as little decoding as it needs."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray

from iot_facerecognition_server.detection import Detection
from iot_facerecognition_server.pipeline.region_search import RegionSearcher
from iot_facerecognition_server.tracking.changes import REDUCTION, Thumbnail
from iot_facerecognition_server.tracking.regions.search_regions import SearchRegion
from iot_facerecognition_server.tracking.watched_frame import Sides
from iot_facerecognition_server.vision.face_quality import face_quality
from iot_facerecognition_server.vision.face_scanner import ChipCutter, PictureDecoder
from iot_facerecognition_server.vision.faces import FaceDetector
from iot_facerecognition_server.vision.jpeg import FULL_SIZE
from iot_facerecognition_server.vision.jpeg_header import JpegHeader, JpegLimits, checked_header
from iot_facerecognition_server.vision.orientation import upright
from iot_facerecognition_server.vision.scaling import block_means
from iot_facerecognition_server.vision.sharpness import sharpness

NO_OTHERS: Final[Mapping[Sides, FaceDetector]] = MappingProxyType({})
"""Detectors at less than full sides where there are none."""
_FAST: Final = (2, 4, FULL_SIZE)
"""Scales in eighths that libjpeg-turbo decodes with vector instructions."""


class FrameSearcher:
    """Opens frames for one thread, with the tools that they share."""

    def __init__(
        self,
        decoder: PictureDecoder,
        detector: FaceDetector,
        aligner: ChipCutter,
        limits: JpegLimits,
        *,
        reduced: Mapping[Sides, FaceDetector] = NO_OTHERS,
        regions: RegionSearcher | None = None,
    ) -> None:
        """Scan frames with `detector`, with those of `reduced` at less; search with `regions`.

        Frames past `limits` are refused. What the session's tracker asks for has to be there.
        """
        self.decoder = decoder
        self.detectors = {Sides.FULL: detector, **reduced}
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
        self._pictures: dict[tuple[bool, int], NDArray[np.uint8]] = {}

    def thumbnail(self, searched: Sides | None) -> Thumbnail:
        """Return the frame in grey with its sides divided by `REDUCTION`.

        When the frame is likely to be `searched`, one decoding gives both: reading the JPEG's codes
        is most of the work in every size.
        """
        if searched is None:
            return self._decoded(FULL_SIZE // REDUCTION)
        detector = self._tools.detectors[searched]
        # Regions of grey frames are searched at full size, whatever the scan needs.
        eighths = (
            _fitting(detector.scale_of(self.size)) if self._tools.regions is None else FULL_SIZE
        )
        return block_means(self._picture(eighths, colour=detector.colour), eighths)

    def scan(self, sides: Sides = Sides.FULL) -> list[Detection]:
        """Return the faces of the whole frame, the most certain first."""
        detector = self._tools.detectors[sides]
        eighths = _fitting(detector.scale_of(self.size))
        picture = self._picture(eighths, colour=detector.colour)
        across, down = self.size[0] / picture.shape[1], self.size[1] / picture.shape[0]
        judged = []
        for found in detector.detect(picture, eighths / FULL_SIZE):
            placed = found.scaled(across, down)
            quality = face_quality(placed, sharpness(picture, found.box), self.size)
            judged.append(replace(placed, quality=quality))
        return judged

    def search(self, regions: Sequence[SearchRegion]) -> list[list[Detection]]:
        """Return the faces in each of the regions."""
        searcher = self._tools.regions
        if searcher is None:
            raise RuntimeError("a worker without a searcher of regions was given some")
        eighths = _fitting(max((region.scale for region in regions), default=1.0))
        if (False, FULL_SIZE) in self._pictures:
            eighths = FULL_SIZE
        grey = self._picture(eighths)
        return [searcher.search(grey, one, self.size, FULL_SIZE / eighths) for one in regions]

    def chips(self, faces: Sequence[Detection]) -> Sequence[NDArray[np.uint8]]:
        """Return a chip for the descriptor network of each of the faces."""
        if not faces:
            return []
        return self._tools.aligner.chips(self._picture(FULL_SIZE, colour=True), faces)

    def _picture(self, eighths: int, *, colour: bool = False) -> NDArray[np.uint8]:
        """Return the frame in grey or colour with `eighths` of its sides."""
        picture = self._pictures.get((colour, eighths))
        if picture is None:
            picture = self._decoded(eighths, colour=colour)
            self._pictures[colour, eighths] = picture
        return picture

    def _decoded(self, eighths: int, *, colour: bool = False) -> NDArray[np.uint8]:
        decode = self._tools.decoder.rgb if colour else self._tools.decoder.grey
        return upright(decode(self._jpeg, eighths), self.header.orientation)


def _fitting(scale: float) -> int:
    """Return the smallest scale in eighths that has every pixel which `scale` needs."""
    return next((eighths for eighths in _FAST if eighths >= FULL_SIZE * scale), FULL_SIZE)
