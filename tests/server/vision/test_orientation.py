"""Frames that say how they are to be turned: found upright, told as they were sent."""

import io

import numpy as np
import pytest
from PIL import Image

from iot_facerecognition_protocol.box import Box
from iot_facerecognition_protocol.jpeg_header import upright_size
from iot_facerecognition_server.detection import Detection
from iot_facerecognition_server.frames import Frame, ObjectsWanted
from iot_facerecognition_server.gallery.gallery import Gallery
from iot_facerecognition_server.networks.cnn_faces import CnnDetector
from iot_facerecognition_server.pipeline.faces import FaceJob
from iot_facerecognition_server.pipeline.frame_search import FrameSearcher
from iot_facerecognition_server.pipeline.region_search import RegionSearcher
from iot_facerecognition_server.pipeline.tools import Tools
from iot_facerecognition_server.pipeline.tracked_faces import TrackedFaceJob
from iot_facerecognition_server.tracking.regions.tracker import RegionTracker
from iot_facerecognition_server.tracking.settings import TrackingSettings
from iot_facerecognition_server.vision.crops import ObjectCropper
from iot_facerecognition_server.vision.face_scanner import FaceScanner
from iot_facerecognition_server.vision.faces import HogDetector
from iot_facerecognition_server.vision.jpeg import JpegDecoder
from iot_facerecognition_server.vision.jpeg_header import JpegLimits, read_header
from iot_facerecognition_server.vision.orientation import as_stored, upright

TURNS = Image.Transpose
STORED = {
    1: None,
    2: TURNS.FLIP_LEFT_RIGHT,
    3: TURNS.ROTATE_180,
    4: TURNS.FLIP_TOP_BOTTOM,
    5: TURNS.TRANSPOSE,
    6: TURNS.ROTATE_90,
    7: TURNS.TRANSVERSE,
    8: TURNS.ROTATE_270,
}
"""How a picture lies in the file when this orientation is to set it upright."""
EVERY = pytest.mark.parametrize("orientation", STORED)
EMPTY = Gallery.empty(0.6)


@pytest.fixture(scope="module")
def scene(portrait: np.ndarray) -> np.ndarray:
    """A wide picture with its face away from the middle: no turn leaves the box where it was."""
    return np.ascontiguousarray(np.pad(portrait, ((0, 0), (150, 10), (0, 0)), "edge")[:400])


@pytest.fixture(scope="module")
def detector() -> HogDetector:
    return HogDetector()


def stored(picture: np.ndarray, orientation: int) -> np.ndarray:
    turn = STORED[orientation]
    image = Image.fromarray(picture)
    return np.asarray(image if turn is None else image.transpose(turn))


def sideways(picture: np.ndarray, orientation: int) -> bytes:
    """Return a JPEG that is to be turned to show `picture`."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    buffer = io.BytesIO()
    Image.fromarray(stored(picture, orientation)).save(buffer, "JPEG", quality=95, exif=exif)
    return buffer.getvalue()


def box_as_stored(picture: np.ndarray, box: Box, orientation: int) -> Box:
    """Return where `box` of the upright picture is in the stored one, by turning a mask of it."""
    mask = np.zeros(picture.shape[:2], np.uint8)
    mask[box.pixels] = 255
    rows, columns = np.nonzero(stored(mask, orientation))
    return Box(columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)


@EVERY
def test_boxes_turn_as_pictures_do(scene, orientation):
    box = Box(200, 30, 310, 170)
    size = (scene.shape[1], scene.shape[0])
    assert as_stored(box, size, orientation) == box_as_stored(scene, box, orientation)
    lies = stored(scene, orientation)
    assert np.array_equal(upright(lies, orientation), scene)
    assert upright_size((lies.shape[1], lies.shape[0]), orientation) == size


def faces_of(scene, orientation, job_of, tools) -> list[Box]:
    frame = Frame(session=1, number=1, jpeg=sideways(scene, orientation), at=0.0)
    job = job_of(frame)
    chips = job.prepare(tools)
    rows = [np.zeros(128, np.float32)] * len(chips)
    return [face.box for face in job.complete(rows)]


@EVERY
@pytest.mark.parametrize("min_face_size", [80, 100], ids=["full size", "smaller"])
def test_scanned_faces_are_reported_in_the_frame_as_sent(
    scene, aligner, orientation, min_face_size
):
    scanner = FaceScanner(JpegDecoder(), HogDetector(min_face_size), aligner, JpegLimits())
    (plain,), (plain_chip,) = scanner.scan(sideways(scene, 1))
    _, (turned_chip,) = scanner.scan(sideways(scene, orientation))
    (face,) = faces_of(scene, orientation, lambda f: FaceJob(f, EMPTY), Tools(scanner))
    assert face.iou(box_as_stored(scene, plain.box, orientation)) > 0.8
    assert np.abs(turned_chip.astype(int) - plain_chip).mean() < 12, "the chip is not upright"


@EVERY
def test_tracked_faces_are_in_the_frame_as_sent(scene, aligner, detector, orientation):
    regions = RegionSearcher.like(detector)
    searcher = FrameSearcher(JpegDecoder(), detector.copy(), aligner, JpegLimits(), regions=regions)
    tools = Tools(FaceScanner(JpegDecoder(), detector, aligner, JpegLimits()), None, searcher)
    tracker = RegionTracker(TrackingSettings())
    plain = faces_of(scene, 1, lambda f: FaceJob(f, EMPTY), tools)
    for _ in range(3):
        (face,) = faces_of(scene, orientation, lambda f: TrackedFaceJob(f, tracker, EMPTY), tools)
        assert face.iou(box_as_stored(scene, plain[0], orientation)) > 0.8


@pytest.mark.parametrize("orientation", [6, 8])
def test_a_detector_of_colours_sees_the_frame_upright(scene, aligner, orientation):
    seen = []

    def find(picture: np.ndarray) -> list[Detection]:
        seen.append(picture)
        return [Detection(Box(200, 30, 310, 170), 1.0)]

    scanner = FaceScanner(JpegDecoder(), CnnDetector(find), aligner, JpegLimits())
    (face,), _ = scanner.scan(sideways(scene, orientation))
    (picture,) = seen
    assert np.abs(picture.astype(int) - scene).mean() < 3
    assert face.box == box_as_stored(scene, Box(200, 30, 310, 170), orientation)


@EVERY
def test_objects_are_looked_for_in_the_upright_picture(scene, orientation):
    cropper = ObjectCropper(JpegDecoder(), 96, 4, JpegLimits())
    for wanted in (ObjectsWanted(5, deterministic=True), ObjectsWanted(5, deterministic=False)):
        plain = cropper.crops(sideways(scene, 1), wanted, (1, 2))
        turned = cropper.crops(sideways(scene, orientation), wanted, (1, 2))
        assert np.abs(np.subtract(plain, turned, dtype=float)).mean() < 6


@pytest.mark.parametrize("order", ["<", ">"])
def test_an_orientation_of_four_bytes_is_one_too(encode, scene, order):
    """Some cameras write it as LONG, though Exif says SHORT."""
    jpeg = encode(scene)
    numbers = (8, 1, 0x0112, 4, 1, 6, 0)
    body = b"".join(
        number.to_bytes(size, "little" if order == "<" else "big")
        for number, size in zip(numbers, (4, 2, 2, 2, 4, 4, 4), strict=True)
    )
    tiff = (b"II*\0" if order == "<" else b"MM\0*") + body
    segment = b"\xff\xe1" + (len(tiff) + 8).to_bytes(2, "big") + b"Exif\0\0" + tiff
    header = read_header(jpeg[:2] + segment + jpeg[2:])
    assert header.orientation == 6
    assert header.upright_size == (scene.shape[0], scene.shape[1])
