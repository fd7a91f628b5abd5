"""The reference nearest to a face, among a hundred thousand in less than a millisecond."""

from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray

FEW: Final = 2000
"""References up to which looking at every one is as fast."""
FIRST: Final = 32
"""Principal coordinates by which references are ruled out at first, all of them in one product."""
SECOND: Final = 16
"""Further coordinates by which those are ruled out that are left.

All 48 hold almost nine tenths of two people's squared distance, as dlib's descriptors are spread;
fewer rule out less, more cost more (docs/decisions/matching.md).
"""
_FEW_LEFT: Final = 64
"""Candidates up to which looking at every one is as fast as ruling out more."""
_SAMPLED: Final = 10_000
"""References that the principal axes are found from; any axes would give the same answers."""
_CHUNK: Final = 8192
"""References that are rotated at a time, to keep little in float64."""
_SLACK: Final = 8 * (FIRST + SECOND + 12) * 2.0**-24
"""Part of the largest square possible by which float32 may have made a lower bound too high.

Sums of FIRST + SECOND + 4 products of rounded factors are off by less than an eighth of that.
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
    bound; only rows whose lower bound is not above that are of interest. Of these the same is done
    with more coordinates, and what then is left is looked at in full.
    """

    def __init__(self, rows: NDArray[np.float32]) -> None:
        """Take (N, D) finite `rows`, one or more, which do not change any more."""
        self._rows = rows
        self._first: torch.Tensor | None = None
        if len(rows) > FEW:
            sample = rows[:: -(-len(rows) // _SAMPLED)].astype(np.float64)
            self._centre = sample.mean(axis=0)
            # In rising order of variance, so the principal axes are the last ones.
            self._axes = np.linalg.eigh(np.cov(sample, rowvar=False))[1][:, ::-1]
            self._longest = 0.0
            first, self._second = self._bounding_matrices()
            self._first = torch.from_numpy(first)

    def nearest(self, descriptor: NDArray[np.float32]) -> tuple[int, Square]:
        """Return which row is nearest to the (D,) `descriptor`, the first of equals.

        With it comes the squared distance, as `squares` computes it.
        """
        candidates = self._candidates(descriptor)
        if candidates is None:
            found = squares(self._rows, descriptor)
            best = int(found.argmin())
            return best, found[best]
        found = squares(self._rows.take(candidates, axis=0), descriptor)
        best = int(found.argmin())
        return int(candidates[best]), found[best]

    def _candidates(self, descriptor: NDArray[np.float32]) -> NDArray[np.intp] | None:
        """Return the rows that can be nearest, in order; None for all of them."""
        if self._first is None:
            return None
        turned = (descriptor.astype(np.float64) - self._centre) @ self._axes
        length = float(np.linalg.norm(turned))
        rest, last = (np.linalg.norm(turned[begin:]) for begin in (FIRST, FIRST + SECOND))
        first = np.array([*turned[:FIRST], rest, 1.0], np.float32)
        # The lower bound of a row is the square of `length` less twice its promise.
        promise = (torch.from_numpy(first) @ self._first).numpy()
        least = self._least(descriptor, int(promise.argmax()), length)
        if not np.isfinite(least):
            return None
        candidates: NDArray[np.intp] = np.flatnonzero(promise >= least)
        if len(candidates) < _FEW_LEFT:
            return candidates
        second = np.array([*turned[FIRST : FIRST + SECOND], last, rest], np.float32)
        promise = promise.take(candidates) + self._second.take(candidates, axis=0) @ second
        least = self._least(descriptor, int(candidates[promise.argmax()]), length)
        left: NDArray[np.intp] = candidates[promise >= least]
        return left

    def _least(self, descriptor: NDArray[np.float32], likely: int, length: float) -> np.float32:
        """Return what a row has to promise that can be as near as the row `likely`."""
        upper = float(squares(self._rows[likely : likely + 1], descriptor)[0])
        slack = _SLACK * (length + self._longest) ** 2
        return np.float32((length**2 - upper * _ROUNDED - slack) / 2)

    def _bounding_matrices(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return what each row is multiplied by, at first and when it is left.

        (FIRST + 2, N): first coordinates, length of the rest, half the square, less. (N, SECOND +
        2): second coordinates, length of what is left then, and to take back the length of before.
        """
        both = FIRST + SECOND
        first = np.empty((FIRST + 2, len(self._rows)), np.float32)
        second = np.empty((len(self._rows), SECOND + 2), np.float32)
        for begin in range(0, len(self._rows), _CHUNK):
            turned = (self._rows[begin : begin + _CHUNK] - self._centre) @ self._axes
            part = np.s_[begin : begin + _CHUNK]
            lengths = np.einsum("nd,nd->n", turned, turned)
            first[:FIRST, part] = turned[:, :FIRST].T
            first[FIRST, part] = np.linalg.norm(turned[:, FIRST:], axis=1)
            first[FIRST + 1, part] = -lengths / 2
            second[part, :SECOND] = turned[:, FIRST:both]
            second[part, SECOND] = np.linalg.norm(turned[:, both:], axis=1)
            second[part, SECOND + 1] = -first[FIRST, part]
            self._longest = max(self._longest, float(np.sqrt(lengths.max())))
        return first, second
