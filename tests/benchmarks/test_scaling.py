from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmarks.scaling import FACE_DISTANCE, exponent, people
from benchmarks.scaling_plot import FEWEST_MARKS, Axis, Panel, draw


def test_the_exponent_of_a_power():
    assert exponent([1, 10, 100], [3, 30, 300]) == pytest.approx(1)
    assert exponent([1, 4, 16], [5, 10, 20]) == pytest.approx(0.5)


def test_synthetic_people_are_as_far_apart_as_real_ones():
    crowd = people(400)
    rows = crowd.references.astype(np.float64)
    apart = np.linalg.norm(rows[:200] - rows[200:], axis=1)
    assert apart.mean() == pytest.approx(0.9, abs=0.1)
    nearest = np.linalg.norm(crowd.known[:, np.newaxis] - rows, axis=2).min(axis=1)
    assert nearest.mean() == pytest.approx(FACE_DISTANCE, abs=0.05)


def test_panels_stand_side_by_side_in_the_picture(tmp_path: Path):
    panel = Panel("clients", "ms", (1, 10, 100), {"one": (1, 2, 3), "other": (3, 3, 3)})
    draw([panel], "machine", tmp_path / "one.png")
    draw([panel, panel], "machine", tmp_path / "deep" / "two.png")
    one, two = Image.open(tmp_path / "one.png"), Image.open(tmp_path / "deep" / "two.png")
    assert two.width == 2 * one.width
    left = np.asarray(two.convert("L"))[: one.height - 30, : one.width]
    right = np.asarray(two.convert("L"))[: one.height - 30, one.width :]
    assert np.array_equal(left, right)
    assert left.min() < 100


@pytest.mark.parametrize("values", [(26.3, 33.3), (65.0, 125.0), (0.003, 15.0), (11.0, 12.0)])
def test_an_axis_has_marks_to_read_it_by(values):
    axis = Axis(values, 100.0, 500.0)
    assert len(axis.marks) >= FEWEST_MARKS
    assert all(100 <= axis(mark) <= 500 for mark in axis.marks)
