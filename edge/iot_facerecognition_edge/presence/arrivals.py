"""Which results are worth a line in the log: who comes, not who is still there."""

from collections.abc import Iterable

from iot_facerecognition_protocol import Face, ObjectLabel

ABSENCE = 5.0
"""Seconds out of sight after which somebody comes again."""
CERTAIN = 0.2
"""Probability from which a label is worth a line; below, the best of 1000 is a guess."""
_MOST = 1000
_PERCENT = 100


class Arrivals:
    """Turns the results of many frames into sentences about the few that say something new.

    At 15 frames a second a log of every face would hold a minute and wear out a memory card. Times
    are monotonic seconds.
    """

    def __init__(self, absence: float = ABSENCE) -> None:
        self._absence = absence
        self._seen: dict[str, float] = {}

    def faces(self, faces: Iterable[Face], time: float) -> list[str]:
        """Return a sentence for each face of a frame that was not there before."""
        sentences = []
        for face in faces:
            # An unknown face is told from another one by its track, where the server gives one.
            who = f"name {face.tag}" if face.tag else f"track {face.track}"
            if self._new(who, time):
                shown = face.tag or "unknown face"
                distance = "" if face.distance is None else f" (distance {face.distance:.2f})"
                sentences.append(f"face: {shown}{distance}")
        return sentences

    def objects(self, objects: Iterable[ObjectLabel], time: float) -> list[str]:
        """Return a sentence for the best label of a frame, if certain and not there before."""
        best = next(iter(objects), None)
        if best is None or best.prediction < CERTAIN or not self._new(f"object {best.label}", time):
            return []
        return [f"object: {best.label} ({best.prediction * _PERCENT:.0f} %)"]

    def _new(self, what: str, time: float) -> bool:
        before = self._seen.get(what)
        self._seen[what] = time
        if len(self._seen) > _MOST:
            since = time - self._absence
            self._seen = {key: seen for key, seen in self._seen.items() if seen > since}
        return before is None or time - before >= self._absence
