from itertools import combinations, pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from iot_facerecognition_server.networks.dlib_layers import Overlap
from iot_facerecognition_server.networks.suppression import suppressed
from iot_facerecognition_server.networks.tiled_pyramid import tiled_pyramid

PADDING = (10, 11)
sides = st.integers(1, 3000)


@given(sides, sides)
def test_tiles_lie_apart_on_the_plane(width, height):
    pyramid = tiled_pyramid(width, height, PADDING)
    first = pyramid.tiles[0]
    assert (first.left, first.top, first.width, first.height) == (11, 11, width, height)
    for tile in pyramid.tiles:
        assert tile.left >= 11
        assert tile.top >= 11
        assert tile.right <= pyramid.width - 11
        assert tile.bottom <= pyramid.height - 11
    assert not any(one.shared(other) for one, other in combinations(pyramid.tiles, 2))


@given(sides, sides)
def test_each_tile_has_five_sixths_of_the_one_before(width, height):
    for larger, smaller in pairwise(tiled_pyramid(width, height, PADDING).tiles):
        assert (smaller.width, smaller.height) == (larger.width * 5 // 6, larger.height * 5 // 6)


def test_a_landscape_is_laid_out_in_two_columns():
    """By hand after dlib's rules: 640x480 goes down until 223x166 fits next to what is left."""
    pyramid = tiled_pyramid(640, 480, PADDING)
    lefts = [tile.left for tile in pyramid.tiles]
    down = [left == 11 for left in lefts]
    assert down == sorted(down, reverse=True)
    assert not all(down)
    assert all(tile.right == 11 + 640 for tile in pyramid.tiles[down.index(False) :])
    assert pyramid.width == 640 + 22


def test_boxes_are_taken_back_from_each_copy():
    pyramid = tiled_pyramid(640, 480, PADDING)
    for level, tile in enumerate(pyramid.tiles[:8]):
        centre = np.array([[tile.left + tile.width // 2, tile.top + tile.height // 2]], float)
        (box,) = pyramid.to_picture(np.hstack([centre - 40, centre + 40]), centre)
        side = 80 * 1.2**level
        assert box[2:] - box[:2] == pytest.approx([side, side])
        assert (box[:2] + box[2:]) / 2 == pytest.approx([320, 240], abs=2 + 1.2**level * 2)


def test_a_box_between_tiles_belongs_to_the_nearest():
    pyramid = tiled_pyramid(640, 480, PADDING)
    first, second = pyramid.tiles[:2]
    gap = np.array([[100.0, first.bottom + 2], [100.0, second.top - 2]])
    above, below = pyramid.to_picture(np.hstack([gap, gap]), gap)
    assert above[1] == pytest.approx(480 + 2)
    assert below[1] == pytest.approx(-2 * 1.2 + 0.3)


def test_a_picture_without_pixels_is_refused():
    with pytest.raises(ValueError, match="at least one pixel"):
        tiled_pyramid(0, 10, PADDING)


LIKE_THE_FILE = Overlap(0.34, 1.0)


def kept(*boxes: tuple[int, int, int, int], overlap: Overlap = LIKE_THE_FILE) -> list[int]:
    return suppressed(np.array(boxes, np.int64).reshape(-1, 4), overlap).tolist()


def test_the_better_of_two_overlapping_boxes_is_kept():
    assert kept((0, 0, 99, 99), (10, 10, 109, 109), (300, 0, 399, 99)) == [0, 2]


def test_what_a_suppressed_box_overlaps_is_not_suppressed_by_it():
    assert kept((0, 0, 99, 99), (50, 0, 149, 99), (120, 0, 219, 99), overlap=Overlap(0.1, 1)) == [
        0,
        2,
    ]


def test_overlap_is_measured_against_the_rectangle_around_both():
    """Corner to corner: 50x50 of 150x150 is 0.111, where intersection over union has 0.143."""
    corners = (0, 0, 99, 99), (50, 50, 149, 149)
    assert kept(*corners, overlap=Overlap(0.12, 1.0)) == [0, 1]
    assert kept(*corners, overlap=Overlap(0.11, 1.0)) == [0]


def test_a_box_inside_another_is_suppressed_by_the_share_covered():
    inside = (0, 0, 199, 199), (10, 10, 59, 59)
    assert kept(*inside) == [0, 1]
    assert kept(*inside, overlap=Overlap(0.34, 0.9)) == [0]


def test_nothing_is_kept_of_nothing():
    assert kept() == []
