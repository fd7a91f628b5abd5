"""Faces of a frame that stands alone."""

import numpy as np

from iot_facerecognition_protocol.box import Box
from iot_facerecognition_server.detection import Detection
from iot_facerecognition_server.frames import DESCRIPTOR_SIZE, UNKNOWN, Frame
from iot_facerecognition_server.gallery.gallery import Gallery
from iot_facerecognition_server.pipeline.faces import FaceJob
from iot_facerecognition_server.pipeline.tools import Tools
from iot_facerecognition_server.vision.face_scanner import ScannedFaces

ANN = np.zeros(DESCRIPTOR_SIZE, np.float32)
CHIP = np.zeros((150, 150, 3), np.uint8)


def away(distance: float) -> np.ndarray:
    """Return a descriptor at `distance` from Ann's."""
    descriptor = ANN.copy()
    descriptor[0] = distance
    return descriptor


class TwoFaces:
    def scan(self, _jpeg: bytes) -> ScannedFaces:
        faces = [Detection(Box.at(left, 0, 100, 100), 1.0, quality=0.5) for left in (0, 200)]
        return faces, [CHIP, CHIP]


def test_two_faces_near_one_reference_never_carry_the_same_name():
    job = FaceJob(Frame(1, 1, b"", 0.0), Gallery(["ann"], ANN[np.newaxis]))
    job.prepare(Tools(TwoFaces()))
    first, second = job.complete([away(0.5), away(0.2)])
    assert (first.match.tag, second.match.tag) == (UNKNOWN, "ann")
    assert (first.box.left, second.box.left) == (0, 200)
