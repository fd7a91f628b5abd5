import os
from pathlib import Path

import numpy as np
import pytest
import torch

from iot_facerecognition_server.models.catalogue import (
    CNN_DETECTOR,
    EFFICIENTNET,
    FACE_DESCRIPTOR,
    LANDMARKS,
)
from iot_facerecognition_server.models.store import ModelStore
from iot_facerecognition_server.networks.face_descriptor import FaceDescriptorNetwork
from iot_facerecognition_server.vision.alignment import FaceAligner
from iot_facerecognition_server.vision.faces import HogDetector
from iot_facerecognition_server.vision.jpeg import JpegDecoder

DATA_VARIABLE = "FACERECOGNITION_TEST_DATA"
"""Names a folder with resnet34/ and objects/; not IOT_..., which the server takes for a setting."""


@pytest.fixture(scope="session")
def data() -> Path:
    """Folder with test data too large for the repository: named, or `shared/data` next to it."""
    named = os.environ.get(DATA_VARIABLE)
    folder = Path(named) if named else Path(__file__).parents[4] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"{DATA_VARIABLE} names no folder with test data, and {folder} is not there")
    return folder


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> ModelStore:
    return ModelStore(tmp_path_factory.mktemp("models"))


@pytest.fixture(scope="session")
def descriptor_file(store: ModelStore) -> Path:
    return store.resolve(FACE_DESCRIPTOR)


@pytest.fixture(scope="session")
def detector_file(store: ModelStore) -> Path:
    return store.resolve(CNN_DETECTOR)


@pytest.fixture(scope="session")
def efficientnet_file(store: ModelStore) -> Path:
    return store.resolve(EFFICIENTNET)


@pytest.fixture(scope="session")
def network(descriptor_file: Path) -> FaceDescriptorNetwork:
    torch.set_num_threads(1)
    return FaceDescriptorNetwork.load(descriptor_file)


@pytest.fixture(scope="session")
def chips(photos: Path, store: ModelStore) -> np.ndarray:
    """Chips of all the faces on five photos of four people and a group, (N, 150, 150, 3)."""
    aligner = FaceAligner(store.resolve(LANDMARKS))
    decoder, detector = JpegDecoder(), HogDetector()
    found = []
    for name in ("obama.jpg", "obama2.jpg", "obama3.jpg", "biden.jpg", "group.jpg"):
        data = (photos / name).read_bytes()
        rgb = decoder.rgb(data)
        found += [aligner.chip(rgb, face) for face in detector.detect(decoder.grey(data))]
    return np.stack(found)
