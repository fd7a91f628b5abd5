"""Log lines about peers that are not clients yet: few a minute, however many peers there are."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

LINES: Final = 20
"""Lines of one kind in any period."""
PERIOD_SECONDS: Final = 60.0


@dataclass(slots=True)
class _Period:
    begun: float
    lines: int = 0
    left_out: int = 0


class PeerLog:
    """Writes warnings about peers to a logger, bounded for each kind of event.

    Anyone who reaches the port can cause such lines, so without a bound anyone could push the rest
    out of the kept log files.
    """

    def __init__(self, log: logging.Logger, clock: Callable[[], float]) -> None:
        """`clock` counts seconds."""
        self._log = log
        self._clock = clock
        self._periods: dict[str, _Period] = {}

    def warn(self, kind: str, message: str, *arguments: object) -> None:
        """Log `message`, unless there were many of this `kind` (one of a fixed few) lately."""
        now = self._clock()
        period = self._periods.get(kind)
        if period is None or now - period.begun >= PERIOD_SECONDS:
            if period is not None and period.left_out:
                self._log.warning("%d more lines like the last were left out", period.left_out)
            period = self._periods[kind] = _Period(now)
        if period.lines >= LINES:
            period.left_out += 1
            return
        period.lines += 1
        self._log.warning(message, *arguments)
