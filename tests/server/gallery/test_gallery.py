import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from iot_facerecognition_server.frames import Match
from iot_facerecognition_server.gallery.gallery import Gallery

DESCRIPTORS = arrays.arrays(
    np.float32,
    st.tuples(st.integers(1, 6), st.just(128)),
    elements=st.floats(-1, 1, width=32),
)


def at(*distances: float) -> np.ndarray:
    """Descriptors at these distances from the origin, along one axis."""
    rows = np.zeros((len(distances), 128), np.float32)
    rows[:, 0] = distances
    return rows


def test_the_nearest_reference_under_the_threshold_wins():
    gallery = Gallery(["far", "near", "further"], at(0.5, 0.2, 0.59))
    assert gallery.match(at(0.0)) == [Match("near", pytest.approx(0.2))]


def test_beyond_the_threshold_a_face_is_unknown_but_its_distance_is_reported():
    gallery = Gallery(["ada"], at(0.0), threshold=0.6)
    matches = gallery.match(at(0.59, 0.6, 0.61))
    assert [match.tag for match in matches] == ["ada", "", ""]
    assert matches[2].distance == pytest.approx(0.61)


def test_another_threshold_decides_otherwise():
    assert Gallery(["ada"], at(0.0), threshold=0.3).match(at(0.4))[0].tag == ""
    assert Gallery(["ada"], at(0.0), threshold=0.5).match(at(0.4))[0].tag == "ada"


def test_nobody_is_known_to_an_empty_gallery():
    gallery = Gallery.empty()
    assert gallery.match(at(0.0, 1.0)) == [Match("", None)] * 2
    assert (len(gallery), gallery.people) == (0, ())


def test_no_faces_give_no_matches():
    assert Gallery(["ada"], at(0.0)).match(np.empty((0, 128), np.float32)) == []


def test_a_person_may_have_several_references():
    gallery = Gallery(["ada", "bo", "ada"], at(0.0, 1.0, 2.0))
    assert (len(gallery), gallery.people) == (3, ("ada", "bo"))
    assert [match.tag for match in gallery.match(at(2.1, 1.1, 0.1))] == ["ada", "bo", "ada"]


def test_a_gallery_does_not_change_with_the_array_it_was_made_of():
    descriptors = at(0.0)
    gallery = Gallery(["ada"], descriptors)
    descriptors += 5
    assert gallery.match(at(0.1))[0].tag == "ada"


@pytest.mark.parametrize("wrong", [at(0.0, 1.0), at(float("nan"))])
def test_what_is_no_gallery_is_refused(wrong):
    with pytest.raises(ValueError, match=r"tags|finite"):
        Gallery(["ada"], wrong)


@given(DESCRIPTORS, DESCRIPTORS, st.floats(0.1, 20))
def test_matches_are_what_looking_at_every_pair_gives(references, faces, threshold):
    tags = [f"person {number}" for number in range(len(references))]
    matches = Gallery(tags, references, threshold).match(faces)
    for match, face in zip(matches, faces, strict=True):
        distances = np.linalg.norm(references.astype(np.float64) - face, axis=1)
        assert match.distance == pytest.approx(distances.min(), abs=1e-4)
        if match.tag:
            assert distances[tags.index(match.tag)] == pytest.approx(distances.min(), abs=1e-4)
            assert distances.min() < threshold + 1e-4
        else:
            assert distances.min() > threshold - 1e-4
