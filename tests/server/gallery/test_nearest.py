"""The index must answer as looking at every reference does, to the last bit."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from iot_facerecognition_server.frames import Match
from iot_facerecognition_server.gallery.gallery import Gallery
from iot_facerecognition_server.gallery.nearest import FEW, NearestReferences, squares

SIZE = FEW + 777
ROTATION = np.linalg.qr(np.random.default_rng(0).standard_normal((128, 128)))[0]
"""Made once: on a busy machine it takes as long as everything else here."""


def brute(rows: np.ndarray, descriptor: np.ndarray) -> tuple[int, np.float32]:
    found = squares(rows, descriptor)
    best = int(found.argmin())
    return best, found[best]


def people(chance: np.random.Generator, count: int, fall: float) -> np.ndarray:
    """Descriptors whose variance falls from axis to axis, in a place and rotation of their own."""
    spread = np.exp(-np.arange(128) / fall)
    spread *= 0.37 / spread.sum()
    rows = (chance.standard_normal((count, 128)) * np.sqrt(spread)) @ ROTATION + 0.1
    return rows.astype(np.float32)


def check(rows: np.ndarray, faces: np.ndarray) -> NearestReferences:
    nearest = NearestReferences(rows)
    for face in faces:
        assert nearest.nearest(face) == brute(rows, face)
    return nearest


@pytest.mark.parametrize("fall", [3.0, 20.0, 1000.0])
def test_people_and_strangers_are_found_as_by_looking_at_everyone(fall):
    chance = np.random.default_rng(1)
    rows = people(chance, SIZE, fall)
    known = rows[:30] + chance.normal(0, 0.02, (30, 128)).astype(np.float32)
    nearest = check(rows, np.concatenate([known, people(chance, 30, fall), rows[-3:]]))
    assert nearest.nearest(rows[-1]) == (SIZE - 1, 0)


def test_people_with_many_references_each():
    chance = np.random.default_rng(2)
    rows = np.repeat(people(chance, SIZE // 9, 20), 9, axis=0)
    rows += chance.normal(0, 0.02, rows.shape).astype(np.float32)
    check(rows, rows[::50] + np.float32(0.01))


def test_few_rows_are_looked_at_in_full():
    chance = np.random.default_rng(3)
    rows = people(chance, SIZE, 20)
    nearest = NearestReferences(rows)
    faces = rows[:20] + np.float32(0.02)
    looked_at = [nearest._candidates(face) for face in faces]
    assert all(found is not None and len(found) < SIZE / 50 for found in looked_at)


def test_of_equal_references_the_first_wins():
    chance = np.random.default_rng(4)
    half = people(chance, SIZE, 20)
    rows = np.concatenate([half, half[::-1]])
    nearest = check(rows, half[:20] + np.float32(0.01))
    assert nearest.nearest(rows[SIZE])[0] == SIZE - 1  # its twin came before it


def test_references_that_are_all_the_same():
    rows = np.full((SIZE, 128), 0.25, np.float32)
    nearest = check(rows, np.zeros((1, 128), np.float32))
    assert nearest.nearest(np.zeros(128, np.float32))[0] == 0


def test_references_on_a_line_far_from_the_origin():
    rows = np.full((SIZE, 128), 1000, np.float32)
    rows[:, 5] += np.linspace(0, 1, SIZE, dtype=np.float32)
    check(rows, rows[::100] + np.float32(0.0003))


@pytest.mark.parametrize("wrong", [np.nan, np.inf, 1e30])
def test_what_no_network_gives_is_answered_as_ever(wrong):
    rows = people(np.random.default_rng(5), SIZE, 20)
    face = rows[7].copy()
    face[3] = wrong
    with np.errstate(all="ignore"):
        index, square = NearestReferences(rows).nearest(face)
        expected, expected_square = brute(rows, face)
    assert index == expected
    assert np.array_equal(square, expected_square, equal_nan=True)


@given(
    seed=st.integers(0, 2**32 - 1),
    fall=st.floats(0.5, 500),
    scale=st.floats(1e-3, 1e3),
    place=st.floats(-100, 100),
    step=st.sampled_from([0.0, 0.01, 0.3]),
)
@settings(max_examples=20, deadline=None)
def test_any_shape_size_and_place_of_the_cloud(seed, fall, scale, place, step):
    chance = np.random.default_rng(seed)
    rows = people(chance, SIZE, fall)
    if step:  # a grid: many rows at exactly the same distance
        rows = np.round(rows / step).astype(np.float32) * np.float32(step)
    rows = (rows * scale + place).astype(np.float32)
    faces = people(chance, 4, fall) * np.float32(scale) + np.float32(place)
    check(rows, np.concatenate([faces, rows[:4]]))


def test_at_the_threshold_the_decision_is_that_of_every_reference():
    chance = np.random.default_rng(6)
    rows, face = people(chance, SIZE, 20), people(chance, 1, 20)
    distance = float(np.sqrt(brute(rows, face[0])[1]))
    tags = [f"person {number}" for number in range(SIZE)]
    expected = tags[brute(rows, face[0])[0]]
    assert Gallery(tags, rows, distance).match(face) == [Match("", distance)]
    just_above = float(np.nextafter(distance, 1))
    assert Gallery(tags, rows, just_above).match(face) == [Match(expected, distance)]


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=30, deadline=None)
def test_a_row_s_square_does_not_depend_on_the_rows_beside_it(seed):
    chance = np.random.default_rng(seed)
    rows, face = people(chance, 300, 20), people(chance, 1, 20)[0]
    whole = squares(rows, face)
    some = np.sort(chance.choice(300, 7, replace=False))
    assert np.array_equal(squares(rows[some], face), whole[some])
    assert squares(rows[9:10], face)[0] == whole[9]
