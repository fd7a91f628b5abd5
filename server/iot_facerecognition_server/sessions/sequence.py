"""Results of one session in the order of its frames."""

from typing import Generic, TypeVar

Payload = TypeVar("Payload")


class Sequence(Generic[Payload]):
    """Holds back what is ready early until everything that was begun before it is ready too.

    Two workers may finish two frames of one client in the wrong order; the client is to see them in
    the right one. It holds no more than there are frames of one session under way.
    """

    def __init__(self) -> None:
        self._open: dict[int, Payload | None] = {}

    def begin(self, number: int) -> None:
        """Open a place for frame `number`, larger than every one before."""
        self._open[number] = None

    def end(self, number: int, payload: Payload) -> list[Payload]:
        """Fill the place; return what may leave now, in order."""
        self._open[number] = payload
        leaving = []
        for first in list(self._open):
            ready = self._open[first]
            if ready is None:
                break
            leaving.append(ready)
            del self._open[first]
        return leaving
