"""The reference nearest to a face, among a hundred thousand in less than a millisecond."""

from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray

FEW: Final = 2000
"""References up to which looking at every one is as fast."""
PREFIX: Final = 40
"""Principal coordinates by which references are ruled out.

Those of dlib's descriptors hold more than four fifths of two people's squared distance; fewer rule
out less, more cost more (docs/decisions/matching.md).
"""
_SAMPLED: Final = 10_000
"""References that the principal axes are found from; any axes would give the same answers."""
_CHUNK: Final = 8192
"""References that are rotated at a time, to keep little in float64."""
_SLACK: Final = 8 * (PREFIX + 8) * 2.0**-24
"""Part of the largest square possible by which float32 may have made a lower bound too high.

Sums of PREFIX + 2 products of rounded factors are off by less than an eighth of that.
"""
_ROUNDED: Final = 1 + 256 * 2.0**-24
"""By what factor the square of a distance, summed in float32, may be off, and as much again."""

Square = np.float32


def squares(rows: NDArray[np.float32], descriptor: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the squared distance of each of the (N, D) `rows` to the (D,) `descriptor`.

    Differences rather than dot products: those lose five digits where distances are small.
    """
    difference = rows - descriptor
    found: NDArray[np.float32] = np.einsum("nd,nd->n", difference, difference)
    return found


class NearestReferences:
    """Finds the same row, at the same distance, as looking at every row does. Immutable.

    Rows are rotated to their principal axes. By the first coordinates p, the length r of the rest
    and Cauchy and Schwarz, no row x is nearer to q than |x|² + |q|² - 2 (p·P + r·R): one product
    of a vector with a flat matrix for all rows. The square of the most promising row is an upper
    bound; only rows whose lower bound is not above that are looked at in full.
    """

    def __init__(self, rows: NDArray[np.float32]) -> None:
        """Take (N, D) finite `rows`, one or more, which do not change any more."""
        self._rows = rows
        self._bounds: torch.Tensor | None = None
        if len(rows) > FEW:
            sample = rows[:: -(-len(rows) // _SAMPLED)].astype(np.float64)
            self._centre = sample.mean(axis=0)
            # In rising order of variance, so the principal axes are the last ones.
            self._axes = np.linalg.eigh(np.cov(sample, rowvar=False))[1][:, ::-1]
            self._longest = 0.0
            self._bounds = torch.from_numpy(self._bounding_matrix())

    def nearest(self, descriptor: NDArray[np.float32]) -> tuple[int, Square]:
        """Return which row is nearest to the (D,) `descriptor`, the first of equals.

        With it comes the squared distance, as `squares` computes it.
        """
        candidates = self._candidates(descriptor)
        if candidates is None:
            found = squares(self._rows, descriptor)
            best = int(found.argmin())
            return best, found[best]
        found = squares(self._rows[candidates], descriptor)
        best = int(found.argmin())
        return int(candidates[best]), found[best]

    def _candidates(self, descriptor: NDArray[np.float32]) -> NDArray[np.int64] | None:
        """Return the rows that can be nearest, in order; None for all of them."""
        if self._bounds is None:
            return None
        turned = (descriptor.astype(np.float64) - self._centre) @ self._axes
        square = float(turned @ turned)
        rest = np.linalg.norm(turned[PREFIX:])
        seen = torch.from_numpy(np.array([*turned[:PREFIX], rest, 1.0], np.float32))
        # The lower bound of a row is `square` less twice its promise.
        promise = seen @ self._bounds
        likely = int(promise.argmax())
        upper = float(squares(self._rows[likely : likely + 1], descriptor)[0])
        slack = _SLACK * (np.sqrt(square) + self._longest) ** 2
        least = (square - upper * _ROUNDED - slack) / 2
        if not np.isfinite(least):
            return None
        return np.flatnonzero(promise.numpy() >= np.float32(least))

    def _bounding_matrix(self) -> NDArray[np.float32]:
        """Return (PREFIX + 2, N): first coordinates, length of the rest, half the square, less."""
        matrix = np.empty((PREFIX + 2, len(self._rows)), np.float32)
        for begin in range(0, len(self._rows), _CHUNK):
            turned = (self._rows[begin : begin + _CHUNK] - self._centre) @ self._axes
            part = np.s_[begin : begin + _CHUNK]
            lengths = np.einsum("nd,nd->n", turned, turned)
            matrix[:PREFIX, part] = turned[:, :PREFIX].T
            matrix[PREFIX, part] = np.linalg.norm(turned[:, PREFIX:], axis=1)
            matrix[PREFIX + 1, part] = -lengths / 2
            self._longest = max(self._longest, float(np.sqrt(lengths.max())))
        return matrix
