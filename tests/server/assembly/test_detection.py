from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import chain
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from prometheus_client import CollectorRegistry

from iot_facerecognition_server.assembly.detection import FaceDetection
from iot_facerecognition_server.config import Config, load
from iot_facerecognition_server.detection import Detection
from iot_facerecognition_server.engine.network_calls import DetectorThread
from iot_facerecognition_server.models.catalogue import CNN_DETECTOR, LANDMARKS
from iot_facerecognition_server.models.store import ModelStore
from iot_facerecognition_server.networks.cnn_detector import CnnFaceDetectorNetwork
from iot_facerecognition_server.networks.cnn_faces import CnnDetector
from iot_facerecognition_server.networks.memory import HalvingNetwork
from iot_facerecognition_server.observability.metrics import ServerMetrics
from iot_facerecognition_server.vision.alignment import FaceAligner
from iot_facerecognition_server.vision.face_scanner import FaceScanner
from iot_facerecognition_server.vision.faces import HogDetector
from iot_facerecognition_server.vision.jpeg import JpegDecoder
from iot_facerecognition_server.vision.jpeg_header import JpegLimits


@pytest.fixture(scope="module")
def store(tmp_path_factory) -> ModelStore:
    return ModelStore(tmp_path_factory.mktemp("models"))


@pytest.fixture(scope="module")
def network(store) -> CnnFaceDetectorNetwork:
    torch.set_num_threads(1)
    return CnnFaceDetectorNetwork.load(store.resolve(CNN_DETECTOR))


def portrait(photos: Path, width: int, name: str = "obama2.jpg") -> np.ndarray:
    picture = Image.open(photos / name).convert("RGB")
    height = round(picture.height * width / picture.width)
    return np.asarray(picture.resize((width, height), Image.Resampling.LANCZOS))


def find(network: CnnFaceDetectorNetwork):
    return lambda picture: network.detect(picture[np.newaxis])[0]


def test_both_detectors_find_the_same_portrait(network, photos):
    rgb = portrait(photos, 320)
    (by_cnn,) = CnnDetector(find(network)).detect(rgb)
    (by_hog,) = HogDetector().detect(np.asarray(Image.fromarray(rgb).convert("L")))
    assert by_cnn.box.iou(by_hog.box) > 0.5
    assert 0 < by_cnn.score < 1.5


def test_a_grey_picture_is_searched_too(network, photos):
    rgb = portrait(photos, 320)
    detector = CnnDetector(find(network))
    (coloured,) = detector.detect(rgb)
    (grey,) = detector.detect(np.asarray(Image.fromarray(rgb).convert("L")))
    assert coloured.box.iou(grey.box) > 0.7


def test_small_faces_are_found_when_asked_for(network, photos):
    small = portrait(photos, 110)
    assert not CnnDetector(find(network)).detect(small)
    (found,) = CnnDetector(find(network), min_face_size=30).detect(small)
    (large,) = CnnDetector(find(network)).detect(portrait(photos, 330))
    assert found.scaled(3).box.iou(large.box) > 0.6


def test_a_face_has_at_least_a_pixel(network):
    with pytest.raises(ValueError, match="at least one pixel"):
        CnnDetector(find(network), 0)


class CountingDecoder(JpegDecoder):
    def __init__(self) -> None:
        super().__init__()
        self.calls: list[tuple[str, int]] = []

    def grey(self, data, scale=8):
        self.calls.append(("grey", scale))
        return super().grey(data, scale)

    def rgb(self, data, scale=8):
        self.calls.append(("rgb", scale))
        return super().rgb(data, scale)


@pytest.fixture
def scanned_with(network, store, photos, tmp_path):
    """Return what a scanner with a detector finds on a portrait, the JPEG, and what it decoded."""

    def scan(detector):
        Image.fromarray(portrait(photos, 640)).save(tmp_path / "frame.jpg", quality=92)
        data = (tmp_path / "frame.jpg").read_bytes()
        decoder = CountingDecoder()
        scanner = FaceScanner(
            decoder, detector, FaceAligner(store.resolve(LANDMARKS)), JpegLimits()
        )
        return scanner.scan(data), data, decoder.calls

    return scan


@pytest.mark.parametrize(
    ("colour", "min_face_size", "decoded"),
    [
        (False, 80, [("grey", 8), ("rgb", 8)]),
        (False, 160, [("grey", 4), ("rgb", 8)]),
        (False, 150, [("grey", 5), ("rgb", 8)]),
        (False, 60, [("grey", 8), ("rgb", 8)]),
        (True, 80, [("rgb", 8)]),
        (True, 160, [("rgb", 4), ("rgb", 8)]),
    ],
)
def test_a_frame_is_decoded_no_larger_than_the_detector_needs(
    network, scanned_with, colour, min_face_size, decoded
):
    detector = CnnDetector(find(network), min_face_size) if colour else HogDetector(min_face_size)
    ((face,), (chip,)), data, calls = scanned_with(detector)
    assert calls == decoded
    (native,) = HogDetector().detect(JpegDecoder().grey(data))
    assert face.box.iou(native.box) > 0.6
    assert chip.shape == (150, 150, 3)


@pytest.fixture
def config(tmp_path) -> Config:
    state = {"IOT_FACERECOGNITION_SERVER_STATEDIRECTORY": str(tmp_path)}
    return load(None, state)


def test_the_configured_detector_is_made_and_timed(config, photos):
    rgb = portrait(photos, 240)
    for name in ("yunet", "hog", "cnn"):
        registry = CollectorRegistry()
        chosen = replace(config, engine=replace(config.engine, detector=name))
        detection = FaceDetection(chosen, "cpu", ServerMetrics(registry))
        detector = detection.detector.copy()
        picture = rgb if detector.colour else np.asarray(Image.fromarray(rgb).convert("L"))
        assert len(detector.detect(picture)) == 1
        timed = registry.get_sample_value(
            "iot_facerecognition_batch_size_count", {"network": "detector"}
        )
        assert timed == (None if name == "hog" else 1.0)
        assert not detection.on_gpu
        detection.close()


class BatchedDetector:
    """The real network, with a record of its batches and as little memory as wanted."""

    def __init__(self, network: CnnFaceDetectorNetwork, room: int = 100) -> None:
        self.shapes: list[tuple[int, ...]] = []
        self._network = network
        self._room = room

    def detect(self, pictures: np.ndarray) -> list[list[Detection]]:
        self.shapes.append(pictures.shape)
        if len(pictures) > self._room:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return self._network.detect(pictures)


@pytest.fixture
def searched(photos) -> list[np.ndarray]:
    """Twelve pictures of two sizes, some with a face."""
    face = portrait(photos, 200)
    other = portrait(photos, 180, "obama3.jpg")
    empty = np.zeros_like(face)
    return [face, other, empty, face[:, ::-1], other, empty] * 2


def gathered(thread: DetectorThread, pictures: list[np.ndarray]) -> Iterator[list[Detection]]:
    with ThreadPoolExecutor(len(pictures)) as workers:
        yield from workers.map(thread.find, pictures)


@pytest.mark.parametrize("room", [100, 1])
def test_threads_get_their_own_faces_out_of_common_batches(network, searched, room):
    batched = BatchedDetector(network, room)
    counted: list[int] = []
    halving = HalvingNetwork(
        "detector",
        batched.detect,
        lambda parts: list(chain(*parts)),
        count=lambda: counted.append(1),
    )
    thread = DetectorThread(halving, batch_size=4)
    try:
        found = list(gathered(thread, searched))
    finally:
        thread.close()
    for picture, faces in zip(searched, found, strict=True):
        (alone,) = network.detect(picture[np.newaxis])
        assert [face.box for face in faces] == [face.box for face in alone]
        scores = [face.score for face in alone]
        assert [face.score for face in faces] == pytest.approx(scores, abs=1e-3)
    assert all(shape[0] <= 4 for shape in batched.shapes)
    if room == 100:
        assert not counted
    elif any(shape[0] > 1 for shape in batched.shapes):
        assert counted


def test_an_error_of_the_network_reaches_whoever_waits_and_the_thread_goes_on():
    def detect(pictures: np.ndarray) -> list[list[Detection]]:
        if pictures.shape[1] == 1:
            raise RuntimeError("CUDA error: an illegal instruction was encountered")
        return [[] for _ in pictures]

    thread = DetectorThread(detect)
    try:
        with pytest.raises(RuntimeError, match="illegal instruction"):
            thread.find(np.zeros((1, 1, 3), np.uint8))
        assert thread.find(np.zeros((2, 2, 3), np.uint8)) == []
    finally:
        thread.close()
