"""How far each precision of each network is from fp32 on the CPU, on real faces and things.

`python -m benchmarks.precision_errors [cpu|cuda]`
"""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks import command
from benchmarks.objects import CENTRED, jpegs
from benchmarks.scenes import scene_frames
from iot_facerecognition_server.models.catalogue import (
    CNN_DETECTOR,
    EFFICIENTNET,
    FACE_DESCRIPTOR,
    LANDMARKS,
)
from iot_facerecognition_server.models.store import ModelStore
from iot_facerecognition_server.networks.cnn_detector import CnnFaceDetectorNetwork
from iot_facerecognition_server.networks.face_descriptor import FaceDescriptorNetwork
from iot_facerecognition_server.networks.object_classifier import ObjectClassifier
from iot_facerecognition_server.networks.precision import Precision
from iot_facerecognition_server.vision.alignment import FaceAligner
from iot_facerecognition_server.vision.crops import ObjectCropper
from iot_facerecognition_server.vision.faces import HogDetector
from iot_facerecognition_server.vision.jpeg import JpegDecoder
from iot_facerecognition_server.vision.jpeg_header import JpegLimits


class Answers:
    """What the three networks say in one precision."""

    def __init__(self, store: ModelStore, device: str, precision: Precision) -> None:
        """Load them on `device`."""
        self._detector = CnnFaceDetectorNetwork.load(store.resolve(CNN_DETECTOR), device, precision)
        self._descriptor = FaceDescriptorNetwork.load(
            store.resolve(FACE_DESCRIPTOR), device, precision
        )
        self._classifier = ObjectClassifier.efficientnet(
            store.resolve(EFFICIENTNET), device, precision
        )

    def scores(self, frames: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return the best face's score on each frame."""
        found = self._detector.detect(frames)
        return np.array([faces[0].score if faces else 0.0 for faces in found])

    def descriptors(self, chips: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return the chips' descriptors."""
        return self._descriptor.describe(chips)

    def probabilities(self, crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return the crops' probabilities."""
        return self._classifier.classify(crops)


def print_errors(device: str, cache: Path) -> None:
    """Print a row for each precision on `device`."""
    store, decoder, detector = ModelStore(cache), JpegDecoder(), HogDetector()
    aligner = FaceAligner(store.resolve(LANDMARKS))
    frames = [decoder.rgb(jpeg) for jpeg in scene_frames(640, 480, 4)]
    greys = [decoder.grey(jpeg) for jpeg in scene_frames(640, 480, 4)]
    pairs = zip(frames, greys, strict=True)
    chips = np.stack([aligner.chip(frame, detector.detect(grey)[0]) for frame, grey in pairs])
    cropper = ObjectCropper(decoder, 224, 16, JpegLimits())
    crops = np.stack([cropper.crops(jpeg, CENTRED, ())[0] for jpeg in jpegs()])
    exact = Answers(store, "cpu", Precision.FP32)
    print(
        f"  {'largest difference to fp32 on the CPU':<40}{'score':>9}{'descriptor':>12}{'prob.':>9}"
    )
    for precision in Precision:
        answers = Answers(store, device, precision)
        score = np.abs(answers.scores(np.stack(frames)) - exact.scores(np.stack(frames))).max()
        apart = np.linalg.norm(answers.descriptors(chips) - exact.descriptors(chips), axis=1).max()
        chance = np.abs(answers.probabilities(crops) - exact.probabilities(crops)).max()
        print(f"  {device + ' ' + precision:<40}{score:>9.1e}{apart:>12.1e}{chance:>9.1e}")


def main() -> None:
    """Print the table for the device of the command line."""
    torch.set_num_threads(1)
    with TemporaryDirectory() as cache:
        print_errors(sys.argv[1] if len(sys.argv) > 1 else "cpu", Path(cache))


if __name__ == "__main__":
    command.run(main)
