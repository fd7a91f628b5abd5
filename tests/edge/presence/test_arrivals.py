"""Which results are worth a line in the log."""

from iot_facerecognition_edge.presence.arrivals import Arrivals
from iot_facerecognition_protocol import Face, ObjectLabel


def face(tag: str = "", track: int | None = None, distance: float | None = None) -> Face:
    return Face(tag, 1, 2, 3, 4, distance=distance, track=track)


def test_somebody_who_stays_is_logged_once_and_again_after_an_absence() -> None:
    sightings = Arrivals(absence=5)
    assert sightings.faces([face("Ada", distance=0.4321)], 0) == ["face: Ada (distance 0.43)"]
    assert sightings.faces([face("Ada")], 4) == []
    assert sightings.faces([face("Ada")], 8) == []
    assert sightings.faces([face("Ada")], 13) == ["face: Ada"]


def test_unknown_faces_are_told_apart_by_their_track() -> None:
    sightings = Arrivals()
    two = sightings.faces([face(track=1), face(track=2)], 0)
    assert two == ["face: unknown face", "face: unknown face"]
    assert sightings.faces([face(track=2)], 1) == []


def test_only_the_best_object_is_logged() -> None:
    sightings = Arrivals()
    labels = [ObjectLabel("cup", 0.931), ObjectLabel("cat", 0.05)]
    assert sightings.objects(labels, 0) == ["object: cup (93 %)"]
    assert sightings.objects(labels, 1) == []
    assert sightings.objects([], 1) == []
    assert sightings.objects([ObjectLabel("bobsled", 0.05)], 1) == []


def test_memory_is_bounded() -> None:
    sightings = Arrivals(absence=5)
    for number in range(10_000):
        sightings.faces([face(track=number)], number)
    assert len(sightings._seen) <= 1001
