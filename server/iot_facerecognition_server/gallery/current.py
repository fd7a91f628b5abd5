"""The gallery that holds now."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from iot_facerecognition_server.frames import Match
from iot_facerecognition_server.gallery.gallery import Gallery


class CurrentGallery:
    """The gallery that holds now; replaced as a whole, so that no match sees half of a change."""

    def __init__(self, gallery: Gallery) -> None:
        self._gallery = gallery

    @property
    def gallery(self) -> Gallery:
        """The gallery that holds now."""
        return self._gallery

    def replace(self, gallery: Gallery) -> None:
        """Let `gallery` hold from now on."""
        self._gallery = gallery

    def match(self, descriptors: NDArray[np.float32]) -> Sequence[Match]:
        """Return the nearest reference of each of the (N, 128) descriptors."""
        return self._gallery.match(descriptors)
