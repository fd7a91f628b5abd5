"""Whose descriptor is wanted when, and what the descriptors make of the tracks."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Self

from iot_facerecognition_server.frames import NAMED_FROM, Descriptor, Match
from iot_facerecognition_server.tracking.identity import SAME_PERSON, Sample, TrackIdentity, Verdict
from iot_facerecognition_server.tracking.track import Track
from iot_facerecognition_server.tracking.twins import twin_of

CONFIRMED_AFTER: Final = 0.15
"""Seconds after its first descriptor at which a track's second is taken."""
BETTER: Final = 1.3
"""How many times the quality of the best chip so far is clearly better."""
BETTER_AFTER: Final = 0.25
"""Seconds between two descriptors for the sake of a better chip."""
VERIFIED_AFTER: Final = 2.0
"""Seconds after which a moving face is described again, whatever its chip."""
SETTLED_AFTER: Final = 1.0
"""Seconds after which every name is settled again, since the gallery may have changed."""
REMEMBERED: Final = 3.0
"""Seconds for which somebody who is out of sight gets the old number back."""
MOST_REMEMBERED: Final = 32
RECOGNISED: Final = 0.5
"""Distance of descriptors under which somebody who was out of sight is known again. It is less than
`SAME_PERSON`, since whoever comes in is cut by the frame's edge at first, and such chips are alike.
A track's own identity has the difference ahead of the others."""


@dataclass(frozen=True, slots=True)
class _Absent:
    """Somebody without a track, and since when (seconds)."""

    identity: TrackIdentity
    since: float


class TrackNaming:
    """Gives tracks their identities: by their descriptors, not by where they are alone."""

    def __init__(self, last_number: int = 0) -> None:
        """Give the numbers after `last_number`."""
        self._absent: list[_Absent] = []
        self._last_number = last_number

    def copy(self) -> Self:
        """Return one that goes its own way from here."""
        twin = twin_of(self)
        absent = [_Absent(twin_of(one.identity), one.since) for one in self._absent]
        twin._absent = absent  # noqa: SLF001
        return twin

    @property
    def last_number(self) -> int:
        """The number that was given last; 0 before the first."""
        return self._last_number

    @property
    def absent(self) -> int:
        """How many people out of sight are remembered; never more than `MOST_REMEMBERED`."""
        return len(self._absent)

    def must_have(self, track: Track) -> bool:
        """Tell whether nobody knows who `track` is without a descriptor, moving or not."""
        return track.identity is None or track.ambiguous or track.identity.doubtful

    def wants(self, track: Track, now: float) -> bool:
        """Tell whether `track`, seen at `now`, needs a descriptor."""
        identity = track.identity
        if identity is None or self.must_have(track):
            return True
        age = now - track.described
        if age >= VERIFIED_AFTER or (len(identity.samples) == 1 and age >= CONFIRMED_AFTER):
            return True
        quality, best = track.detection.quality, identity.best.quality
        if best < NAMED_FROM <= quality:
            return True  # now it can be told who that is
        return age >= BETTER_AFTER and quality >= BETTER * best

    def leave(self, track: Track, now: float) -> None:
        """Remember who `track` was; it is gone."""
        if track.identity is not None:
            self._remember(track.identity, now)

    def describe(
        self,
        described: Sequence[tuple[Track, Descriptor]],
        lost: list[Track],
        now: float,
    ) -> None:
        """Take descriptors of tracks; who is recognised again is taken out of `lost`."""
        self._absent = [absent for absent in self._absent if now - absent.since <= REMEMBERED]
        unsure = []
        for track, descriptor in described:
            sample = Sample(descriptor, track.detection.quality, now)
            track.described = now
            if track.identity is None or track.ambiguous:
                unsure.append((track, sample))
            elif track.identity.update(sample) is Verdict.ANOTHER:
                self._remember(track.identity, now)
                track.identity = None
                unsure.append((track, sample))
        self._assign(unsure, lost, now)

    def due(self, tracks: Sequence[Track], now: float) -> list[Track]:
        """Return the tracks whose names are to be settled at `now`."""
        return [
            track
            for track in tracks
            if track.identity is not None
            and (track.described >= now or now - track.named >= SETTLED_AFTER)
        ]

    def settle(self, due: Sequence[Track], matches: Sequence[Match], now: float) -> None:
        """Name the tracks `due` by the matches of all their samples, one after the other."""
        begin = 0
        for track in due:
            assert track.identity is not None, "only tracks with descriptors are due"
            end = begin + len(track.identity.samples)
            track.identity.vote(matches[begin:end])
            track.named = now
            begin = end

    def number(self, identity: TrackIdentity) -> int:
        """Return the public number of `identity`, a new one when it has none."""
        if identity.number is None:
            self._last_number += 1
            identity.number = self._last_number
        return identity.number

    def _assign(
        self, unsure: Sequence[tuple[Track, Sample]], lost: list[Track], now: float
    ) -> None:
        """Find out who the tracks are, among themselves and all who are out of sight."""
        own = [track.identity for track, _ in unsure if track.identity is not None]
        known = own + [track.identity for track in lost if track.identity is not None]
        known += [absent.identity for absent in self._absent]
        pairs = sorted(
            (
                (
                    identity.distance_to(sample.descriptor)
                    - (SAME_PERSON if identity is track.identity else RECOGNISED),
                    place,
                    other,
                )
                for place, (track, sample) in enumerate(unsure)
                for other, identity in enumerate(known)
            ),
        )
        given: dict[int, TrackIdentity] = {}
        taken: set[int] = set()
        for distance, place, other in pairs:
            if distance < 0 and place not in given and other not in taken:
                given[place] = known[other]
                taken.add(other)
        for place, (track, sample) in enumerate(unsure):
            self._assign_one(track, sample, given.get(place), now)
        holders = {id(track.identity) for track, _ in unsure}
        for identity in own:
            if id(identity) not in holders:
                self._remember(identity, now)
        lost[:] = [track for track in lost if id(track.identity) not in holders]
        self._absent = [a for a in self._absent if id(a.identity) not in holders]

    def _assign_one(
        self, track: Track, sample: Sample, identity: TrackIdentity | None, now: float
    ) -> None:
        """Let `track` be who it was recognised as; None: nobody known."""
        if identity is not None:
            if identity is track.identity:
                identity.accept(sample)
            else:
                identity.reset(sample)
            track.identity = identity
            track.ambiguous = False
        elif track.identity is None:
            track.identity = TrackIdentity(sample)
            track.ambiguous = False
        elif track.identity.update(sample) is Verdict.ANOTHER:
            self._remember(track.identity, now)
            track.identity = TrackIdentity(sample)
            track.ambiguous = False

    def _remember(self, identity: TrackIdentity, now: float) -> None:
        identity.forget_doubt()
        self._absent = [*self._absent, _Absent(identity, now)][-MOST_REMEMBERED:]
