"""Makes the jobs of a frame: the one place that decides whether faces are tracked."""

from collections.abc import Callable, Sequence

from iot_facerecognition_server.frames import Frame, ObjectsWanted
from iot_facerecognition_server.gallery.current import CurrentGallery
from iot_facerecognition_server.gallery.gallery import Gallery
from iot_facerecognition_server.pipeline.faces import FaceJob, FaceMatcher
from iot_facerecognition_server.pipeline.objects import ObjectJob
from iot_facerecognition_server.pipeline.tracked_faces import FaceTracker, TrackedFaceJob


class FrameJobs:
    """Makes jobs of frames. Used by the event loop's thread only; keeps no session."""

    def __init__(
        self,
        gallery: Gallery,
        labels: Sequence[str] = (),
        tracker: FaceTracker | None = None,
        timed: Callable[[FaceMatcher], FaceMatcher] = lambda matcher: matcher,
    ) -> None:
        """Name faces by `gallery` and objects by the classifier's `labels` (none: no classifier).

        With a `tracker`, which every session begins with a copy of, faces are tracked from frame to
        frame and every worker needs a searcher; without, each frame stands alone. The matching is
        `timed`.
        """
        self._gallery = CurrentGallery(gallery)
        self._matcher = timed(self._gallery)
        self._labels = labels
        self._tracker = tracker

    @property
    def object_labels(self) -> int:
        """How many labels the classifier knows; 0 when there is none."""
        return len(self._labels)

    @property
    def in_order(self) -> bool:
        """Whether what is done with a frame depends on the one before."""
        return self._tracker is not None

    def set_gallery(self, gallery: Gallery) -> None:
        """Let `gallery` name the faces from now on, also those of jobs that are under way."""
        self._gallery.replace(gallery)

    def faces(self, frame: Frame, gallery: Gallery | None = None) -> FaceJob | TrackedFaceJob:
        """Return what finds the faces of `frame` and names them, by `gallery` or the one set.

        Tracks that are not of this kind of tracker, as another version may have left them, are
        begun again.
        """
        matcher = self._matcher if gallery is None else gallery
        if self._tracker is None:
            return FaceJob(frame, matcher)
        known = frame.tracks if isinstance(frame.tracks, type(self._tracker)) else self._tracker
        return TrackedFaceJob(frame, known.copy(), matcher)

    def objects(self, frame: Frame, wanted: ObjectsWanted) -> ObjectJob:
        """Return what classifies `frame`."""
        return ObjectJob(frame, wanted, self._labels)
