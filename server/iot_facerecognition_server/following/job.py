"""A frame's way through the engine when the faces of its session are followed."""

from collections.abc import Sequence

import numpy as np

from iot_facerecognition_protocol import Face
from iot_facerecognition_server.engine.interface import Frame
from iot_facerecognition_server.engine.jobs import (
    FaceMatcher,
    Network,
    Picture,
    Row,
    Tools,
    checked_rows,
)
from iot_facerecognition_server.following.follower import FaceFollower, FollowSettings
from iot_facerecognition_server.following.frame_search import OpenFrame
from iot_facerecognition_server.following.steps import (
    FollowedFace,
    ScanFrame,
    SearchWindows,
    Settled,
    Step,
)
from iot_facerecognition_server.gallery.gallery import DESCRIPTOR_SIZE
from iot_facerecognition_server.vision.faces import as_stored
from iot_facerecognition_server.vision.jpeg_header import JpegHeader


def follow(follower: FaceFollower, frame: OpenFrame, now: float) -> Settled:
    """Do with `frame` what `follower` asks for until it is settled where its faces are.

    `now` is when the frame came, in seconds. Raises FrameRejectedError.
    """
    thumbnail = frame.thumbnail(searched=follower.moving)
    step: Step = follower.begin(now, thumbnail, frame.size)
    while True:
        match step:
            case ScanFrame():
                step = follower.scanned(frame.scan())
            case SearchWindows(windows):
                step = follower.searched(frame.search(windows))
            case Settled():
                return step


class FollowingFaceJob:
    """Follows the faces of a frame and names those that have to be named anew.

    The frames of one session have to be worked on one after the other, in their order.
    """

    network = Network.DESCRIPTOR

    def __init__(self, frame: Frame, follower: FaceFollower, matcher: FaceMatcher) -> None:
        """Use the session's own `follower`."""
        self._frame = frame
        self._follower = follower
        self._matcher = matcher
        self._header: JpegHeader | None = None

    def prepare(self, tools: Tools) -> Sequence[Picture]:
        """Find the faces; return the chips of those whose descriptors are wanted."""
        if tools.searcher is None:
            raise RuntimeError("a worker without a searcher was given a frame to follow faces in")
        opened = tools.searcher.open(self._frame.jpeg)
        self._header = opened.header
        settled = follow(self._follower, opened, self._frame.received)
        return opened.chips(settled.describe)

    def complete(self, rows: Sequence[Row]) -> tuple[Face, ...]:
        """Name the faces; return them, the most certain first."""
        known = checked_rows(rows, DESCRIPTOR_SIZE) if rows else ()
        descriptors = self._follower.described(list(known))
        matches = self._matcher.match(np.stack(descriptors)) if descriptors else ()
        assert self._header is not None
        return tuple(_face(found, self._header) for found in self._follower.matched(matches))


class FollowedSessions:
    """The followers of all sessions. Used by the event loop's thread only."""

    def __init__(self, settings: FollowSettings) -> None:
        self._settings = settings
        self._followers: dict[int, FaceFollower] = {}

    def __len__(self) -> int:
        """Return the number of sessions that are followed."""
        return len(self._followers)

    def job(self, frame: Frame, matcher: FaceMatcher) -> FollowingFaceJob:
        """Return the job for a frame, with its session's follower, a new one for a new session."""
        follower = self._followers.get(frame.session)
        if follower is None:
            follower = self._followers[frame.session] = FaceFollower(self._settings)
        return FollowingFaceJob(frame, follower, matcher)

    def renew(self, session: int) -> None:
        """Let `session` begin with a new follower: the one it has failed. Numbers go on."""
        failed = self._followers.get(session)
        if failed is not None:
            self._followers[session] = FaceFollower(self._settings, failed.last_number)

    def forget(self, session: int) -> None:
        """Let go of what is known of `session`; a frame of it that is under way may still end."""
        self._followers.pop(session, None)


def _face(followed: FollowedFace, header: JpegHeader) -> Face:
    box = as_stored(followed.detection, header)
    return Face(
        tag=followed.tag,
        x=box.left,
        y=box.top,
        width=box.width,
        height=box.height,
        distance=followed.distance,
        score=box.score,
        track=followed.number,
    )
