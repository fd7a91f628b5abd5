"""Who is paired with whom, all together."""

import dlib
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from iot_facerecognition_server.tracking.assignment import best_pairs

SIDES = st.tuples(st.integers(0, 6), st.integers(0, 6))
GAINS = SIDES.flatmap(lambda shape: arrays(np.float64, shape, elements=st.integers(-3, 9)))


def largest_sum(gains: np.ndarray) -> float:
    """Return what dlib's own algorithm reaches, where nobody has to be paired."""
    side = max(gains.shape)
    square = np.zeros((side, side))
    square[: gains.shape[0], : gains.shape[1]] = np.maximum(gains, 0)
    columns = dlib.max_cost_assignment(dlib.matrix(square.tolist()))
    return float(sum(square[row, column] for row, column in enumerate(columns)))


@given(GAINS)
def test_no_other_pairs_gain_more(gains):
    pairs = best_pairs(gains)
    rows, columns = [row for row, _ in pairs], [column for _, column in pairs]
    assert len(set(rows)) == len(set(columns)) == len(pairs)
    assert all(gains[pair] > 0 for pair in pairs)
    expected = largest_sum(gains) if gains.size else 0.0
    assert sum(gains[pair] for pair in pairs) == pytest.approx(expected)


def test_the_best_single_pair_does_not_take_what_another_row_needs():
    assert best_pairs(np.array([[0.9, 0.8], [0.7, 0.0]])) == [(0, 1), (1, 0)]
