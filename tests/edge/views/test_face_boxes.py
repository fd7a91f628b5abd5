"""Where faces lie on the screen."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iot_facerecognition_client.tag_layout import place_tags
from iot_facerecognition_edge.views.face_boxes import (
    FaceBox,
    dashes,
    face_boxes,
    fitted,
)
from iot_facerecognition_protocol import Face


@pytest.mark.parametrize(
    ("image", "area", "place"),
    [
        ((640, 480), (0, 0, 480, 320), (27, 0, 426, 320)),
        ((1280, 720), (0, 0, 480, 320), (0, 25, 480, 270)),
        ((640, 480), (0, 0, 640, 480), (0, 0, 640, 480)),
        ((640, 480), (10, 20, 320, 240), (10, 20, 320, 240)),
        ((480, 640), (0, 0, 480, 320), (120, 0, 240, 320)),
    ],
)
def test_the_picture_keeps_its_proportions_in_the_middle(image, area, place):
    assert fitted(image, area) == place


def test_a_face_is_scaled_with_its_frame():
    face = Face("Ada", 160, 120, 320, 240)
    (box,) = face_boxes([face], (640, 480), (27, 0, 426, 320))
    assert box == FaceBox((27 + 106, 80, 214, 160), "Ada")


def test_a_face_that_is_cut_by_the_frame_is_cut_on_the_screen():
    face = Face("", -50, -20, 200, 100)
    (box,) = face_boxes([face], (400, 300), (10, 20, 400, 300))
    assert box.rect == (10, 20, 150, 80)
    assert not box.known


def test_a_face_outside_the_frame_is_left_out():
    assert face_boxes([Face("Ada", 700, 10, 50, 50)], (640, 480), (0, 0, 640, 480)) == []


@given(
    st.tuples(*[st.integers(-500, 1500)] * 2, *[st.integers(1, 900)] * 2),
    st.tuples(st.integers(8, 200), st.integers(8, 40)),
)
def test_every_box_and_its_tag_lie_within_the_picture(face, size):
    picture = (27, 5, 426, 310)
    for box in face_boxes([Face("x", *face)], (640, 480), picture):
        for x, y, width, height in (box.rect, *place_tags([box.rect], [size], picture)):
            assert width > 0
            assert height > 0
            assert picture[0] <= x
            assert x + width <= picture[0] + picture[2]
            assert picture[1] <= y
            assert y + height <= picture[1] + picture[3]


@given(st.integers(1, 500), st.integers(1, 500))
def test_dashes_stay_in_the_frame_and_reach_its_corners(width, height):
    parts = dashes((10, 20, width, height), 1, 12)
    pixels = {(px, py) for x, y, w, h in parts for px in (x, x + w - 1) for py in (y, y + h - 1)}
    for x, y in pixels:
        assert 10 <= x < 10 + width
        assert 20 <= y < 20 + height
    corners = {(x, y) for x in (10, 9 + width) for y in (20, 19 + height)}
    assert corners <= pixels
