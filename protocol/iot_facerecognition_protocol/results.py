"""Faces and objects as a result carries them."""

from iot_facerecognition_protocol.records import dataclass


@dataclass(frozen=True, slots=True)
class Face:
    """One face found in a frame.

    `x`, `y`, `width` and `height` are in pixels of the frame as it was sent, with the origin in the
    top left corner; they may reach beyond the frame where a face is cut by its edge. `tag` is the
    person's name, empty for an unknown face.

    Version 2 adds `distance`, the Euclidean distance between the face's descriptor and the best
    reference (about 0 to 1.5, smaller is more alike; None without references or over version 1);
    `score`, the detector's confidence, on the detector's own scale; and `track`, a number that
    stays with a face from frame to frame within one session, from 1.
    """

    tag: str
    x: int
    y: int
    width: int
    height: int
    distance: float | None = None
    score: float | None = None
    track: int | None = None


@dataclass(frozen=True, slots=True)
class ObjectLabel:
    """One label for a whole frame. `prediction` is its probability, 0 to 1."""

    label: str
    prediction: float
