"""The credit of version 2: how many frames a client may have under way. Plain: no clock in it."""

DEFAULT_WINDOW = 2
"""For a server that announces none: one frame is worked on, and one is on its way or waits."""
MOST_WINDOW = 64
"""More frames than any server has use for from one client; larger windows are cut to it."""
CREDIT_SECONDS = 15.0
"""After which a frame without an answer is given up: three times what a server lets one wait."""


class CreditWindow:
    """Counts the frames that were sent and not yet answered by `FRAME_DONE`.

    Frames are numbered by arrival on the connection, from 1, so both sides count alike without a
    number on the wire. One instance lives as long as one connection.

    A server answers every frame. Should one fail to, the frame's credit is taken back after
    `patience` seconds, so that one answer that is missing does not narrow the window for good.
    """

    def __init__(self, size: int = DEFAULT_WINDOW, patience: float = CREDIT_SECONDS) -> None:
        """Allow `size` frames (at least 1) without an answer, each for `patience` seconds."""
        self._patience = patience
        self._last = 0
        self._open: dict[int, float] = {}
        self.resize(size)

    @property
    def size(self) -> int:
        """Frames that may be under way at once."""
        return self._size

    def resize(self, size: int) -> None:
        """Allow `size` frames from now on; those beyond it that are under way stay so."""
        if size < 1:
            raise ValueError(f"a credit window holds at least one frame, not {size}")
        self._size = min(size, MOST_WINDOW)

    @property
    def available(self) -> int:
        """Frames that may be sent now."""
        return max(0, self._size - len(self._open))

    @property
    def outstanding(self) -> int:
        """Frames sent and neither answered nor given up."""
        return len(self._open)

    @property
    def last(self) -> int:
        """The number of the frame that was sent last; 0 before the first."""
        return self._last

    def sent(self, now: float) -> int:
        """Count a frame that goes out at `now` (monotonic seconds); return its number."""
        if not self.available:
            raise RuntimeError("no credit left: wait for FRAME_DONE before sending")
        self._last += 1
        self._open[self._last] = now
        return self._last

    def done(self, frame: int) -> bool:
        """Take back the credit of `frame`; False when it was not outstanding."""
        return self._open.pop(frame, None) is not None

    def take_back(self, now: float) -> tuple[int, ...]:
        """Give up the frames that were sent `patience` seconds before `now`; return which."""
        overdue = tuple(n for n, sent in self._open.items() if now - sent >= self._patience)
        for frame in overdue:
            del self._open[frame]
        return overdue
