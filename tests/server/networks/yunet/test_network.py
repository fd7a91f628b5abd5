"""The network by onnxruntime and by torch, next to the published file run as it is."""

from contextlib import suppress

import numpy as np
import onnxruntime
import pytest
import torch
from PIL import Image

from iot_facerecognition_server.networks.face_descriptor import NetworkFileError
from iot_facerecognition_server.networks.precision import Precision
from iot_facerecognition_server.networks.yunet.faces import LEAST_SCORE, suppressed
from iot_facerecognition_server.networks.yunet.layers import OUTPUTS, load_yunet, read_yunet
from iot_facerecognition_server.networks.yunet.onnx_file import OnnxFormatError, read_convolutions
from iot_facerecognition_server.networks.yunet.torch_network import TorchYunet

CLOSE = 1e-3
"""Of logits and of parts of a stride: the order in which numbers are added."""


def as_published(yunet_file, rgb: np.ndarray) -> dict[str, np.ndarray]:
    """Return what the published file gives for a picture of 640 x 640."""
    session = onnxruntime.InferenceSession(yunet_file, providers=["CPUExecutionProvider"])
    blue_first = rgb[:, :, ::-1].transpose(2, 0, 1)[np.newaxis].astype(np.float32)
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(None, {"input": blue_first}), strict=True))


def test_both_runtimes_give_what_the_published_file_gives(yunet_file, by_onnx, by_torch, photos):
    rgb = np.array(Image.open(photos / "group.jpg").convert("RGB").resize((640, 640)))
    published = as_published(yunet_file, rgb)
    with torch.inference_mode():
        of_torch = by_torch.values(torch.from_numpy(rgb[np.newaxis]))[0].numpy()
    for values in (by_onnx.values(rgb), of_torch):
        assert values.shape == (OUTPUTS, 80 * 80 + 40 * 40 + 20 * 20)
        kinds = {"cls": slice(0, 1), "obj": slice(1, 2), "bbox": slice(2, 6), "kps": slice(6, 16)}
        for kind, rows in kinds.items():
            levels = [published[f"{kind}_{stride}"][0] for stride in (8, 16, 32)]
            expected = np.concatenate(levels).T
            given = values[rows]
            if kind in {"cls", "obj"}:
                given = 1 / (1 + np.exp(-given))
            np.testing.assert_allclose(given, expected, atol=CLOSE)


def test_both_runtimes_find_the_same_faces(by_onnx, by_torch, group):
    pictures = np.stack([group, group[:, ::-1], np.zeros_like(group)])
    one, mirrored, none = zip(by_onnx.detect(pictures), by_torch.detect(pictures), strict=True)
    assert len(one[0]) >= 4
    assert none == ([], [])
    for of_onnx, of_torch in (one, mirrored):
        assert len(of_onnx) == len(of_torch)
        for ours, theirs in zip(of_onnx, of_torch, strict=True):
            assert ours.box.iou(theirs.box) > 0.99
            assert ours.score == pytest.approx(theirs.score, abs=CLOSE)
            assert ours.score >= LEAST_SCORE


def test_half_precision_finds_the_same_faces(layers, by_onnx, group):
    """What a GPU computes in, on a CPU: slow here, and the same numbers."""
    halved = TorchYunet.on("cpu", layers, Precision.FP16)
    ((exact,), (rounded,)) = (
        by_onnx.detect(group[np.newaxis]),
        halved.detect(group[np.newaxis]),
    )
    certain = [face for face in exact if face.score > 0.65]
    assert len(certain) >= 4
    for face in certain:
        nearest = max(rounded, key=lambda other: other.box.iou(face.box))
        assert nearest.box.iou(face.box) > 0.9
        assert nearest.score == pytest.approx(face.score, abs=0.02)


@pytest.mark.parametrize("shape", [(0, 40, 3), (40, 0, 3), (1, 1, 3), (3, 40, 3)])
def test_a_picture_too_small_for_a_face_has_none(by_onnx, by_torch, shape):
    pictures = np.zeros((2, *shape), np.uint8)
    assert by_onnx.detect(pictures) == by_torch.detect(pictures) == [[], []]


@pytest.mark.gpu
def test_a_gpu_finds_the_same_faces(layers, by_onnx, group):
    if not torch.cuda.is_available():
        pytest.skip("no CUDA device")
    on_gpu = TorchYunet.on("cuda", layers, Precision.FP16)
    pictures = np.stack([group, group[:, ::-1]])
    for exact, rounded in zip(by_onnx.detect(pictures), on_gpu.detect(pictures), strict=True):
        for face in exact:
            if face.score > 0.65:
                nearest = max(rounded, key=lambda other: other.box.iou(face.box))
                assert nearest.box.iou(face.box) > 0.9


@pytest.mark.parametrize("length", [0, 1, 100, 5000, 100_000, -1])
def test_a_cut_file_is_refused(yunet_file, length):
    with pytest.raises(OnnxFormatError):
        read_yunet(yunet_file.read_bytes()[:length])


def test_damaged_bytes_are_refused_or_read_and_never_anything_else(yunet_file):
    data = yunet_file.read_bytes()
    random = np.random.default_rng(1)
    for place in random.integers(0, len(data), 60):
        damaged = bytearray(data)
        damaged[place] ^= int(random.integers(1, 256))
        with suppress(OnnxFormatError):
            assert len(read_convolutions(bytes(damaged))) <= 53


def test_another_file_is_refused_with_its_name_and_a_cure(tmp_path):
    path = tmp_path / "other.onnx"
    path.write_bytes(b"")
    with pytest.raises(NetworkFileError, match=r"other\.onnx .*Detector=hog"):
        load_yunet(path)


@pytest.mark.parametrize(
    ("boxes", "kept"),
    [
        ([], []),
        ([(0, 0, 10, 10)], [0]),
        ([(0, 0, 10, 10), (0, 0, 10, 10)], [0]),
        ([(0, 0, 10, 10), (0, 5, 10, 15), (0, 6, 10, 16), (0, 0, 10, 10)], [0, 2]),
        ([(0, 0, 0, 0), (0, 0, 0, 0)], [0, 1]),
        ([(0, 0, 10, 10), (2, 2, 6, 6), (20, 0, 30, 10)], [0, 1, 2]),
    ],
    ids=["none", "one", "twice", "overlapping", "empty", "inside"],
)
def test_of_boxes_that_share_more_than_a_third_the_best_is_kept(boxes, kept):
    assert suppressed(np.array(boxes, np.float64).reshape(-1, 4).T) == kept
