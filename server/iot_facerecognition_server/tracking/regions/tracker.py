"""Decides how little has to be done to know where the faces of a stream are, and who they are."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import chain
from math import hypot
from typing import Final, Self

from iot_facerecognition_protocol.box import Box
from iot_facerecognition_server.detection import NATIVE_FACE_SIZE, Detection
from iot_facerecognition_server.tracking.changes import ChangeMap, Changes, Thumbnail
from iot_facerecognition_server.tracking.regions.camera_motion import CameraMotion
from iot_facerecognition_server.tracking.regions.merging import merged
from iot_facerecognition_server.tracking.regions.new_objects import body, new_object_regions
from iot_facerecognition_server.tracking.regions.search_regions import SearchRegion, face_region
from iot_facerecognition_server.tracking.regions.steps import (
    ScanFrame,
    SearchableFrame,
    SearchRegions,
    Step,
)
from iot_facerecognition_server.tracking.settings import TrackingSettings
from iot_facerecognition_server.tracking.track import Track
from iot_facerecognition_server.tracking.track_set import BRIEFLY, SEARCHED_WHEN_LOST, TrackSet
from iot_facerecognition_server.tracking.twins import twin_of
from iot_facerecognition_server.tracking.watched_frame import Settled, Sides, Way

_REGION: Final = 1.6
"""Side of a region as a multiple of the expected face's: it finds faces that are off by a quarter
of themselves."""
_LOSS_SCANS_APART: Final = 0.1
"""Seconds from one full scan to one that looks for a lost face."""
_OVER_THE_EDGE: Final = 0.3
"""Part of the smallest face that has to come in over an edge before it is searched there again."""
_MOVING_CAMERA: Final = 0.12
"""Part of a full scan that looking at all changes has to cost before the camera itself may be what
moves: then only what comes in over the edges is new."""
_NEW_OBJECT_RATE: Final = 3.0
"""Full scans a second that looking for newcomers may cost in addition to those at intervals."""
_NEW_OBJECT_BURST: Final = 2.0
"""Full scans that it may cost at once, after a while without: somebody who walks in at a normal
pace is looked for in every frame until there is a face."""
_TRUSTED: Final = 0.3
"""Score from which on a face is looked for in the pose that it was last seen in, and believed to be
in that pose still. Below, a head may be turning: it is searched for in every pose."""
_VISIBLE: Final = 0.4
"""Part of a face that has to be in the frame for the detector to find it."""


@dataclass(slots=True)
class _Look:
    """One frame on its way: what is known of it so far."""

    now: float
    thumbnail: Thumbnail
    frame: tuple[int, int]
    changes: Changes
    full: bool = False
    asked: tuple[SearchRegion, ...] = ()
    searched: list[SearchRegion] = field(default_factory=list)
    looked_for: set[int] = field(default_factory=set)
    """Ids of the tracks that were looked for."""
    by_pose: set[int] = field(default_factory=set)
    """Ids of those that are being looked for in one pose only."""
    detections: list[Detection] = field(default_factory=list)


class RegionTracker:
    """Tracks the faces of one session. No thread, no clock, no picture but the thumbnail.

    For each frame, `find` settles where the faces are: `begin` says what to do first; what was
    found is handed to `searched` or `scanned`, which say what to do next. Then its `tracks` are to
    be named (`TrackSet`). A frame that fails on the way is left behind by the next.
    """

    def __init__(self, settings: TrackingSettings, last_number: int = 0) -> None:
        """Assign faces the numbers after `last_number`."""
        self.tracks = TrackSet(last_number)
        self._settings = settings
        self._changes = ChangeMap()
        self._camera_motion = CameraMotion(_OVER_THE_EDGE * settings.min_face_size)
        self._last_full = float("-inf")
        self._allowance = _NEW_OBJECT_BURST
        self._allowed_at = float("-inf")
        self._moving = True
        self._look: _Look | None = None

    def copy(self) -> Self:
        """Return one that goes its own way from here: this one stays as it is."""
        twin = twin_of(self)
        twin._changes = self._changes.copy()  # noqa: SLF001
        twin._camera_motion = self._camera_motion.copy()  # noqa: SLF001
        twin.tracks = self.tracks.copy()
        return twin

    def renewed(self) -> Self:
        """Return one that remembers nobody, and gives the numbers after those given."""
        return type(self)(self._settings, self.tracks.last_number)

    @property
    def moving(self) -> bool:
        """Whether something moved in the last frame, or there was none."""
        return self._moving

    def find(self, frame: SearchableFrame, now: float) -> Settled:
        """Search `frame`, which came at `now` (seconds), until it is settled where its faces are.

        `now` never goes back. Raises FrameRejectedError.
        """
        step = self.begin(now, frame.thumbnail(Sides.FULL if self._moving else None), frame.size)
        while True:
            match step:
                case ScanFrame():
                    step = self.scanned(frame.scan())
                case SearchRegions(regions):
                    step = self.searched(frame.search(regions))
                case Settled():
                    return step

    def begin(self, now: float, thumbnail: Thumbnail, frame: tuple[int, int]) -> Step:
        """Return what to do first with a frame of (width, height) pixels that came at `now`."""
        changes = self._changes.compare(thumbnail)
        look = self._look = _Look(now, thumbnail, frame, changes)
        self._moving = changes.any
        if changes.cut:
            self.tracks.end(now)
            return ScanFrame()
        if changes.suspect:
            self.tracks.suspect()
        if not changes.any:
            return self._settle(look)
        if now - self._last_full >= self._settings.full_scan_interval:
            return ScanFrame()
        regions = self._track_regions(look)
        if _cost(regions.values()) > self._full_cost(frame):
            return ScanFrame()
        return self._search(look, regions, self._new_objects(look, regions.values()))

    def searched(self, found: Sequence[Sequence[Detection]]) -> Step:
        """Take what each of the regions held."""
        look = self._now_looking()
        look.searched.extend(look.asked)
        # What a scan of the whole frame found stays; of two regions the clearer detection does.
        before = look.detections
        kept, others = (before, ()) if look.full else ((), before)
        look.detections = merged(kept, chain(others, *found))
        doubted = self._doubted(look)
        if doubted:
            return self._search(look, doubted, [])
        if look.full or not self._just_lost(look):
            return self._settle(look)
        if look.now - self._last_full < _LOSS_SCANS_APART:
            return self._settle(look)
        return ScanFrame()

    def scanned(self, found: Sequence[Detection]) -> Step:
        """Take what the whole frame held."""
        look = self._now_looking()
        look.full = True
        self._last_full = look.now
        look.detections = merged(found, look.detections)
        pairs = self._paired(look)
        regions = {
            id(track): region
            for track in self.tracks.seen
            if id(track) not in pairs
            and id(track) not in look.looked_for
            and (region := self._region(track, look)) is not None
        }
        # What the scan missed by a hair is still there for a search made for it.
        return self._search(look, regions, []) if regions else self._settle(look)

    def _now_looking(self) -> _Look:
        if self._look is None:
            raise RuntimeError("begin a frame before telling what was found in it")
        return self._look

    def _search(
        self, look: _Look, regions: dict[int, SearchRegion], others: list[SearchRegion]
    ) -> Step:
        look.looked_for.update(regions)
        look.by_pose = {track for track, region in regions.items() if region.pose is not None}
        look.asked = (*regions.values(), *others)
        return SearchRegions(look.asked) if look.asked else self._settle(look)

    def _track_regions(self, look: _Look) -> dict[int, SearchRegion]:
        """Return by track where to look for it; not for those where nothing moved."""
        regions = {}
        for track in self.tracks.everyone:
            if track.lost is not None and look.now - track.lost > SEARCHED_WHEN_LOST:
                continue
            last = track.detection
            trusted = track.lost is None and last.score >= _TRUSTED
            region = self._region(track, look, last.pose if trusted else None)
            if region is not None and look.changes.touch(region.box):
                regions[id(track)] = region
        return regions

    def _doubted(self, look: _Look) -> dict[int, SearchRegion]:
        """Return by track where to look again for those that one pose did not find clearly."""
        if not look.by_pose:
            return {}
        pairs = self._paired(look)
        regions = {}
        for track in self.tracks.seen:
            found = pairs.get(id(track))
            clear = found is not None and found.score >= _TRUSTED
            if id(track) in look.by_pose and not clear:
                region = self._region(track, look)
                if region is not None:
                    regions[id(track)] = region
        return regions

    def _region(self, track: Track, look: _Look, pose: int | None = None) -> SearchRegion | None:
        expected = track.predicted(look.now)
        if expected.covered(Box(0, 0, *look.frame)) < _VISIBLE:
            return None
        drift = hypot(*track.speed) * min(look.now - track.seen, 0.2)
        reach = (_REGION - 1) / 2 * expected.width + min(drift, expected.width) / 2
        return face_region(expected, reach, look.frame, self._settings.min_face_size, pose)

    def _new_objects(self, look: _Look, regions: Iterable[SearchRegion]) -> list[SearchRegion]:
        """Return where to look for newcomers: at the edges only when the camera itself moves."""
        least = self._settings.min_face_size
        explained = [region.box for region in regions]
        explained += [body(track.predicted(look.now), look.frame) for track in self.tracks.seen]
        full = self._full_cost(look.frame)
        found = new_object_regions(look.changes, explained, look.frame, least)
        if _cost(found) > _MOVING_CAMERA * full:
            strips = self._camera_motion.regions(look.thumbnail, look.frame, least)
            found = found if strips is None else strips
        return found if self._afford(_cost(found) / full, look.now) else []

    def _afford(self, scans: float, now: float) -> bool:
        """Take `scans` full scans out of the allowance for newcomers; False when it has less."""
        earned = _NEW_OBJECT_RATE * (now - self._allowed_at)
        self._allowance = min(_NEW_OBJECT_BURST, self._allowance + earned)
        self._allowed_at = now
        if scans > self._allowance:
            return False
        self._allowance -= scans
        return True

    def _full_cost(self, frame: tuple[int, int]) -> float:
        """Return the pixels that a full scan looks at."""
        return frame[0] * frame[1] * (NATIVE_FACE_SIZE / self._settings.min_face_size) ** 2

    def _paired(self, look: _Look) -> dict[int, Detection]:
        return self.tracks.paired(look.detections, look.now)

    def _just_lost(self, look: _Look) -> bool:
        pairs = self._paired(look)
        return any(
            id(track) in look.looked_for
            and id(track) not in pairs
            and look.now - track.steady_since >= BRIEFLY
            for track in self.tracks.seen
        )

    def _settle(self, look: _Look) -> Settled:
        """Take what was found into the tracks."""
        wanted = self.tracks.update(
            look.detections,
            look.thumbnail,
            look.now,
            self._settings.newcomer_score,
            lambda track: look.full or id(track) in look.looked_for,
        )
        self._take_note(look)
        self._look = None  # a client may be silent for hours
        way = Way.FULL if look.full else Way.REGIONS if look.searched else Way.HELD
        return Settled(way, wanted)

    def _take_note(self, look: _Look) -> None:
        if look.full:
            self._changes.searched(look.thumbnail)
            self._camera_motion.searched(look.thumbnail)
            return
        for region in look.searched:
            if region.pose is None:  # or somebody else in it may have been missed
                self._changes.searched(look.thumbnail, region.box)


def _cost(regions: Iterable[SearchRegion]) -> float:
    return sum(region.cost for region in regions)
