"""The credit of version 2: how many frames a client may have under way."""

DEFAULT_WINDOW = 3
"""One frame on the wire, one waiting at the server, one being worked on."""


class CreditWindow:
    """Counts the frames that were sent and not yet answered by `FRAME_DONE`.

    Frames are numbered by arrival on the connection, from 1, so both sides count alike without a
    number on the wire. One instance lives as long as one connection.
    """

    def __init__(self, size: int = DEFAULT_WINDOW) -> None:
        """Allow `size` frames (at least 1) without an answer."""
        if size < 1:
            raise ValueError(f"a credit window holds at least one frame, not {size}")
        self.size = size
        self._last = 0
        self._open: set[int] = set()

    @property
    def available(self) -> int:
        """Frames that may be sent now."""
        return self.size - len(self._open)

    @property
    def outstanding(self) -> int:
        """Frames sent and not yet answered."""
        return len(self._open)

    def sent(self) -> int:
        """Take note of a frame that goes out now and return its number."""
        if not self.available:
            raise RuntimeError("no credit left: wait for FRAME_DONE before sending")
        self._last += 1
        self._open.add(self._last)
        return self._last

    def done(self, frame: int) -> bool:
        """Take back the credit of `frame`; False when it was not outstanding."""
        if frame not in self._open:
            return False
        self._open.remove(frame)
        return True
