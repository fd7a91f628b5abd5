"""How sharp a face is."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from iot_facerecognition_protocol.box import Box
from iot_facerecognition_server.vision.scaling import resized

FACE_SIZE: Final = 90
"""Side in pixels to which larger faces are brought before their sharpness is compared."""


def sharpness(picture: NDArray[np.uint8], face: Box) -> float:
    """Return the mean absolute Laplacian of `face` in an (h, w) or (h, w, 3) uint8 picture.

    It is in grey levels; of RGB it is that of green, which is most of the brightness. The face is
    first brought down to about `FACE_SIZE` pixels, to compare near and far ones.
    """
    part = picture[face.pixels]
    if part.ndim > 2:  # noqa: PLR2004 - it has colours
        part = np.ascontiguousarray(part[:, :, 1])
    if part.shape[1] > 1.5 * FACE_SIZE:
        part = resized(part, FACE_SIZE / part.shape[1])
    if min(part.shape) < 3:  # noqa: PLR2004 - the size of the Laplacian's kernel
        return 0.0
    values = part.astype(np.int16)
    middle = values[1:-1, 1:-1]
    around = values[:-2, 1:-1] + values[2:, 1:-1] + values[1:-1, :-2] + values[1:-1, 2:]
    return float(np.abs(4 * middle - around).mean())
