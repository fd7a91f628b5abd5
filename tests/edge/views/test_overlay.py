"""What is drawn over the picture, and for how long."""

from iot_facerecognition_client.scene import Scene
from iot_facerecognition_edge.events import FacesSeen, ObjectsSeen
from iot_facerecognition_edge.settings import Settings
from iot_facerecognition_edge.views.overlay import Overlay
from iot_facerecognition_protocol import Face, ObjectLabel


def face(tag: str) -> Face:
    return Face(tag, 1, 2, 3, 4)


def seen(*faces: Face, time: float) -> FacesSeen:
    return FacesSeen(faces, 1, (640, 480), time)


def test_results_vanish_after_their_duration() -> None:
    overlay = Overlay(Settings({"display.object_duration": 1000}))
    overlay.accept(seen(face("Ada"), time=10))
    overlay.accept(ObjectsSeen((ObjectLabel("cup", 0.9),), 1, 10))
    assert overlay.next_change(10) == 11
    assert [f.tag for f in overlay.faces(12.9)] == ["Ada"]
    assert overlay.objects(10.9)
    assert overlay.objects(11) == ()
    assert overlay.next_change(11.5) == 13
    assert overlay.faces(13) == ()
    assert overlay.next_change(13) is None
    assert overlay.size == (640, 480)


def test_negative_duration_means_for_ever() -> None:
    overlay = Overlay(Settings({"display.face_duration": -1}))
    overlay.accept(seen(face("Ada"), time=0))
    assert overlay.faces(1e9)
    assert overlay.next_change(1e9) is None


def test_a_frame_without_faces_clears_those_before() -> None:
    overlay = Overlay(Settings())
    overlay.accept(seen(face("Ada"), time=0))
    overlay.accept(seen(time=0.1))
    assert overlay.faces(0.1) == ()


def test_what_was_found_in_one_scene_is_not_drawn_over_another() -> None:
    overlay = Overlay(Settings())
    first, second = Scene(1, (640, 480)), Scene(2, (640, 480))
    overlay.accept(FacesSeen((face("Ada"),), 1, first.size, 0, first))
    overlay.accept(ObjectsSeen((ObjectLabel("cup", 0.9),), 1, 0, first))
    assert overlay.faces(0, first)
    assert overlay.objects(0, first)
    assert overlay.faces(0, second) == ()
    assert overlay.objects(0, second) == ()
    assert overlay.faces(0), "a camera that tells of no scenes has one"


def test_clear_takes_everything_away() -> None:
    overlay = Overlay(Settings())
    overlay.accept(seen(face("Ada"), time=0))
    overlay.clear()
    assert overlay.faces(0) == ()
