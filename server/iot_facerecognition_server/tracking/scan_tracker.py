"""Tracks faces by scanning every frame in which something changed, as a rule at half its sides."""

from collections.abc import Sequence
from math import prod
from typing import Final, Self

from iot_facerecognition_server.detection import Detection
from iot_facerecognition_server.tracking.changes import ChangeMap, Thumbnail
from iot_facerecognition_server.tracking.settings import TrackingSettings
from iot_facerecognition_server.tracking.track_set import BRIEFLY, TrackSet
from iot_facerecognition_server.tracking.twins import twin_of
from iot_facerecognition_server.tracking.watched_frame import Settled, Sides, WatchedFrame, Way

_SMALL: Final = 1.5
"""How many times the smallest face a tracked one has to be for a scan at half the sides to find it
as surely."""
_LARGE: Final = 20 / 3
"""How many times the smallest face all tracked ones have to be for a scan at a quarter of the sides
to find them as surely: 200 pixels where the smallest has 30."""
_HALF_APART: Final = 0.1
"""Seconds between two scans at half the sides at least, meanwhile: newcomers may be smaller."""
_CHEAP: Final = 320 * 240
"""Pixels up to which a frame is always scanned at full sides: that is no more work than a frame of
640 x 480 makes at half of them."""
_LOSS_SCANS_APART: Final = 0.1
"""Seconds from one scan at full sides to one that looks for a lost face."""
_WAYS: Final = {Sides.FULL: Way.FULL, Sides.HALF: Way.HALF, Sides.QUARTER: Way.QUARTER}


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
        self._last = Sides.FULL
        """At which sides what is shown now was scanned."""
        self._last_full = self._last_half = float("-inf")
        """When a frame was last scanned at full sides, and at half of them or more."""

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
        likely = self._sides(frame.size, now)
        thumbnail = frame.thumbnail(likely if self._moving else None)
        changes = self._changes.compare(thumbnail)
        self._moving = changes.any
        if changes.cut:
            self.tracks.end(now)
        elif changes.suspect:
            self.tracks.suspect()
        owed = self._last is not Sides.FULL and likely is Sides.FULL
        if not (changes.any or owed):
            return Settled(Way.HELD, self._update((), thumbnail, now, None))
        sides = Sides.FULL if changes.cut else likely
        found = frame.scan(sides)
        if sides is not Sides.FULL and self._just_lost(found, now):
            sides, found = Sides.FULL, frame.scan()
        self._remember_scan(sides, now)
        self._changes.searched(thumbnail)
        return Settled(_WAYS[sides], self._update(found, thumbnail, now, sides))

    def _sides(self, size: tuple[int, int], now: float) -> Sides:
        """Return at which sides a frame of (width, height) pixels is to be scanned at `now`."""
        smallest = min((track.box.width for track in self.tracks.seen), default=None)
        full_due = now - self._last_full >= self._settings.full_scan_interval
        small = smallest is not None and smallest < _SMALL * self._settings.min_face_size
        if full_due or small or prod(size) <= _CHEAP:
            return Sides.FULL
        large = smallest is not None and smallest >= _LARGE * self._settings.min_face_size
        if large and now - self._last_half < _HALF_APART:
            return Sides.QUARTER
        return Sides.HALF

    def _remember_scan(self, sides: Sides, now: float) -> None:
        self._last = sides
        if sides is Sides.FULL:
            self._last_full = now
        if sides is not Sides.QUARTER:
            self._last_half = now

    def _update(
        self,
        found: Sequence[Detection],
        thumbnail: Thumbnail,
        now: float,
        sides: Sides | None,
    ) -> tuple[Detection, ...]:
        """Take what was `found` at these sides, None: not searched; return whom to describe."""
        settings = self._settings
        newcomers = settings.newcomer_score if sides is Sides.FULL else settings.halved_score
        return self.tracks.update(
            found, thumbnail, now, newcomers, looked_for=lambda _track: sides is not None
        )

    def _just_lost(self, found: Sequence[Detection], now: float) -> bool:
        """Tell whether a face was missed that a scan at full sides may find."""
        if now - self._last_full < _LOSS_SCANS_APART:
            return False
        pairs = self.tracks.paired(found, now)
        return any(
            id(track) not in pairs and now - track.steady_since >= BRIEFLY
            for track in self.tracks.seen
        )
