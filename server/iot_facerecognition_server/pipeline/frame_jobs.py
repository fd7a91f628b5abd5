"""Makes the jobs of a frame: the one place that decides whether faces are tracked."""

from collections.abc import Sequence

from iot_facerecognition_server.engine.job import FaceMatcher
from iot_facerecognition_server.frames import Frame, ObjectsWanted
from iot_facerecognition_server.pipeline.faces import FaceJob
from iot_facerecognition_server.pipeline.objects import ObjectJob
from iot_facerecognition_server.pipeline.tracked_faces import TrackedFaceJob
from iot_facerecognition_server.tracking.tracker import FaceTracker, TrackingSettings


class FrameJobs:
    """Makes jobs of frames, and keeps the trackers of all sessions.

    Used by the event loop's thread only.
    """

    def __init__(
        self,
        matcher: FaceMatcher,
        labels: Sequence[str] = (),
        tracking: TrackingSettings | None = None,
    ) -> None:
        """Name faces by `matcher` and objects by the classifier's `labels` (none: no classifier).

        With `tracking`, faces are tracked from frame to frame and every worker needs a searcher;
        without, each frame stands alone.
        """
        self._matcher = matcher
        self._labels = labels
        self._tracking = tracking
        self._trackers: dict[int, FaceTracker] = {}

    @property
    def object_labels(self) -> int:
        """How many labels the classifier knows; 0 when there is none."""
        return len(self._labels)

    @property
    def in_order(self) -> bool:
        """Whether what is done with a frame depends on the one before."""
        return self._tracking is not None

    @property
    def tracked_sessions(self) -> int:
        """Sessions whose faces are tracked."""
        return len(self._trackers)

    def faces(self, frame: Frame, matcher: FaceMatcher | None = None) -> FaceJob | TrackedFaceJob:
        """Return what finds the faces of `frame` and names them, by `matcher` or the gallery."""
        matcher = matcher or self._matcher
        if self._tracking is None:
            return FaceJob(frame, matcher)
        tracker = self._trackers.get(frame.session)
        if tracker is None:
            tracker = self._trackers[frame.session] = FaceTracker(self._tracking)
        return TrackedFaceJob(frame, tracker, matcher)

    def objects(self, frame: Frame, wanted: ObjectsWanted) -> ObjectJob:
        """Return what classifies `frame`."""
        return ObjectJob(frame, wanted, self._labels)

    def failed(self, session: int) -> None:
        """Let `session` begin with a new tracker: the one it has failed. Numbers go on."""
        failed = self._trackers.get(session)
        if failed is not None and self._tracking is not None:
            self._trackers[session] = FaceTracker(self._tracking, failed.last_number)

    def forget(self, session: int) -> None:
        """Let go of what is known of `session`; a frame of it that is under way may still end."""
        self._trackers.pop(session, None)
