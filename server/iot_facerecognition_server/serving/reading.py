"""Whether a socket is read: it is, unless somebody has a reason against it."""

import asyncio


class Reading:
    """Pauses a transport while anybody wants it paused; the transport itself knows one only."""

    def __init__(self, transport: asyncio.ReadTransport) -> None:
        """Begin with a transport that is read."""
        self._transport = transport
        self._reasons: set[str] = set()

    def hold(self, reason: str) -> None:
        """Do not read, for `reason` and perhaps others."""
        if not self._reasons:
            self._transport.pause_reading()
        self._reasons.add(reason)

    def release(self, reason: str) -> None:
        """Read again, unless there is another reason."""
        if reason in self._reasons:
            self._reasons.remove(reason)
            if not self._reasons and not self._transport.is_closing():
                self._transport.resume_reading()
