"""A finger that rests on one place for long: what a touch panel that hits nothing can still say."""

from iot_facerecognition_edge.screens.interface import Pointer, ScreenEvent, TouchPhase

SECONDS = 10.0


class LongHold:
    """Knows once a touch that a finger has rested for `SECONDS`. Times are monotonic seconds."""

    def __init__(self, slop: int) -> None:
        """Take a finger that moves by no more than `slop` pixels for a resting one."""
        self._slop = slop
        self._since: float | None = None
        self._place = (0, 0)

    def handle(self, event: ScreenEvent, now: float) -> None:
        """Take in an event of the screen."""
        if not isinstance(event, Pointer):
            return
        place = (event.x, event.y)
        if event.phase is TouchPhase.DOWN:
            self._since, self._place = now, place
        elif event.phase is TouchPhase.UP or self._moved(place):
            self._since = None

    def _moved(self, place: tuple[int, int]) -> bool:
        return max(abs(a - b) for a, b in zip(place, self._place, strict=True)) > self._slop

    def due(self, now: float) -> bool:
        """Return whether the finger has rested for long enough, once a touch."""
        if self._since is None or now - self._since < SECONDS:
            return False
        self._since = None
        return True
