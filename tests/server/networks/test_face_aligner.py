"""Landmarks and chips in batches, compared with dlib's own one face at a time."""

from pathlib import Path

import dlib
import numpy as np
import pytest
import torch
from PIL import Image

from iot_facerecognition_protocol.box import Box
from iot_facerecognition_server.detection import Detection
from iot_facerecognition_server.models.catalogue import LANDMARKS
from iot_facerecognition_server.networks.dlib_format import DlibFormatError
from iot_facerecognition_server.networks.face_aligner import BatchedFaceAligner
from iot_facerecognition_server.networks.face_chips import cut_chips, plan_chip
from iot_facerecognition_server.networks.face_descriptor import NetworkFileError
from iot_facerecognition_server.networks.shape_predictor import (
    ShapePredictor,
    read_shape_predictor,
)
from iot_facerecognition_server.vision.alignment import FaceAligner, dlib_rectangle
from iot_facerecognition_server.vision.faces import HogDetector
from iot_facerecognition_server.vision.scaling import luma

PHOTOS = ("obama.jpg", "obama2.jpg", "obama3.jpg", "biden.jpg", "group.jpg", "astronaut.png")


@pytest.fixture(scope="module")
def predictor_file(store) -> Path:
    return store.resolve(LANDMARKS)


@pytest.fixture(scope="module")
def portraits(photos: Path) -> list[tuple[np.ndarray, list[Detection]]]:
    """Photos in sizes that give small, middle and very large faces, with the faces on them."""
    detector = HogDetector()
    made = []
    for name in PHOTOS:
        photo = Image.open(photos / name).convert("RGB")
        for side in (1400, 700):
            scale = side / max(photo.size)
            size = (round(photo.width * scale), round(photo.height * scale))
            picture = np.asarray(photo.resize(size, Image.Resampling.LANCZOS))
            faces = detector.detect(luma(picture))
            made.append((picture, faces))
    return made


def dlibs_landmarks(predictor: "dlib.shape_predictor", rgb: np.ndarray, face: Detection):
    return predictor(rgb, dlib_rectangle(face.box))


def points(shape) -> np.ndarray:
    return np.array([(part.x, part.y) for part in shape.parts()])


def test_landmarks_are_dlibs_but_for_a_pixel_here_and_there(predictor_file, portraits):
    theirs = dlib.shape_predictor(str(predictor_file))
    ours = ShapePredictor(read_shape_predictor(predictor_file.read_bytes()), torch.device("cpu"))
    off = []
    for picture, faces in portraits:
        if not faces:
            continue
        boxes = [(b.left, b.top, b.right - 1, b.bottom - 1) for b in (f.box for f in faces)]
        found = ours.landmarks(
            torch.from_numpy(picture.copy())[None],
            torch.zeros(len(faces), dtype=torch.int64),
            torch.tensor(boxes, dtype=torch.float64),
        ).numpy()
        for face, landmarks in zip(faces, found, strict=True):
            expected = points(dlibs_landmarks(theirs, picture, face))
            off.append(np.abs(landmarks - expected).max() / face.box.width)
    assert len(off) > 12
    assert np.mean(np.array(off) == 0) > 0.7
    assert max(off) < 0.03


def assert_same(chip: np.ndarray, expected: np.ndarray) -> None:
    """Expect the same pixels, but for one in ten thousand that is rounded to the next level."""
    difference = np.abs(chip.astype(int) - expected)
    assert difference.max() <= 1
    assert (difference > 0).mean() < 1e-4


def test_chips_are_dlibs(predictor_file, portraits):
    theirs = dlib.shape_predictor(str(predictor_file))
    halvings = set()
    for picture, faces in portraits:
        height, width = picture.shape[:2]
        shapes = [dlibs_landmarks(theirs, picture, face) for face in faces]
        plans = [plan_chip(points(shape), (width, height), 150, 0.25) for shape in shapes]
        chips = cut_chips(torch.from_numpy(picture.copy())[None], [0] * len(faces), plans, 150)
        for shape, chip, plan in zip(shapes, chips.numpy(), plans, strict=True):
            assert_same(chip, dlib.get_face_chip(picture, shape, 150, 0.25))
            halvings.add(plan.halvings)
    assert halvings >= {0, 1}


@pytest.mark.parametrize("shift", [(-90, 0), (60, 0), (0, -80), (0, 70)])
def test_what_lies_beyond_the_edge_is_black_as_in_dlibs_chips(predictor_file, portraits, shift):
    theirs = dlib.shape_predictor(str(predictor_file))
    picture, (face, *_) = portraits[3]
    across, down = shift
    cut = picture[max(0, -down * 3) :][: picture.shape[0] - 3 * abs(down)]
    cut = np.ascontiguousarray(cut[:, max(0, -across * 3) :][:, : cut.shape[1] - 3 * abs(across)])
    moved = Detection(face.box.moved(3 * min(0, across), 3 * min(0, down)), 1.0)
    shape = dlibs_landmarks(theirs, cut, moved)
    plan = plan_chip(points(shape), (cut.shape[1], cut.shape[0]), 150, 0.25)
    (chip,) = cut_chips(torch.from_numpy(cut.copy())[None], [0], [plan], 150).numpy()
    assert_same(chip, dlib.get_face_chip(cut, shape, 150, 0.25))


def compare(aligner: BatchedFaceAligner, predictor_file: Path, network, portraits) -> None:
    """Expect the same descriptors as from dlib's chips, and the same decisions."""
    exact = FaceAligner(predictor_file)
    by_size: dict[tuple[int, ...], list[tuple[np.ndarray, list[Detection]]]] = {}
    for picture, faces in portraits:
        by_size.setdefault(picture.shape, []).append((picture, faces))
    ours, theirs = [], []
    for batch in by_size.values():
        for chips, (picture, faces) in zip(aligner.chips(batch), batch, strict=True):
            assert len(chips) == len(faces)
            ours += chips
            theirs += exact.chips(picture, faces)
    mine, dlibs = network.describe(np.stack(ours)), network.describe(np.stack(theirs))
    assert np.linalg.norm(mine - dlibs, axis=1).max() < 0.15
    apart = np.linalg.norm(mine[:, None] - mine, axis=2) < 0.6
    apart_by_dlib = np.linalg.norm(dlibs[:, None] - dlibs, axis=2) < 0.6
    assert np.array_equal(apart, apart_by_dlib)


def test_a_batch_gives_the_descriptors_and_decisions_of_dlib(predictor_file, network, portraits):
    compare(
        BatchedFaceAligner(predictor_file, "cpu", 150, 0.25), predictor_file, network, portraits
    )


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_a_gpu_gives_the_descriptors_and_decisions_of_dlib(predictor_file, network, portraits):
    aligner = BatchedFaceAligner(predictor_file, "cuda", 150, 0.25)
    compare(aligner, predictor_file, network, portraits)


def test_pictures_without_faces_have_no_chips(predictor_file):
    aligner = BatchedFaceAligner(predictor_file, "cpu", 150, 0.25)
    assert aligner.chips([(np.zeros((40, 60, 3), np.uint8), [])] * 2) == [[], []]


def test_a_face_far_outside_of_a_tiny_picture_is_black(predictor_file):
    aligner = BatchedFaceAligner(predictor_file, "cpu", 150, 0.25)
    face = Detection(Box(500, 500, 600, 600), 1.0)
    ((chip,),) = aligner.chips([(np.full((1, 1, 3), 255, np.uint8), [face])])
    assert chip.shape == (150, 150, 3)
    assert not chip.any()


def test_a_truncated_or_foreign_file_names_itself_and_the_cure(predictor_file, tmp_path):
    whole = predictor_file.read_bytes()
    for number, content in enumerate(
        (b"", whole[:5000], whole[:-1], b"no predictor", whole + b"\1\1")
    ):
        damaged = tmp_path / f"{number}.dat"
        damaged.write_bytes(content)
        with pytest.raises(NetworkFileError, match=rf"{number}.dat.*shape_predictor_5_face"):
            BatchedFaceAligner(damaged, "cpu", 150, 0.25)


@pytest.mark.parametrize("seed", range(12))
def test_flipped_bytes_never_raise_another_error(predictor_file, seed):
    data = bytearray(predictor_file.read_bytes()[:200_000])
    chance = np.random.default_rng(seed)
    for place in chance.integers(0, 3000, 3):
        data[place] ^= 1 << int(chance.integers(8))
    with pytest.raises(DlibFormatError):
        read_shape_predictor(bytes(data))
