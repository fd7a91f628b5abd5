"""Log lines about one client: under its name and identity, and within its identity's budget."""

import logging
from collections.abc import Callable
from typing import Any

from iot_facerecognition_server.sessions.budget import LogBudget

_Logger = logging.LoggerAdapter[logging.Logger]


class ClientLog(_Logger):
    """Writes to a logger what its identity's budget allows, and how many lines it did not."""

    def __init__(
        self,
        log: logging.Logger,
        identity: str,
        budget: LogBudget,
        clock: Callable[[], float],
        left_out: Callable[[], None] = lambda: None,
    ) -> None:
        """`clock` is the monotonic time in seconds; `named` has to come before the first line.

        `left_out` is called for each line that is not written.
        """
        self._identity = identity
        self._budget = budget
        self._clock = clock
        self._left_out = left_out
        super().__init__(log, {})

    def named(self, name: str) -> None:
        """Write under this name from now on."""
        self.extra = {"client": name, "identity": self._identity}

    def log(self, level: int, msg: object, *args: object, **kwargs: Any) -> None:
        """Write a line if there is budget for it."""
        if not self.isEnabledFor(level):
            return
        now = self._clock()
        length = len(str(msg)) + sum(len(value) for value in args if isinstance(value, str))
        if self._budget.allows(length, now):
            super().log(level, msg, *args, **kwargs)
        else:
            self._left_out()
        left_out = self._budget.left_out(now)
        if left_out:
            super().log(
                logging.WARNING,
                "%d lines about this identity were left out ([Budget] LogLines)",
                left_out,
            )
