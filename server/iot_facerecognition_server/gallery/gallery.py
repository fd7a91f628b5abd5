"""The descriptors of known people, and the nearest of them to a face."""

from collections.abc import Sequence
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from iot_facerecognition_server.frames import DESCRIPTOR_SIZE, UNKNOWN, Match
from iot_facerecognition_server.gallery.nearest import NearestReferences

DEFAULT_THRESHOLD: Final = 0.6
"""Distance under which two descriptors are of one person; dlib's network was trained for it."""


class Gallery:
    """References of known people. Immutable: a new one replaces it as a whole, from any thread."""

    def __init__(
        self,
        tags: Sequence[str],
        descriptors: NDArray[np.float32],
        threshold: float = DEFAULT_THRESHOLD,
    ) -> None:
        """Hold `descriptors`, (N, 128) float32, of the people in `tags`, one for each row."""
        rows = np.array(descriptors, np.float32).reshape(-1, DESCRIPTOR_SIZE)
        if len(rows) != len(tags):
            raise ValueError(f"{len(tags)} tags for {len(rows)} descriptors")
        if not np.isfinite(rows).all():
            raise ValueError("a reference descriptor is not finite")
        rows.setflags(write=False)
        self._tags = tuple(tags)
        self._rows = rows
        self._nearest = NearestReferences(rows)
        self._threshold = threshold

    @classmethod
    def empty(cls, threshold: float = DEFAULT_THRESHOLD) -> Self:
        """Return a gallery in which everyone is unknown."""
        return cls((), np.empty((0, DESCRIPTOR_SIZE), np.float32), threshold)

    def __len__(self) -> int:
        """Return the number of references, of which a person may have several."""
        return len(self._tags)

    @property
    def people(self) -> tuple[str, ...]:
        """The tags, each once, in the order of the reference file."""
        return tuple(dict.fromkeys(self._tags))

    @property
    def descriptors(self) -> NDArray[np.float32]:
        """The (N, 128) references, which cannot be written to."""
        return self._rows

    @property
    def threshold(self) -> float:
        """Distance under which a face is a reference's."""
        return self._threshold

    def match(self, descriptors: NDArray[np.float32]) -> list[Match]:
        """Return whose faces the (M, 128) float32 `descriptors` are, one match for each row.

        The nearest reference wins if it is nearer than the threshold; of equally near ones, the
        first.
        """
        if not len(self):
            return [Match(UNKNOWN, None)] * len(descriptors)
        return [self._match(descriptor) for descriptor in descriptors]

    def _match(self, descriptor: NDArray[np.float32]) -> Match:
        nearest, square = self._nearest.nearest(descriptor)
        distance = float(np.sqrt(square))
        near = distance < self._threshold
        return Match(self._tags[nearest] if near else UNKNOWN, distance)
