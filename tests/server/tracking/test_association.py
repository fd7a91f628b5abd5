"""Which detection is of which track."""

import numpy as np

from iot_facerecognition_protocol.box import Box
from iot_facerecognition_server.detection import Detection
from iot_facerecognition_server.tracking.association import paired
from iot_facerecognition_server.tracking.track import Track


def track_at(left: float, side: float = 100) -> Track:
    return Track(at(left, side), 0.0, np.zeros((8, 8), np.float32))


def at(left: float, side: float = 100) -> Detection:
    return Detection(Box.at(left, 100, side, side), 1.0)


def test_of_two_faces_side_by_side_both_are_kept():
    """Greedily, the first track would take the second's face, which nothing else overlaps."""
    first, second = track_at(100), track_at(160)
    left, right = at(75), at(118)
    pairs = paired([first, second], [left, right], 0.1)
    assert pairs == {id(first): left, id(second): right}


def test_a_face_far_from_every_track_is_nobodys():
    assert paired([track_at(100)], [at(300)], 0.1) == {}


def test_a_track_that_is_seen_comes_before_a_lost_one():
    lost, seen = track_at(100), track_at(120)
    lost.lost = 0.05
    found = at(108)
    assert paired([lost, seen], [found], 0.1) == {id(seen): found}


def test_a_lost_track_is_found_where_it_was():
    lost = track_at(100)
    lost.lost = 0.05
    found = at(104)
    assert paired([lost], [found], 0.1) == {id(lost): found}
