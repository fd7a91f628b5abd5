"""From what an engine recognised to what clients are sent of it."""

from iot_facerecognition_protocol import Face
from iot_facerecognition_server.frames import RecognisedFace


def wire_face(face: RecognisedFace) -> Face:
    """Return `face` as the protocol has it; its descriptor does not leave the server."""
    box = face.box
    return Face(
        tag=face.match.tag,
        x=round(box.left),
        y=round(box.top),
        width=round(box.width),
        height=round(box.height),
        distance=face.match.distance,
        score=face.score,
        track=face.track,
    )
