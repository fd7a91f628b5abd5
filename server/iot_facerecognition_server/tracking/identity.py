"""Who a track is: a few descriptors, and the name that they vote for."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

import numpy as np

from iot_facerecognition_server.frames import UNKNOWN, Descriptor, Match

SAME_PERSON: Final = 0.6
"""Distance of descriptors under which dlib's network means the same person."""
SAMPLES: Final = 4
"""Descriptors of a track that vote."""
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
    """The newest `SAMPLES` descriptors of one person, and their name.

    A descriptor unlike all of them is not added but kept as a doubt; a second one like the doubt
    says that the track has come to another person. `number` is its public number, None until it is
    first reported, `best` the quality of the best chip so far.
    """

    def __init__(self, first: Sample) -> None:
        self.samples = [first]
        self.best = first.quality
        self.number: int | None = None
        self.tag = UNKNOWN
        self.distance: float | None = None
        self._doubt: Sample | None = None

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
        """Let `sample`, which is of this person, vote; beyond `SAMPLES` the oldest goes."""
        self._doubt = None
        self.best = max(self.best, sample.quality)
        self.samples = [*self.samples, sample][-SAMPLES:]

    def reset(self, sample: Sample) -> None:
        """Be known again by `sample`, on another track: keep the number, earn the name again.

        A name that came from before would stay with whoever is mistaken for this person.
        """
        self._doubt = None
        self.samples = [sample]
        self.best = sample.quality
        self.tag = UNKNOWN
        self.distance = None

    def forget_doubt(self) -> None:
        """Take the last descriptor for somebody else's."""
        self._doubt = None

    def vote(self, matches: Sequence[Match]) -> None:
        """Settle the name by the samples' `matches`, one for each.

        Each counts with its chip's quality. The name that holds stays until another one has a clear
        majority over it, or nothing speaks for it any more.
        """
        weights: dict[str, float] = defaultdict(float)
        for sample, match in zip(self.samples, matches, strict=True):
            weights[match.tag] += sample.quality
        strongest = max(weights, key=lambda tag: weights[tag])
        if weights[strongest] > CLEAR_MAJORITY * weights.get(self.tag, 0.0):
            self.tag = strongest
        distances = [
            match.distance
            for match in matches
            if match.tag == self.tag and match.distance is not None
        ]
        self.distance = min(distances, default=None)
