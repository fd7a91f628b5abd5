import csv
import io
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from iot_facerecognition_server.frames import ObjectsWanted
from iot_facerecognition_server.networks.face_descriptor import NetworkFileError
from iot_facerecognition_server.networks.object_classifier import (
    ObjectClassifier,
    imagenet_labels,
)
from iot_facerecognition_server.networks.precision import Precision
from iot_facerecognition_server.vision.crops import ObjectCropper
from iot_facerecognition_server.vision.jpeg import JpegDecoder
from iot_facerecognition_server.vision.jpeg_header import JpegLimits

DETERMINISTIC = ObjectsWanted(label_count=5, deterministic=True)
CATS = {"tabby", "tiger cat", "Persian cat", "Siamese cat", "Egyptian cat", "lynx"}
MOST_PIXELS = 20_000_000


@pytest.fixture(scope="module")
def efficientnet(efficientnet_file) -> ObjectClassifier:
    torch.set_num_threads(1)
    return ObjectClassifier.efficientnet(efficientnet_file, "cpu", Precision.FP32)


@pytest.fixture(scope="module")
def cropper(efficientnet) -> ObjectCropper:
    return ObjectCropper(JpegDecoder(), efficientnet.input_size, 16, JpegLimits(MOST_PIXELS))


@pytest.fixture(scope="module")
def resnet_file(data: Path) -> Path:
    return data / "resnet34" / "resnet34_1000_imagenet_classifier.dnn"


@pytest.fixture(scope="module")
def resnet(resnet_file) -> ObjectClassifier:
    torch.set_num_threads(1)
    return ObjectClassifier.from_dlib(resnet_file, "cpu", Precision.FP32)


@pytest.fixture(scope="module")
def resnet_crop(data: Path) -> np.ndarray:
    return np.asarray(Image.open(data / "resnet34" / "crop.png").convert("RGB"))[np.newaxis]


@pytest.fixture(scope="module")
def resnet_expected(data: Path) -> dict[str, list[float]]:
    return json.loads((data / "resnet34" / "expected.json").read_text())


def jpeg_of(path: Path) -> bytes:
    content = io.BytesIO()
    Image.open(path).convert("RGB").save(content, "JPEG", quality=95)
    return content.getvalue()


def best_labels(classifier, cropper, jpeg: bytes, wanted=DETERMINISTIC) -> list[str]:
    crops = np.stack(cropper.crops(jpeg, wanted, seed=(1, 1)))
    probabilities = classifier.classify(crops).mean(axis=0)
    return [classifier.labels[i] for i in np.argsort(-probabilities)[: wanted.label_count]]


def test_dlibs_resnet_gives_dlibs_own_probabilities(resnet, resnet_crop, resnet_expected):
    (found,) = resnet.classify(resnet_crop)
    expected = np.array(resnet_expected["softmax"])
    assert np.abs(found - expected).max() < 1e-4
    assert list(np.argsort(-found)[:5]) == [best["index"] for best in resnet_expected["top5"]]


def test_the_labels_are_the_files(resnet, resnet_expected):
    assert len(resnet.labels) == 1000
    for best in resnet_expected["top5"]:
        assert resnet.labels[best["index"]] == best["label"]
    assert resnet.input_size == 227


def test_crops_of_a_batch_do_not_touch_each_other(resnet, resnet_crop, resnet_expected):
    batch = np.concatenate([np.zeros_like(resnet_crop), resnet_crop, resnet_crop[:, ::-1]])
    found = resnet.classify(batch)
    assert np.abs(found[1] - np.array(resnet_expected["softmax"])).max() < 1e-4
    assert np.abs(found[0] - found[1]).max() > 0.01


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize(("precision", "bound"), [(Precision.FP32, 5e-3), (Precision.FP16, 2e-2)])
def test_a_gpu_gives_the_same_probabilities(
    resnet_file, resnet_crop, resnet_expected, precision, bound
):
    classifier = ObjectClassifier.from_dlib(resnet_file, "cuda", precision)
    (found,) = classifier.classify(resnet_crop)
    assert np.abs(found - np.array(resnet_expected["softmax"])).max() < bound


def test_a_truncated_or_foreign_resnet_names_itself_and_the_cure(
    resnet_file, descriptor_file, tmp_path
):
    whole = resnet_file.read_bytes()
    broken = tmp_path / "broken.dnn"
    for content in (whole[: len(whole) // 2], whole[:-1], whole + b"\x00", b"PK\x03\x04", b""):
        broken.write_bytes(content)
        with pytest.raises(NetworkFileError, match=r"broken\.dnn .*ImageNetClassifierFile"):
            ObjectClassifier.from_dlib(broken, "cpu", Precision.FP32)
    with pytest.raises(NetworkFileError, match="128 outputs and 0 labels"):
        ObjectClassifier.from_dlib(descriptor_file, "cpu", Precision.FP32)


def test_a_damaged_or_foreign_efficientnet_names_itself_and_the_cure(
    efficientnet_file, descriptor_file, tmp_path
):
    broken = tmp_path / "broken.pth"
    foreign = tmp_path / "foreign.pth"
    torch.save({"linear.weight": torch.zeros(2, 2)}, foreign)
    weights = torch.load(efficientnet_file, weights_only=True)
    more = tmp_path / "more.pth"
    torch.save(weights | {"_blocks.99._bn0.weight": torch.zeros(2)}, more)
    broken.write_bytes(efficientnet_file.read_bytes()[:100_000])
    for path in (broken, foreign, more, descriptor_file, tmp_path / "absent.pth"):
        with pytest.raises(NetworkFileError, match=rf"{path.name} .*install"):
            ObjectClassifier.efficientnet(path, "cpu", Precision.FP32)


def test_a_cat_is_a_cat(efficientnet, cropper, photos):
    best, *_ = best_labels(efficientnet, cropper, jpeg_of(photos / "chelsea.png"))
    assert best in CATS


def test_coffee_is_espresso_or_a_cup(efficientnet, cropper, photos):
    best, *_ = best_labels(efficientnet, cropper, jpeg_of(photos / "coffee.png"))
    assert best in {"espresso", "cup", "coffee mug"}


def test_a_rocket_is_a_missile_or_projectile(efficientnet, cropper, photos):
    best, *_ = best_labels(efficientnet, cropper, jpeg_of(photos / "rocket.jpg"))
    assert best in {"missile", "projectile"}


@pytest.mark.parametrize("name", ["chelsea.png", "coffee.png", "rocket.jpg"])
def test_random_crops_come_to_the_same_things(efficientnet, cropper, photos, name):
    chance = ObjectsWanted(label_count=5, deterministic=False)
    jpeg = jpeg_of(photos / name)
    centred, by_chance = (
        best_labels(efficientnet, cropper, jpeg, wanted) for wanted in (DETERMINISTIC, chance)
    )
    assert set(centred) & set(by_chance)


def test_four_of_five_objects_are_named_rightly(efficientnet, cropper, data):
    folder = data / "objects"
    with (folder / "index.tsv").open(newline="") as opened:
        listed = list(csv.DictReader(opened, delimiter="\t"))
    assert len(listed) >= 50
    right = 0
    for row in listed:
        jpeg = (folder / row["file"]).read_bytes()
        crops = np.stack(cropper.crops(jpeg, DETERMINISTIC, seed=()))
        right += int(efficientnet.classify(crops)[0].argmax()) == int(row["index"])
    assert right / len(listed) >= 0.8


def test_probabilities_are_probabilities(efficientnet):
    pictures = np.random.default_rng(1).integers(0, 256, (3, 224, 224, 3), np.uint8)
    found = efficientnet.classify(pictures)
    assert (found.shape, found.dtype) == ((3, 1000), np.float32)
    assert found.sum(axis=1) == pytest.approx(1, abs=1e-4)
    assert (found >= 0).all()


def test_bf16_names_the_same_things(efficientnet, efficientnet_file, cropper, photos):
    half = ObjectClassifier.efficientnet(efficientnet_file, "cpu", Precision.BF16)
    for name in ("chelsea.png", "coffee.png", "rocket.jpg"):
        crops = np.stack(cropper.crops(jpeg_of(photos / name), DETERMINISTIC, seed=()))
        exact, near = efficientnet.classify(crops)[0], half.classify(crops)[0]
        assert near.argmax() in np.argsort(-exact)[:2]
        assert np.abs(near - exact).max() < 0.05


def test_no_crops_are_no_rows(efficientnet):
    assert efficientnet.classify(np.zeros((0, 224, 224, 3), np.uint8)).shape == (0, 1000)


@pytest.mark.parametrize(
    "crops",
    [
        np.zeros((1, 227, 227, 3), np.uint8),
        np.zeros((224, 224, 3), np.uint8),
        np.zeros((1, 224, 224, 3), np.float32),
    ],
)
def test_other_shapes_and_types_are_refused(efficientnet, crops):
    with pytest.raises(ValueError, match="crops are"):
        efficientnet.classify(crops)


def test_labels_are_a_thousand_names_for_people():
    labels = imagenet_labels()
    assert len(labels) == 1000
    assert all(label and label == label.strip() and "_" not in label for label in labels)
    assert labels[0] == "tench"
    assert labels[281] == "tabby"
    assert labels[967] == "espresso"
