"""The tracks of one session: which faces they are in a frame, who they are, whom to describe."""

from collections.abc import Callable, Sequence
from typing import Final, Self

from iot_facerecognition_protocol.box import Box
from iot_facerecognition_server.detection import Detection
from iot_facerecognition_server.frames import (
    UNKNOWN,
    Descriptor,
    Match,
    RecognisedFace,
    named_once,
)
from iot_facerecognition_server.tracking.appearance import ALIKE, appearance, compared
from iot_facerecognition_server.tracking.association import paired
from iot_facerecognition_server.tracking.changes import Thumbnail
from iot_facerecognition_server.tracking.naming import TrackNaming
from iot_facerecognition_server.tracking.track import Track
from iot_facerecognition_server.tracking.twins import twin_of

SEARCHED_WHEN_LOST: Final = 1.0
"""Seconds for which a lost face is looked for where it should be."""
BRIEFLY: Final = 0.3
"""Seconds: a face at the detector's limit is lost and found over and over. One that is back sooner
is the same if it looks so, and one that is lost again sooner is not looked for everywhere."""
_CONTACT: Final = 0.1
"""IoU with another track from which on two faces may be mistaken for each other."""
_JUMP: Final = 0.3
"""IoU with the prediction below which a face may be another one."""
_MOST_LOST: Final = 32


class TrackSet:
    """The tracks of one session, `seen` or `lost` not long ago.

    For each frame, `update` takes the detections and says whose descriptors are wanted, `described`
    takes those and returns all that are to be matched with the gallery, and `matched` takes the
    matches and returns the faces. A frame that fails on the way is left behind by the next.
    """

    def __init__(self, last_number: int = 0) -> None:
        """Assign faces the numbers after `last_number`."""
        self.seen: list[Track] = []
        self.lost: list[Track] = []
        self._naming = TrackNaming(last_number)
        self._now = 0.0
        self._described: list[Track] = []
        self._due: list[Track] = []

    def copy(self) -> Self:
        """Return one that goes its own way from here: this one stays as it is."""
        twin = twin_of(self)
        twin.seen = [track.copy() for track in self.seen]
        twin.lost = [track.copy() for track in self.lost]
        twin._naming = self._naming.copy()  # noqa: SLF001
        return twin

    @property
    def everyone(self) -> list[Track]:
        """All tracks, those that are seen first."""
        return [*self.seen, *self.lost]

    @property
    def remembered(self) -> int:
        """Tracks and people that are kept in mind, seen or not."""
        return len(self.seen) + len(self.lost) + self._naming.absent

    @property
    def last_number(self) -> int:
        """The number that was given last."""
        return self._naming.last_number

    def suspect(self) -> None:
        """Believe no name any more until a new descriptor speaks for it."""
        for track in self.seen:
            track.ambiguous = True

    def end(self, now: float) -> None:
        """End every track, since the scene is another; remember who they were."""
        for track in (*self.lost, *self.seen):
            self._naming.leave(track, now)
        self.seen, self.lost = [], []

    def paired(self, detections: Sequence[Detection], now: float) -> dict[int, Detection]:
        """Return by `id` of a track its detection at `now`."""
        return paired(self.everyone, detections, now)

    def update(
        self,
        detections: Sequence[Detection],
        thumbnail: Thumbnail,
        now: float,
        newcomer_score: float,
        looked_for: Callable[[Track], bool],
    ) -> tuple[Detection, ...]:
        """Take in what was found in a frame at `now`; return the faces to be described.

        Whoever was `looked_for` in vain is lost, others stay where they were. A detection that is
        no track's begins one, from `newcomer_score` on.
        """
        self._now = now
        pairs = self.paired(detections, now)
        self._doubt_ambiguous(pairs)
        everyone = self.everyone
        for track in everyone:
            found = pairs.get(id(track))
            if found is not None:
                track.see(found, now)
                _look_at(track, thumbnail, now)
            elif track.lost is None and looked_for(track):
                track.lost = now
            elif track.lost is None:
                track.rest(now)
        known = set(map(id, pairs.values()))
        newcomers = [
            Track(found, now, appearance(thumbnail, found.box))
            for found in detections
            if id(found) not in known and found.score >= newcomer_score
        ]
        self.seen = [track for track in everyone if track.lost is None] + newcomers
        self._keep_lost([track for track in everyone if track.lost is not None])
        self._described = [
            track
            for track in self.seen
            if self._naming.must_have(track)
            or (id(track) in pairs and self._naming.wants(track, now))
        ]
        return tuple(track.detection for track in self._described)

    def described(self, descriptors: Sequence[Descriptor]) -> list[Descriptor]:
        """Take the (128,) float32 descriptors that were asked for; return all to be matched."""
        pairs = list(zip(self._described, descriptors, strict=True))
        if pairs:
            self._naming.describe(pairs, self.lost, self._now)
        self._due = self._naming.due(self.seen, self._now)
        return [
            sample.descriptor
            for track in self._due
            if track.identity is not None
            for sample in track.identity.samples
        ]

    def matched(self, matches: Sequence[Match]) -> tuple[RecognisedFace, ...]:
        """Take a match for each descriptor; return the faces, the most certain first."""
        self._naming.settle(self._due, matches, self._now)
        names = named_once([_name(track) for track in self.seen])
        faces = [self._face(*pair) for pair in zip(self.seen, names, strict=True)]
        self._described, self._due = [], []  # a client may be silent for hours
        return tuple(sorted(faces, key=lambda face: -face.score))

    def _face(self, track: Track, name: Match) -> RecognisedFace:
        identity = track.identity
        assert identity is not None, "every track was described when it appeared"
        return RecognisedFace.of(
            track.detection, name, identity.best.descriptor, self._naming.number(identity)
        )

    def _doubt_ambiguous(self, pairs: dict[int, Detection]) -> None:
        """Mark whoever may be another, by where they were found, as ambiguous."""
        for track in self.everyone:
            found = pairs.get(id(track))
            if found is not None:
                track.ambiguous = track.ambiguous or self._is_ambiguous(track, found.box)

    def _is_ambiguous(self, track: Track, found: Box) -> bool:
        """Tell whether the face `found` may be of another than `track`, by where they are."""
        now = self._now
        if track.lost is not None and now - track.lost > BRIEFLY:
            return True
        if track.predicted(now).iou(found) < _JUMP:
            return True
        return any(
            other is not track and other.predicted(now).iou(found) > _CONTACT
            for other in self.everyone
        )

    def _keep_lost(self, lost: Sequence[Track]) -> None:
        """Keep the tracks that were lost not long ago; of the others, who they were."""
        now = self._now
        kept = [t for t in lost if t.lost is not None and now - t.lost <= SEARCHED_WHEN_LOST]
        kept = kept[-_MOST_LOST:]
        for track in lost:
            if track not in kept:
                self._naming.leave(track, now)
        self.lost = kept


def _name(track: Track) -> Match:
    """Return who `track` is; nobody while it may have been mistaken for another."""
    identity = track.identity
    assert identity is not None, "every track was described when it appeared"
    sure = not (track.ambiguous and identity.doubtful)
    return Match(identity.tag if sure else UNKNOWN, identity.distance)


def _look_at(track: Track, thumbnail: Thumbnail, now: float) -> None:
    """Update how `track` looks; if unlike before, another may be in its place."""
    box = track.predicted(now)  # steadier than the detector's own
    likeness, track.appearance = compared(track.appearance, thumbnail, box)
    if likeness < ALIKE:
        track.ambiguous = True
