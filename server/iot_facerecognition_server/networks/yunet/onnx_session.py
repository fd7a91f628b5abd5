"""YuNet on a CPU, by onnxruntime."""

from typing import Any, Final

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from iot_facerecognition_server.detection import Detection
from iot_facerecognition_server.networks.yunet.faces import (
    candidates,
    check_pictures,
    faces,
    padded_size,
)
from iot_facerecognition_server.networks.yunet.layers import YunetLayers
from iot_facerecognition_server.networks.yunet.onnx_file import Filters
from iot_facerecognition_server.networks.yunet.onnx_graph import INPUT, onnx_model

_ERRORS_ONLY: Final = 3


class OnnxYunet:
    """YuNet by onnxruntime in float32, on the thread that calls. One instance serves all threads.

    The GIL is released while the network runs.
    """

    def __init__(self, layers: YunetLayers[Filters]) -> None:
        """Compile the network; that takes some 20 ms."""
        options = onnxruntime.SessionOptions()
        # One thread: as many workers as processors call it at the same time.
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        # Its arena never gives memory back; the C library's is shared with all other work. That
        # fetches a block as large as a pattern of all tensors from the system for every picture
        # (`freed_memory`), which takes as long as the network does.
        options.enable_cpu_mem_arena = options.enable_mem_pattern = False
        options.log_severity_level = _ERRORS_ONLY
        self._session: Any = onnxruntime.InferenceSession(
            onnx_model(layers), options, providers=["CPUExecutionProvider"]
        )

    def detect(self, pictures: NDArray[np.uint8]) -> list[list[Detection]]:
        """Return the faces on each of (N, h, w, 3) uint8 RGB pictures, as `faces` does.

        They are searched one after the other: a batch gains nothing on a CPU. Raises ValueError
        for other shapes and types.
        """
        check_pictures(pictures)
        return [self._detect(picture) for picture in pictures]

    def _detect(self, picture: NDArray[np.uint8]) -> list[Detection]:
        height, width = picture.shape[:2]
        if not width or not height:
            return []
        size = padded_size(width, height)
        return faces(*candidates(self.values(_padded(picture, size))), size)

    def values(self, picture: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return what the network gives for a picture of padded size, (OUTPUTS, places)."""
        rows = picture.reshape(1, 1, len(picture), -1)
        (values,) = self._session.run(None, {INPUT: rows})
        result: NDArray[np.float32] = values[0]
        return result


def _padded(picture: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    """Return `picture` with black to the right and below."""
    height, width = picture.shape[:2]
    if size == (width, height):
        return picture
    wide, high = size
    extended = np.zeros((high, wide, 3), np.uint8)
    extended[:height, :width] = picture
    return extended
