"""What of the last results is still to be drawn over the picture."""

from iot_facerecognition_client.scene import Scene
from iot_facerecognition_edge.events import Event, FacesSeen, ObjectsSeen
from iot_facerecognition_edge.settings import Settings
from iot_facerecognition_protocol import Face, ObjectLabel

_MILLI = 1e-3


class Overlay:
    """The faces and labels of the newest results, each until its duration is over.

    The durations are the settings `display.face_duration` and `display.object_duration`; negative
    means always. Times are monotonic seconds.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._faces: tuple[Face, ...] = ()
        self._objects: tuple[ObjectLabel, ...] = ()
        self._faces_at = self._objects_at = 0.0
        self._faces_scene: Scene | None = None
        self._objects_scene: Scene | None = None
        self.size = (0, 0)

    def accept(self, event: Event) -> None:
        """Show the faces or objects of `event` instead of those before; others are ignored."""
        if isinstance(event, FacesSeen):
            self._faces, self.size, self._faces_at = event.faces, event.size, event.time
            self._faces_scene = event.scene
        elif isinstance(event, ObjectsSeen):
            self._objects, self._objects_at = event.objects, event.time
            self._objects_scene = event.scene

    def clear(self) -> None:
        """Show nothing: the picture that the results belong to is gone."""
        self._faces, self._objects = (), ()

    def faces(self, now: float, scene: Scene | None = None) -> tuple[Face, ...]:
        """Return the faces to draw at `now` over `scene` (None: over any)."""
        fit = _fit(self._faces_scene, scene)
        return (
            self._faces
            if fit and _left(self._settings.display.face_duration, self._faces_at, now) > 0
            else ()
        )

    def objects(self, now: float, scene: Scene | None = None) -> tuple[ObjectLabel, ...]:
        """Return the labels to draw at `now` over `scene` (None: over any)."""
        fit = _fit(self._objects_scene, scene)
        return (
            self._objects
            if fit and _left(self._settings.display.object_duration, self._objects_at, now) > 0
            else ()
        )

    def next_change(self, now: float) -> float | None:
        """Return the time at which something that is drawn at `now` vanishes; None for never."""
        ends = []
        display = self._settings.display
        for duration, shown, since in (
            (display.face_duration, self._faces, self._faces_at),
            (display.object_duration, self._objects, self._objects_at),
        ):
            left = _left(duration, since, now)
            if shown and 0 < left < float("inf"):
                ends.append(now + left)
        return min(ends, default=None)


def _left(duration: int, since: float, now: float) -> float:
    """Return the seconds for which what was shown at `since` stays; `duration` in milliseconds."""
    return float("inf") if duration < 0 else since + duration * _MILLI - now


def _fit(found: Scene | None, shown: Scene | None) -> bool:
    """Return whether what was found in one scene fits the other, as far as both are known."""
    return found is None or shown is None or found == shown
