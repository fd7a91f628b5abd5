"""The values that cross the seam."""

from iot_facerecognition_server.frames import NAMED_FROM, UNKNOWN, Match, believed, named_once


def test_of_two_faces_near_one_person_the_nearer_has_the_name():
    far, near = Match("ann", 0.5), Match("ann", 0.3)
    assert named_once([far, near]) == [Match(UNKNOWN, 0.5), near]
    assert named_once([near, far]) == [near, Match(UNKNOWN, 0.5)]


def test_equally_near_faces_do_not_share_a_name_either():
    same = Match("ann", 0.4)
    assert named_once([same, same]) == [same, Match(UNKNOWN, 0.4)]


def test_different_people_and_strangers_keep_what_they_have():
    matches = [Match("ann", 0.4), Match(UNKNOWN, 0.8), Match("bo", 0.4), Match(UNKNOWN, None)]
    assert named_once(matches) == matches
    assert named_once([]) == []


def test_a_face_too_poor_to_tell_is_unknown_rather_than_wrong():
    match = Match("ann", 0.4)
    assert believed(match, NAMED_FROM) == match
    assert believed(match, 0.99 * NAMED_FROM) == Match(UNKNOWN, 0.4)
