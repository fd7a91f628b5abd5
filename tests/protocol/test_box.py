import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from iot_facerecognition_protocol.box import Box

whole = st.integers(-30, 30)
sides = st.integers(1, 30)
boxes = st.builds(Box.at, whole, whole, sides, sides)


def mask(box: Box) -> np.ndarray:
    """Paint `box` on a plane whose middle is the origin."""
    plane = np.zeros((128, 128), bool)
    plane[box.moved(64, 64).pixels] = True
    return plane


@given(boxes, boxes)
def test_what_two_boxes_share_is_what_both_cover(one: Box, other: Box):
    first, second = mask(one), mask(other)
    shared = (first & second).sum()
    assert one.shared(other) == other.shared(one) == shared
    assert one.iou(other) == pytest.approx(shared / (first | second).sum())
    assert one.covered(other) == pytest.approx(shared / min(first.sum(), second.sum()))


@given(boxes)
def test_a_box_is_all_of_itself(box: Box):
    assert box.iou(box) == box.covered(box) == 1.0
    assert box.area == mask(box).sum()
    assert Box.around(*box.centre, box.width).width == box.width


@pytest.mark.parametrize(
    ("other", "share"),
    [((0, 0, 10, 10), 1.0), ((5, 0, 10, 10), 1 / 3), ((20, 20, 5, 5), 0.0)],
)
def test_iou_is_the_intersection_over_the_union(other, share):
    assert Box.at(0, 0, 10, 10).iou(Box.at(*other)) == pytest.approx(share)


def test_boxes_that_touch_share_nothing():
    assert Box(0, 0, 2, 2).iou(Box(2, 0, 4, 2)) == 0.0
    assert Box(0, 0, 2, 2).shared(Box(2, 2, 4, 4)) == 0.0


def test_a_box_without_area_is_in_nothing():
    assert Box(1, 1, 1, 1).iou(Box(1, 1, 1, 1)) == 0.0


def test_pixels_are_those_inside_the_picture():
    picture = np.arange(12).reshape(3, 4)
    assert picture[Box(-5, 1, 2.5, 9).pixels].tolist() == [[4, 5], [8, 9]]
    assert picture[Box(-5, -5, -1, -1).pixels].size == 0


def test_a_box_is_grown_moved_scaled_and_rounded():
    box = Box(1, 2, 3, 5)
    assert box.grown(1) == Box(0, 1, 4, 6)
    assert box.moved(-1, 10) == Box(0, 12, 2, 15)
    assert box.scaled(2, 0.5) == Box(2, 1, 6, 2.5)
    assert box.scaled(0.4, 0.5).rounded() == Box(0, 1, 1, 2)


def test_a_box_can_be_sent_to_another_process():
    assert pickle.loads(pickle.dumps(Box(1, 2, 3, 4))) == Box(1, 2, 3, 4)
