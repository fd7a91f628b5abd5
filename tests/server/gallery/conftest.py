import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from iot_facerecognition_server.gallery.builder import GalleryBuilder
from iot_facerecognition_server.gallery.descriptor_cache import DescriptorCache
from iot_facerecognition_server.gallery.photo_reader import PhotoReader
from iot_facerecognition_server.gallery.reference_file import ReferenceFile
from iot_facerecognition_server.models.catalogue import FACE_DESCRIPTOR, LANDMARKS
from iot_facerecognition_server.models.store import ModelStore
from iot_facerecognition_server.networks.face_descriptor import FaceDescriptorNetwork
from iot_facerecognition_server.vision.alignment import FaceAligner
from iot_facerecognition_server.vision.faces import HogDetector
from iot_facerecognition_server.vision.jpeg import JpegDecoder

WriteFile = Callable[[object], ReferenceFile]


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> ModelStore:
    return ModelStore(tmp_path_factory.mktemp("models"))


@pytest.fixture(scope="session")
def network(store: ModelStore) -> FaceDescriptorNetwork:
    torch.set_num_threads(1)
    return FaceDescriptorNetwork.load(store.resolve(FACE_DESCRIPTOR))


@pytest.fixture(scope="session")
def aligner(store: ModelStore) -> FaceAligner:
    return FaceAligner(store.resolve(LANDMARKS))


@pytest.fixture(scope="session")
def detector() -> HogDetector:
    return HogDetector()


@pytest.fixture
def cache(tmp_path: Path) -> DescriptorCache:
    return DescriptorCache(tmp_path / "descriptors", "recipe 1")


@pytest.fixture
def builder(
    network: FaceDescriptorNetwork,
    aligner: FaceAligner,
    detector: HogDetector,
    cache: DescriptorCache,
) -> GalleryBuilder:
    readers = [
        PhotoReader(JpegDecoder(), detector.copy(), aligner, network.describe) for _ in range(2)
    ]
    return GalleryBuilder(readers, cache)


@pytest.fixture
def folder(tmp_path: Path, photos: Path) -> Path:
    """A folder with the photos in it, to be changed at will."""
    shutil.copytree(photos, tmp_path / "gallery")
    return tmp_path / "gallery"


@pytest.fixture
def write(folder: Path) -> WriteFile:
    """Write a value as faces.json next to the photos."""

    def write(document: object) -> ReferenceFile:
        path = folder / "faces.json"
        path.write_text(document if isinstance(document, str) else json.dumps(document))
        return ReferenceFile(path)

    return write
