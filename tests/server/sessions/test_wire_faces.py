"""What clients get of a face that was recognised."""

from iot_facerecognition_protocol import Face
from iot_facerecognition_server.sessions.wire_faces import wire_face
from tests.server.recognised_faces import recognised


def test_a_face_becomes_the_protocol_s() -> None:
    face = recognised("ann", -3, 2, 30, 40, distance=0.3, score=1.5, track=9)
    assert wire_face(face) == Face("ann", -3, 2, 30, 40, distance=0.3, score=1.5, track=9)
    stranger = wire_face(recognised("", 1, 2, 3, 4))
    assert (stranger.tag, stranger.distance, stranger.track) == ("", None, None)
