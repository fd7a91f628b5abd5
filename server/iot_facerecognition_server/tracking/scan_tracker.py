"""Tracks faces by scanning every frame in which something changed, as a rule at half its sides."""

from collections.abc import Sequence
from math import prod
from typing import Final, Self

from iot_facerecognition_server.detection import Detection
from iot_facerecognition_server.tracking.changes import ChangeMap
from iot_facerecognition_server.tracking.settings import TrackingSettings
from iot_facerecognition_server.tracking.track_set import BRIEFLY, TrackSet
from iot_facerecognition_server.tracking.twins import twin_of
from iot_facerecognition_server.tracking.watched_frame import Settled, WatchedFrame, Way

_SMALL: Final = 1.5
"""How many times the smallest face a tracked one has to be for a scan at half the sides to find it
as surely."""
_CHEAP: Final = 320 * 240
"""Pixels up to which a frame is always scanned at full sides: that is no more work than a frame of
640 x 480 makes at half of them."""
_LOSS_SCANS_APART: Final = 0.1
"""Seconds from one scan at full sides to one that looks for a lost face."""


class ScanTracker:
    """Tracks the faces of one session. No thread, no clock, no picture but the thumbnail.

    For each frame, `find` settles where the faces are; then its `tracks` are to be named
    (`TrackSet`). A frame that fails on the way is left behind by the next.
    """

    def __init__(self, settings: TrackingSettings, last_number: int = 0) -> None:
        """Assign faces the numbers after `last_number`."""
        self.tracks = TrackSet(last_number)
        self._settings = settings
        self._changes = ChangeMap()
        self._moving = True
        self._last_full = float("-inf")
        self._halved = False
        """Whether what is shown now was scanned at half sides only."""

    def copy(self) -> Self:
        """Return one that goes its own way from here: this one stays as it is."""
        twin = twin_of(self)
        twin.tracks = self.tracks.copy()
        twin._changes = self._changes.copy()  # noqa: SLF001
        return twin

    def renewed(self) -> Self:
        """Return one that remembers nobody, and gives the numbers after those given."""
        return type(self)(self._settings, self.tracks.last_number)

    def find(self, frame: WatchedFrame, now: float) -> Settled:
        """Scan `frame`, which came at `now` (seconds), as far as it needs it.

        `now` never goes back. Raises FrameRejectedError.
        """
        thumbnail = frame.thumbnail(searched=self._moving)
        changes = self._changes.compare(thumbnail)
        self._moving = changes.any
        if changes.cut:
            self.tracks.end(now)
        elif changes.suspect:
            self.tracks.suspect()
        way, found = self._scanned(frame, now, cut=changes.cut, changed=changes.any)
        if way is not Way.HELD:
            self._changes.searched(thumbnail)
            self._halved = way is Way.HALF
        settings = self._settings
        wanted = self.tracks.update(
            found,
            thumbnail,
            now,
            settings.halved_score if way is Way.HALF else settings.newcomer_score,
            looked_for=lambda _track: way is not Way.HELD,
        )
        return Settled(way, wanted)

    def _scanned(
        self, frame: WatchedFrame, now: float, *, cut: bool, changed: bool
    ) -> tuple[Way, Sequence[Detection]]:
        """Return how the frame was scanned, and what that found."""
        full_due = now - self._last_full >= self._settings.full_scan_interval
        if not changed and not (self._halved and full_due):
            return Way.HELD, ()
        if not (cut or full_due or prod(frame.size) <= _CHEAP or self._has_small()):
            found = frame.scan(halved=True)
            if not self._just_lost(found, now):
                return Way.HALF, found
        self._last_full = now
        return Way.FULL, frame.scan()

    def _has_small(self) -> bool:
        """Tell whether a tracked face is too small for half sides."""
        least = _SMALL * self._settings.min_face_size
        return any(track.box.width < least for track in self.tracks.seen)

    def _just_lost(self, found: Sequence[Detection], now: float) -> bool:
        """Tell whether a face was missed that a scan at full sides may find."""
        if now - self._last_full < _LOSS_SCANS_APART:
            return False
        pairs = self.tracks.paired(found, now)
        return any(
            id(track) not in pairs and now - track.steady_since >= BRIEFLY
            for track in self.tracks.seen
        )
