"""Who is in front of the camera."""

from iot_facerecognition_edge.presence.presence import Presence, PresenceKind, PresenceTracker
from iot_facerecognition_protocol import Face


def face(tag: str = "") -> Face:
    return Face(tag, 1, 2, 3, 4)


def test_a_face_missed_for_a_moment_has_not_left() -> None:
    tracker = PresenceTracker(hold=2)
    tracker.update([face("Ada")], 0)
    tracker.update([], 0.5)
    assert tracker.at(1.9) == Presence(PresenceKind.KNOWN, ("Ada",))
    assert tracker.at(2.0) == Presence(PresenceKind.NOBODY)


def test_a_known_face_outranks_an_unknown_one() -> None:
    tracker = PresenceTracker(hold=2)
    tracker.update([face(), face("Grace"), face("Ada")], 0)
    assert tracker.at(0) == Presence(PresenceKind.KNOWN, ("Ada", "Grace"))
    tracker.update([face()], 1)
    assert tracker.at(2.5) == Presence(PresenceKind.UNKNOWN)
