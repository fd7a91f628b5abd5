"""Who a track is: a few descriptors, and the name that they vote for."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

import numpy as np

from iot_facerecognition_server.frames import UNKNOWN, Descriptor, Match, believed

SAME_PERSON: Final = 0.6
"""Distance of descriptors under which dlib's network means the same person."""
SAMPLES: Final = 4
"""Descriptors of a track that vote: the newest, and the best of those before."""
CLEAR_MAJORITY: Final = 1.5
"""How many times the weight of the name that holds another one needs to replace it."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A descriptor, (128,) float32, the quality of its chip and when it was taken (seconds)."""

    descriptor: Descriptor
    quality: float
    taken: float


class Verdict(Enum):
    """What a new descriptor says about who the track is."""

    SAME = auto()
    DOUBTFUL = auto()
    ANOTHER = auto()


class TrackIdentity:
    """A few descriptors of one person, `SAMPLES` at most, and their name.

    A descriptor unlike all of them is not added but kept as a doubt; a second one like the doubt
    says that the track has come to another person. `number` is its public number, None until it is
    first reported.
    """

    def __init__(self, first: Sample) -> None:
        self.samples = [first]
        self.number: int | None = None
        self.tag = UNKNOWN
        self.distance: float | None = None
        self._doubt: Sample | None = None

    @property
    def best(self) -> Sample:
        """The descriptor of the best chip."""
        return max(self.samples, key=lambda sample: sample.quality)

    @property
    def doubtful(self) -> bool:
        """Whether the last descriptor was unlike the others."""
        return self._doubt is not None

    def distance_to(self, descriptor: Descriptor) -> float:
        """Return the distance of `descriptor` to the most alike of the samples."""
        return min(float(np.linalg.norm(sample.descriptor - descriptor)) for sample in self.samples)

    def update(self, sample: Sample) -> Verdict:
        """Weigh a new descriptor; it is added when it is of the same person."""
        if self.distance_to(sample.descriptor) < SAME_PERSON:
            self.accept(sample)
            return Verdict.SAME
        doubt, self._doubt = self._doubt, sample
        if doubt is None:
            return Verdict.DOUBTFUL
        alike = float(np.linalg.norm(doubt.descriptor - sample.descriptor)) < SAME_PERSON
        return Verdict.ANOTHER if alike else Verdict.DOUBTFUL

    def accept(self, sample: Sample) -> None:
        """Let `sample`, which is of this person, vote; beyond `SAMPLES` the worst goes."""
        self._doubt = None
        if len(self.samples) == SAMPLES:
            worst = min(self.samples, key=lambda one: one.quality)
            self.samples = [one for one in self.samples if one is not worst]
        self.samples = [*self.samples, sample]

    def reset(self, sample: Sample) -> None:
        """Be known again by `sample`, on another track: keep the number, earn the name again.

        A name that came from before would stay with whoever is mistaken for this person.
        """
        self._doubt = None
        self.samples = [sample]
        self.tag = UNKNOWN
        self.distance = None

    def forget_doubt(self) -> None:
        """Take the last descriptor for somebody else's."""
        self._doubt = None

    def vote(self, matches: Sequence[Match]) -> None:
        """Settle the name by the samples' `matches`, one for each.

        Each counts with its chip's quality, for nobody where that is too low to tell. The name that
        holds stays until another one has a clear majority over it, or nothing speaks for it any
        more.
        """
        weights: dict[str, float] = defaultdict(float)
        votes = [
            believed(match, sample.quality)
            for sample, match in zip(self.samples, matches, strict=True)
        ]
        for sample, vote in zip(self.samples, votes, strict=True):
            weights[vote.tag] += sample.quality
        strongest = max(weights, key=lambda tag: weights[tag])
        if weights[strongest] > CLEAR_MAJORITY * weights.get(self.tag, 0.0):
            self.tag = strongest
        distances = [
            vote.distance for vote in votes if vote.tag == self.tag and vote.distance is not None
        ]
        self.distance = min(distances, default=None)
