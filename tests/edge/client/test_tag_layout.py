"""Names stand by their faces, on no other face and on no other name."""

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from iot_facerecognition_client.tag_layout import place_tags

PICTURE = (0, 0, 480, 320)


def overlap(one, other):
    across = min(one[0] + one[2], other[0] + other[2]) - max(one[0], other[0])
    down = min(one[1] + one[3], other[1] + other[3]) - max(one[1], other[1])
    return across > 0 and down > 0


def place(face, size=(80, 20)):
    return place_tags([face], [size], PICTURE)[0]


def test_a_tag_stands_under_its_face():
    assert place((100, 50, 60, 60)) == (100, 110, 80, 20)


def test_a_tag_goes_above_a_face_at_the_bottom_and_stays_within_the_picture():
    assert place((440, 260, 40, 60)) == (400, 240, 80, 20)


def test_a_tag_of_a_face_that_fills_the_picture_stands_in_it():
    assert place((0, 0, 480, 320)) == (0, 300, 80, 20)


def test_a_face_larger_than_the_picture_may_have_no_tag():
    """A detector's box reaches beyond the picture where a face is cut by its edges."""
    tags = place_tags([(-20, -10, 600, 400), (10, -5, 60, 500)], [(0, 0), (80, 20)], PICTURE)
    assert tags[0][3] == 0
    assert tags[1][3] == 20


def test_a_long_tag_does_not_cover_the_face_beside_it():
    faces = [(100, 100, 60, 60), (170, 140, 60, 60)]
    tags = place_tags(faces, [(200, 20), (60, 20)], PICTURE)
    assert not overlap(tags[0], faces[1])
    assert not overlap(tags[1], faces[0])
    assert not overlap(*tags)


def test_a_tag_between_faces_is_cut_to_what_is_free():
    """Faces all around leave a long name no room but on its own face."""
    faces = [(200, 120, 60, 60)]
    faces += [(200 + x, 120 + y, 62, 62) for x in (-64, 0, 64) for y in (-64, 62) if (x, y)]
    faces += [(136, 120, 62, 60), (264, 120, 62, 60)]
    tag = place_tags(faces, [(150, 20)] * len(faces), PICTURE)[0]
    assert tag[2] <= 60
    assert not any(overlap(tag, face) for face in faces[1:])


def test_names_of_a_row_of_faces_do_not_overlap():
    faces = [(10 + 45 * index, 100, 40, 40) for index in range(10)]
    tags = place_tags(faces, [(110, 18)] * 10, PICTURE)
    assert not any(overlap(one, other) for one, other in combinations(tags, 2))
    assert not any(
        overlap(tag, face) for i, tag in enumerate(tags) for j, face in enumerate(faces) if i != j
    )


@given(
    st.lists(
        st.tuples(
            st.integers(-90, 440), st.integers(-90, 280), st.integers(1, 700), st.integers(1, 700)
        ),
        max_size=12,
    ),
    st.integers(1, 600),
    st.integers(0, 40),
)
def test_every_tag_lies_within_the_picture(faces, width, height):
    for x, y, w, h in place_tags(faces, [(width, height)] * len(faces), PICTURE):
        assert w > 0
        assert h == height
        assert 0 <= x <= x + w <= 480
        assert 0 <= y <= y + h <= 320
