"""Log lines about peers that are not clients yet: few a minute, however many peers there are."""

import logging
from collections import Counter
from collections.abc import Callable
from typing import Final

from iot_facerecognition_server.log_limits import LeftOut, LineLimits

LINES: Final = 20
"""Lines of one kind in a minute."""
_NAMED: Final = 5
"""Addresses that a summary names."""


class PeerLog:
    """Writes warnings about peers to a logger, bounded for each kind of event.

    Anyone who reaches the port can cause such lines, so without a bound anyone could push the rest
    out of the kept log files.
    """

    def __init__(
        self, log: logging.Logger, clock: Callable[[], float], left_out: Callable[[], None]
    ) -> None:
        """`clock` counts seconds; `left_out` is called for each line that is not written."""
        self._log = log
        self._clock = clock
        self._left_out = left_out
        self._limits = LineLimits(LINES)

    def warn(self, kind: str, message: str, address: str, words: str) -> None:
        """Log `message` with its values, unless there were many of this `kind` lately.

        Kinds are a fixed few.
        """
        now = self._clock()
        self._report(self._limits.over(now))
        if self._limits.allows(kind, address, now):
            self._log.warning(message, address, words)
        else:
            self._left_out()

    def summarise(self) -> None:
        """Log how many lines were left out, of each kind whose minute is over."""
        self._report(self._limits.over(self._clock()))

    def finish(self) -> None:
        """Log how many lines were left out and not reported yet."""
        self._report(self._limits.end())

    def _report(self, kinds: tuple[LeftOut, ...]) -> None:
        for left_out in kinds:
            self._log.warning(
                "%d more connections were refused (%s), from %s",
                left_out.lines,
                left_out.kind,
                _named(left_out.sources),
            )


def _named(addresses: Counter[str]) -> str:
    """Return the addresses with most lines, and how many lines the others have."""
    most = addresses.most_common(_NAMED)
    named = ", ".join(f"{address} ({lines})" for address, lines in most)
    others = len(addresses) - len(most)
    if not others:
        return named
    lines = addresses.total() - sum(lines for _, lines in most)
    return f"{named} and {others} more addresses ({lines})"
