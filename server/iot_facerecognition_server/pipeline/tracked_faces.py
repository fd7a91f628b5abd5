"""The job that finds the faces of a frame whose session's faces are tracked."""

from collections.abc import Sequence
from typing import Protocol, Self

import numpy as np

from iot_facerecognition_server.engine.job import Picture, Row, checked_rows
from iot_facerecognition_server.frames import DESCRIPTOR_SIZE, Frame, RecognisedFace
from iot_facerecognition_server.pipeline.faces import FaceMatcher
from iot_facerecognition_server.pipeline.frame_search import OpenFrame
from iot_facerecognition_server.pipeline.tools import Network, Tools
from iot_facerecognition_server.tracking.track_set import TrackSet
from iot_facerecognition_server.tracking.watched_frame import Settled
from iot_facerecognition_server.vision.faces import as_stored
from iot_facerecognition_server.vision.jpeg_header import JpegHeader


class FaceTracker(Protocol):
    """Tracks the faces of one session; a value that goes with its frames (`frames.Tracks`)."""

    tracks: TrackSet

    def find(self, frame: OpenFrame, now: float) -> Settled:
        """Settle where the faces of `frame`, which came at `now` (seconds), are."""

    def copy(self) -> Self:
        """Return one that goes its own way from here: this one stays as it is."""

    def renewed(self) -> Self:
        """Return one that remembers nobody, and gives the numbers after those given."""


class TrackedFaceJob:
    """Tracks the faces of a frame and names those whose names are due.

    The frames of one session have to be worked on one after the other, in their order. A frame that
    is damaged or fails leaves its tracker unfinished, and no `tracks`.
    """

    network = Network.DESCRIPTOR

    def __init__(self, frame: Frame, tracker: FaceTracker, matcher: FaceMatcher) -> None:
        """Use `tracker`, which is this job's alone until it goes with the session's next frame."""
        self._frame = frame
        self._tracker = tracker
        self._matcher = matcher
        self._header: JpegHeader | None = None

    def prepare(self, tools: Tools) -> Sequence[Picture]:
        """Find the faces; return the chips of those whose descriptors are wanted."""
        if tools.searcher is None:
            raise RuntimeError("a worker without a searcher was given a frame to track faces in")
        opened = tools.searcher.open(self._frame.jpeg)
        self._header = opened.header
        settled = self._tracker.find(opened, self._frame.at)
        return opened.chips(settled.describe)

    def complete(self, rows: Sequence[Row]) -> tuple[RecognisedFace, ...]:
        """Name the faces; return them, the most certain first."""
        known = checked_rows(rows, DESCRIPTOR_SIZE) if rows else ()
        tracks = self._tracker.tracks
        descriptors = tracks.described(list(known))
        matches = self._matcher.match(np.stack(descriptors)) if descriptors else ()
        header = self._header
        assert header is not None, "a job is prepared before it is completed"
        return tuple(as_stored(face, header) for face in tracks.matched(matches))

    @property
    def tracks(self) -> FaceTracker:
        """The tracker, with what this frame has shown."""
        return self._tracker
