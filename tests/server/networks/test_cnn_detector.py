import json
import os
from pathlib import Path

import dlib
import numpy as np
import pytest
import torch

from benchmarks.cnn_agreement import Agreement, agreement, faces_of_dlib, read_picture
from iot_facerecognition_protocol.box import Box
from iot_facerecognition_server.detection import Detection
from iot_facerecognition_server.networks.cnn_detector import (
    CnnFaceDetectorNetwork,
    DetectorNetwork,
    bucket,
)
from iot_facerecognition_server.networks.dlib_network import read_network
from iot_facerecognition_server.networks.face_descriptor import NetworkFileError
from iot_facerecognition_server.networks.precision import Precision, choose_detector_precision
from iot_facerecognition_server.networks.residual import NetworkStructureError
from lab.photos import PHOTOS

RECORD = json.loads((Path(__file__).parent / "dlib_cnn_faces.json").read_text())
"""What dlib 20.0.1 found: `python -m benchmarks.cnn_agreement --record`."""
FURTHER_PHOTOS = os.environ.get("FACERECOGNITION_TEST_PHOTOS")


@pytest.fixture(scope="module")
def detector(detector_file: Path) -> CnnFaceDetectorNetwork:
    torch.set_num_threads(1)
    return CnnFaceDetectorNetwork.load(detector_file)


@pytest.fixture(scope="module")
def model(detector_file: Path):
    return dlib.cnn_face_detection_model_v1(str(detector_file))


def recorded(name: str) -> list[Detection]:
    faces = RECORD[name]
    return [
        Detection(Box(left, top, right + 1, bottom + 1), score)
        for (left, top, right, bottom), score in zip(faces["boxes"], faces["scores"], strict=True)
    ]


def assert_same(same: Agreement, scores: float = 1e-2) -> None:
    assert same.unpaired == 0
    assert same.iou >= 0.9
    assert same.score < scores


def test_the_record_has_faces_of_all_sizes_and_pictures_without():
    assert set(RECORD) == set(PHOTOS)
    assert sum(len(faces["boxes"]) for faces in RECORD.values()) >= 10
    assert {"chelsea.png", "coffee.png", "rocket.jpg"} == {
        name for name, faces in RECORD.items() if not faces["boxes"]
    }


@pytest.mark.parametrize("name", sorted(PHOTOS))
def test_faces_are_found_where_dlib_found_them(detector, photos: Path, name):
    (found,) = detector.detect(read_picture(photos / name)[np.newaxis])
    assert_same(agreement(found, recorded(name)))


@pytest.mark.parametrize("name", sorted(PHOTOS))
def test_faces_are_found_where_dlib_finds_them_now(detector, model, photos: Path, name):
    picture = read_picture(photos / name, 240)
    (found,) = detector.detect(picture[np.newaxis])
    assert_same(agreement(found, faces_of_dlib(model, picture)))


@pytest.mark.skipif(not FURTHER_PHOTOS, reason="FACERECOGNITION_TEST_PHOTOS names no folder")
@pytest.mark.timeout(600)
def test_faces_on_further_photos_are_dlibs(detector, model):
    paths = [path for path in Path(FURTHER_PHOTOS or "").iterdir() if path.suffix == ".jpg"]
    assert paths
    for path in paths:
        picture = read_picture(path, 320)
        (found,) = detector.detect(picture[np.newaxis])
        assert_same(agreement(found, faces_of_dlib(model, picture)))


HALF_PRECISION_ERROR = 0.01
"""The most by which fp16 changes a score that could be a face's; 0.0014 was seen."""


def scores_of(detector: CnnFaceDetectorNetwork, picture: np.ndarray) -> np.ndarray:
    """Return the score of every place, (rows, columns)."""
    with torch.inference_mode():
        return detector._network(torch.tensor(picture).permute(2, 0, 1)[None])[0, 0].numpy()


@pytest.mark.parametrize("name", ["obama2.jpg", "hanks.png", "astronaut.png", "chelsea.png"])
def test_half_precision_keeps_faces_and_takes_no_worse_place(detector, detector_file, photos, name):
    """What holds however a processor rounds: scores hardly change, and only equals change places.

    A face is kept where the best of its places beats zero by more than the error; its box is that
    of a place whose exact score is within twice the error of the best.
    """
    half = CnnFaceDetectorNetwork.load(detector_file, precision=Precision.FP16)
    picture = read_picture(photos / name, 240)
    exact, near = scores_of(detector, picture), scores_of(half, picture)
    plausible = exact > -0.5
    assert np.abs(near - exact)[plausible].max(initial=0) < HALF_PRECISION_ERROR
    assert not (near[~plausible] > 0).any()
    (expected,) = detector.detect(picture[np.newaxis])
    (found,) = half.detect(picture[np.newaxis])
    ours, theirs = (sorted(face.score for face in faces) for faces in (found, expected))
    assert all(abs(score) > HALF_PRECISION_ERROR for score in theirs)  # or any number would do
    assert ours == pytest.approx(theirs, abs=2 * HALF_PRECISION_ERROR)


@pytest.mark.parametrize(
    ("wanted", "device", "precision"),
    [
        ("auto", "cpu", Precision.FP32),
        ("bf16", "cpu", Precision.FP32),
        ("auto", "cuda", Precision.FP16),
        ("bf16", "cuda:1", Precision.FP16),
        ("fp32", "cuda", Precision.FP32),
    ],
)
def test_the_detector_never_takes_the_precision_that_moves_its_boxes(wanted, device, precision):
    assert choose_detector_precision(wanted, device) is precision


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize(("precision", "bound"), [(Precision.FP32, 1e-2), (Precision.FP16, 2e-2)])
def test_a_gpu_finds_the_same_faces(detector_file, photos, precision, bound):
    detector = CnnFaceDetectorNetwork.load(detector_file, "cuda", precision)
    for name in sorted(PHOTOS):
        (found,) = detector.detect(read_picture(photos / name)[np.newaxis])
        assert_same(agreement(found, recorded(name)), bound)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_gpu_memory_does_not_grow_with_odd_sizes(detector_file):
    detector = CnnFaceDetectorNetwork.load(detector_file, "cuda", Precision.FP16)
    chance = np.random.default_rng(3)
    reserved = []
    for _ in range(3):
        for _ in range(60):
            height, width = chance.integers(300, 720), chance.integers(300, 1280)
            detector.detect(np.zeros((1, height, width, 3), np.uint8))
        reserved.append(torch.cuda.memory_reserved())
    assert reserved[-1] <= reserved[0] * 1.5


def test_pictures_of_a_batch_do_not_touch_each_other(detector, photos):
    portrait = read_picture(photos / "obama2.jpg", 320)
    empty = np.zeros_like(portrait)
    (alone,) = detector.detect(portrait[np.newaxis])
    first, second, third = detector.detect(np.stack([empty, portrait, portrait[:, ::-1]]))
    assert first == []
    assert [face.box for face in second] == [face.box for face in alone]
    scores = [face.score for face in alone]
    assert [face.score for face in second] == pytest.approx(scores, abs=1e-4)
    assert len(third) == len(alone)


def test_a_plane_is_extended_without_a_trace(detector_file, photos, monkeypatch):
    """The scores are those of a plane of exactly its size."""
    network = DetectorNetwork(read_network(detector_file.read_bytes()))
    pixels = torch.tensor(read_picture(photos / "hanks.png", 150)).permute(2, 0, 1)[None]
    with torch.inference_mode():
        extended = network(pixels)
        monkeypatch.setattr(
            "iot_facerecognition_server.networks.cnn_detector.bucket", lambda side: side
        )
        exact = network(pixels)
    assert extended.shape == exact.shape
    assert torch.allclose(extended, exact, atol=1e-5)


def test_buckets_are_few_and_hardly_larger():
    sides = range(1, 4097)
    assert all(side <= bucket(side) for side in sides)
    assert all(bucket(side) <= max(64, side * 17 / 16 + 1) for side in sides)
    assert len({bucket(side) for side in sides}) <= 16 * 6 + 1


@pytest.mark.parametrize("size", [(1, 1), (1, 300), (300, 1), (20, 20), (4, 90)])
def test_pictures_smaller_than_a_face_hold_none(detector, size):
    (found,) = detector.detect(np.zeros((1, *size, 3), np.uint8))
    assert found == []


def test_no_pictures_are_no_faces(detector):
    assert detector.detect(np.zeros((0, 100, 100, 3), np.uint8)) == []


@pytest.mark.parametrize(
    "pictures", [np.zeros((100, 100, 3), np.uint8), np.zeros((1, 9, 9, 3)), np.zeros((1, 9, 9, 1))]
)
def test_other_shapes_and_types_are_refused(detector, pictures):
    with pytest.raises(ValueError, match="pictures are"):
        detector.detect(pictures)


def test_a_truncated_or_foreign_file_names_itself_and_the_cure(
    detector_file, descriptor_file, tmp_path
):
    broken = tmp_path / "broken.dat"
    for content in (
        detector_file.read_bytes()[:5000],
        b"\x89PNG\r\n",
        descriptor_file.read_bytes(),
    ):
        broken.write_bytes(content)
        with pytest.raises(NetworkFileError, match=r"broken\.dat .*Detector=hog"):
            CnnFaceDetectorNetwork.load(broken)
    with pytest.raises(NetworkFileError, match=r"absent\.dat"):
        CnnFaceDetectorNetwork.load(tmp_path / "absent.dat")


def test_weights_that_are_not_numbers_are_refused(detector_file):
    data = bytearray(detector_file.read_bytes())
    start = data.index(b"con_4") + 5 + 11  # name, then the tensor's version and shape
    data[start + 4 : start + 8] = np.array([np.nan], "<f4").tobytes()
    with pytest.raises(NetworkStructureError, match="not finite"):
        DetectorNetwork(read_network(bytes(data)))
