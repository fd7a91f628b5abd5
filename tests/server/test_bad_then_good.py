"""Every tool that keeps something between pictures: after a bad one, the good one is as before."""

import gc
import weakref
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from iot_facerecognition_protocol.box import Box
from iot_facerecognition_server.detection import Detection
from iot_facerecognition_server.gallery.builder import GalleryBuilder
from iot_facerecognition_server.gallery.descriptor_cache import DescriptorCache
from iot_facerecognition_server.gallery.photo_file import PhotoError
from iot_facerecognition_server.gallery.photo_reader import PhotoReader
from iot_facerecognition_server.gallery.photo_report import PhotoStatus
from iot_facerecognition_server.gallery.reference_file import ReferenceFile
from iot_facerecognition_server.models.catalogue import (
    CNN_DETECTOR,
    EFFICIENTNET,
    FACE_DESCRIPTOR,
    LANDMARKS,
    YUNET,
)
from iot_facerecognition_server.models.store import ModelStore
from iot_facerecognition_server.networks.cnn_detector import CnnFaceDetectorNetwork
from iot_facerecognition_server.networks.face_aligner import BatchedFaceAligner
from iot_facerecognition_server.networks.face_descriptor import FaceDescriptorNetwork
from iot_facerecognition_server.networks.object_classifier import ObjectClassifier
from iot_facerecognition_server.networks.precision import Precision
from iot_facerecognition_server.networks.yunet.layers import load_yunet
from iot_facerecognition_server.networks.yunet.onnx_session import OnnxYunet
from iot_facerecognition_server.networks.yunet.torch_network import TorchYunet
from iot_facerecognition_server.vision.alignment import FaceAligner
from iot_facerecognition_server.vision.faces import HogDetector
from iot_facerecognition_server.vision.jpeg import JpegDecoder
from iot_facerecognition_server.vision.scaling import luma

FACE = Detection(Box(180, 60, 290, 170), 1.0)
NO_PICTURE = np.zeros((5, 5), np.float64)
BAD_JPEG = bytes.fromhex("ffd8ffdd000300")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> ModelStore:
    torch.set_num_threads(1)
    return ModelStore(tmp_path_factory.mktemp("models"))


@pytest.fixture(scope="module")
def portrait(photos: Path) -> np.ndarray:
    return np.asarray(Image.open(photos / "astronaut.png").convert("RGB"))


def same(one: object, other: object) -> bool:
    return len(one) == len(other) and all(map(np.array_equal, one, other))


def test_hog_detector(portrait):
    detector = HogDetector()
    before = detector.detect(luma(portrait))
    assert before
    used = detector._detector
    for bad in (NO_PICTURE, np.zeros((4, 4, 4, 4), np.uint8), None):
        with pytest.raises((TypeError, RuntimeError, AttributeError, ValueError)):
            detector.detect(bad)
        assert detector.detect(luma(portrait)) == before
    assert detector._detector is not used, "the one that failed is still in use"


def test_hog_detector_of_one_pose(portrait):
    (first, *_) = detectors = HogDetector().poses()
    assert len(detectors) == 5
    before = [detector.detect(luma(portrait)) for detector in detectors]
    assert any(before)
    for detector in detectors:
        with pytest.raises(RuntimeError):
            detector.detect(NO_PICTURE)
    assert [detector.detect(luma(portrait)) for detector in detectors] == before
    assert first.copy().detect(luma(portrait)) == before[0]


def test_aligner(portrait, store):
    aligner = FaceAligner(store.resolve(LANDMARKS))
    before = aligner.chip(portrait, FACE)
    far = Detection(Box.at(-(10**6), -(10**6), 9, 9), 1.0)
    with pytest.raises((TypeError, RuntimeError)):
        aligner.chip(NO_PICTURE, FACE)
    aligner.chip(portrait, far)
    assert np.array_equal(aligner.chip(portrait, FACE), before)


def test_batched_aligner(portrait, store):
    aligner = BatchedFaceAligner(store.resolve(LANDMARKS), "cpu", 150, 0.25)
    ((before,),) = aligner.chips([(portrait, [FACE])])
    with pytest.raises((TypeError, RuntimeError, ValueError, IndexError)):
        aligner.chips([(NO_PICTURE, [FACE])])
    ((after,),) = aligner.chips([(portrait, [FACE])])
    assert np.array_equal(after, before)


def test_descriptor_network(portrait, store):
    network = FaceDescriptorNetwork.load(store.resolve(FACE_DESCRIPTOR))
    chips = portrait[np.newaxis, :150, 150:300]
    before = network.describe(chips)
    with pytest.raises((TypeError, RuntimeError, ValueError)):
        network.describe(np.zeros((1, 3, 3, 3), np.uint8))
    assert np.array_equal(network.describe(chips), before)


def test_classifier(portrait, store):
    classifier = ObjectClassifier.efficientnet(store.resolve(EFFICIENTNET), "cpu", Precision.FP32)
    crops = portrait[np.newaxis, :224, 100:324]
    before = classifier.classify(crops)
    with pytest.raises((TypeError, RuntimeError, ValueError)):
        classifier.classify(np.zeros((1, 224, 224, 2), np.uint8))
    assert np.array_equal(classifier.classify(crops), before)


def test_detector_network(portrait, store):
    network = CnnFaceDetectorNetwork.load(store.resolve(CNN_DETECTOR))
    pictures = portrait[np.newaxis, :300, 80:400]
    (before,) = network.detect(pictures)
    assert before
    with pytest.raises((TypeError, RuntimeError, ValueError)):
        network.detect(np.zeros((1, 40, 40, 2), np.uint8))
    (after,) = network.detect(pictures)
    assert after == before


@pytest.mark.parametrize("runtime", [OnnxYunet, partial(TorchYunet.on, "cpu")])
def test_yunet(portrait, store, runtime):
    network = runtime(load_yunet(store.resolve(YUNET)))
    pictures = portrait[np.newaxis, :300, 80:400]
    (before,) = network.detect(pictures)
    assert before
    for bad in (NO_PICTURE, np.zeros((1, 32, 96, 2), np.uint8), np.zeros((1, 32, 32, 3))):
        with pytest.raises(ValueError, match="pictures are"):
            network.detect(bad)
    (after,) = network.detect(pictures)
    assert after == before


def test_photo_reader(photos: Path, store):
    network = FaceDescriptorNetwork.load(store.resolve(FACE_DESCRIPTOR))
    aligner = FaceAligner(store.resolve(LANDMARKS))
    reader = PhotoReader(JpegDecoder(), HogDetector(), aligner, network.describe)
    good = (photos / "obama.jpg").read_bytes()
    before = reader.faces(good)
    png = (photos / "astronaut.png").read_bytes()
    for bad in (BAD_JPEG, good[:2] + BAD_JPEG[2:] + good[2:], png[:900], b"no picture"):
        with pytest.raises(PhotoError):
            reader.faces(bad)
        after = reader.faces(good)
        assert after.count == before.count
        assert np.array_equal(after.descriptor, before.descriptor)


def test_gallery_builder(photos: Path, store, tmp_path: Path):
    network = FaceDescriptorNetwork.load(store.resolve(FACE_DESCRIPTOR))
    aligner = FaceAligner(store.resolve(LANDMARKS))
    reader = PhotoReader(JpegDecoder(), HogDetector(), aligner, network.describe)
    builder = GalleryBuilder([reader], DescriptorCache(tmp_path / "cache", "recipe"))
    good = (photos / "obama.jpg").read_bytes()
    (tmp_path / "bad.jpg").write_bytes(good[:2] + BAD_JPEG[2:] + good[2:])
    (tmp_path / "good.jpg").write_bytes(good)
    (tmp_path / "faces.json").write_text(
        '[{"tag": "bad", "photos": "bad.jpg"}, {"tag": "good", "photos": "good.jpg"}]'
    )
    built = builder.build(ReferenceFile(tmp_path / "faces.json"))
    statuses = [report.status for report in built.reports]
    assert statuses == [PhotoStatus.UNREADABLE, PhotoStatus.USED]
    assert np.array_equal(built.gallery.descriptors[0], reader.faces(good).descriptor)


def test_what_failed_is_let_go(portrait):
    """Else each bad frame would cost the memory of a detector."""
    detector = HogDetector()
    failed = weakref.ref(detector._detector)
    with pytest.raises(RuntimeError):
        detector.detect(NO_PICTURE)
    gc.collect()
    assert failed() is None
