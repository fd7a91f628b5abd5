"""The detectors that a benchmark measures next to each other, the default first."""

import argparse
from typing import Final

import numpy as np

from iot_facerecognition_server.models.catalogue import YUNET
from iot_facerecognition_server.models.store import ModelStore
from iot_facerecognition_server.networks.yunet.detector import YunetDetector
from iot_facerecognition_server.networks.yunet.layers import load_yunet
from iot_facerecognition_server.networks.yunet.onnx_session import OnnxYunet
from iot_facerecognition_server.vision.faces import CopyableDetector, HogDetector

DETECTORS: Final = ("yunet", "hog")


def make_detector(name: str, store: ModelStore) -> CopyableDetector:
    """Return the detector of this `name`, for faces from its native size on."""
    if name == "hog":
        return HogDetector()
    network = OnnxYunet(load_yunet(store.resolve(YUNET)))
    return YunetDetector(lambda picture: network.detect(picture[np.newaxis])[0])


def add_detectors(parser: argparse.ArgumentParser) -> None:
    """Let the command line name some of the detectors."""
    parser.add_argument("--detectors", nargs="+", choices=DETECTORS, default=DETECTORS)
