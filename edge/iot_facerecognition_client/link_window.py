"""How many frames to have under way over a link that is slower than the server."""

MOST_MORE = 2
"""Frames beyond the server's window; with more, frames wait in the network and grow old there."""
_TIMES_SLOWER = 2.0
"""A link counts where it takes this many times as long as the server does."""
_WEIGHT = 1 / 8
"""Of the newest frame in the averages, as for TCP's round trip (RFC 6298)."""


class LinkWindow:
    """The window that a server announced, and one or two frames more where the link needs them.

    The server's window keeps it busy as long as a frame is there when another one ends. Over a
    slow link most of a frame's time passes on its way, and the server would wait for frames. How
    long it had a frame it tells in `FRAME_DONE`; the rest was the link's.
    """

    def __init__(self, announced: int) -> None:
        """Begin with the server's window; nothing is known of the link."""
        self._announced = announced
        self._on_the_way = 0.0
        self._at_server = 0.0

    @property
    def window(self) -> int:
        """Frames that may be under way."""
        if not self._on_the_way:
            return self._announced
        slower = self._on_the_way / max(self._at_server, 1e-3)
        return self._announced + min(MOST_MORE, int(slower / _TIMES_SLOWER))

    def answered(self, seconds: float, at_server: float) -> None:
        """Count a processed frame: seconds from sending to its end, and at the server."""
        on_the_way = max(0.0, seconds - at_server)
        if not self._at_server:
            self._on_the_way, self._at_server = on_the_way, at_server
        self._on_the_way += (on_the_way - self._on_the_way) * _WEIGHT
        self._at_server += (at_server - self._at_server) * _WEIGHT
