"""Who is in front of the camera, steadied: a face that is missed in one frame has not left."""

from collections.abc import Iterable
from enum import StrEnum

from iot_facerecognition_protocol import Face
from iot_facerecognition_protocol.records import dataclass

HOLD = 2.0
"""Seconds after which somebody who is not seen any more has left."""


class PresenceKind(StrEnum):
    """What sort of face is there."""

    KNOWN = "known"
    """At least one that the server has a name for."""
    UNKNOWN = "unknown"
    """Only such as it has none for."""
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class Presence:
    """Who is there: the kind, and the names in their order."""

    kind: PresenceKind
    names: tuple[str, ...] = ()


class PresenceTracker:
    """Keeps who was seen within the last `hold` seconds. Times are monotonic seconds."""

    def __init__(self, hold: float = HOLD) -> None:
        self._hold = hold
        self._names: dict[str, float] = {}
        self._unknown: float | None = None

    def update(self, faces: Iterable[Face], time: float) -> None:
        """Record the faces of one frame."""
        for face in faces:
            if face.tag:
                self._names[face.tag] = time
            else:
                self._unknown = time

    def at(self, now: float) -> Presence:
        """Return who is there at `now`."""
        since = now - self._hold
        self._names = {name: seen for name, seen in self._names.items() if seen > since}
        if self._names:
            return Presence(PresenceKind.KNOWN, tuple(sorted(self._names)))
        if self._unknown is not None and self._unknown > since:
            return Presence(PresenceKind.UNKNOWN)
        return Presence(PresenceKind.NOBODY)
