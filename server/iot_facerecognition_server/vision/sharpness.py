"""How sharp a face is."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from iot_facerecognition_protocol.box import Box
from iot_facerecognition_server.vision.scaling import resized

FACE_SIZE: Final = 24
"""Side in pixels to which larger faces are brought before their sharpness is compared: there near
and far ones, and those of pictures at half their sides, are measured alike."""
_FLAT: Final = 1.0
"""Grey levels of contrast below which there is nothing to be sharp."""


def sharpness(picture: NDArray[np.uint8], face: Box) -> float:
    """Return how sharp `face` is in an (h, w) or (h, w, 3) uint8 picture, whatever the light.

    The mean absolute Laplacian over the standard deviation of the greys (of RGB: of green, which is
    most of the brightness), both of the face at `FACE_SIZE` pixels. Sharp faces have 0.55 to 1.2;
    0.27 is a blur with a sigma of a twenty-fifth of the face (docs/decisions/face-quality.md).
    """
    part = picture[face.pixels]
    if part.ndim > 2:  # noqa: PLR2004 - it has colours
        part = part[:, :, 1]
    if min(part.shape) < 3:  # noqa: PLR2004 - the size of the Laplacian's kernel
        return 0.0
    if part.shape[1] > FACE_SIZE:
        part = resized(np.ascontiguousarray(part), FACE_SIZE / part.shape[1])
    values = part.astype(np.float32)
    middle = values[1:-1, 1:-1]
    around = values[:-2, 1:-1] + values[2:, 1:-1] + values[1:-1, :-2] + values[1:-1, 2:]
    return float(np.abs(4 * middle - around).mean() / max(_FLAT, float(values.std())))
