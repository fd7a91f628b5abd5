"""What is reported to systemd where it started the server: ready, signs of life, status, the end.

sd_notify(3) and systemd.service(5) describe the messages; a unit of Type=notify waits for READY=1,
and one with WatchdogSec= restarts a server that gives no sign of life.
"""

import asyncio
import logging
import os
from collections.abc import Callable, Mapping
from typing import Final

import sdnotify

from iot_facerecognition_server.observability.readiness import ProbeResult

_log = logging.getLogger(__name__)

STATUS_SECONDS: Final = 10.0
"""How often the status is sent where no watchdog asks for more."""
_SIGNS: Final = 3
"""Signs of life in the time after which the watchdog would give the server up."""


class ServiceManager:
    """Notifies systemd; without one it does nothing."""

    def __init__(
        self,
        notify: Callable[[str], None] | None,
        seconds: float,
        live: Callable[[], ProbeResult],
        status: Callable[[], str],
    ) -> None:
        """Send lines by `notify` (None: nobody listens) every so many seconds.

        `live` tells whether the server makes progress: while it does not, no sign of life is given.
        """
        self._notify = notify
        self._seconds = seconds
        self._live = live
        self._status = status
        self._stalled = False

    @classmethod
    def of_environment(
        cls,
        environment: Mapping[str, str],
        live: Callable[[], ProbeResult],
        status: Callable[[], str],
    ) -> "ServiceManager":
        """Return the one that started this process, by NOTIFY_SOCKET and WATCHDOG_USEC."""
        notifier = sdnotify.SystemdNotifier() if "NOTIFY_SOCKET" in environment else None
        seconds = STATUS_SECONDS
        watchdog = environment.get("WATCHDOG_USEC", "")
        if watchdog.isdecimal() and environment.get("WATCHDOG_PID", str(os.getpid())) == str(
            os.getpid()
        ):
            seconds = min(seconds, int(watchdog) / 1e6 / _SIGNS)
        return cls(notifier and notifier.notify, seconds, live, status)

    @property
    def listens(self) -> bool:
        """Whether there is a service manager to notify."""
        return self._notify is not None

    async def run(self) -> None:
        """Say that the server is ready, then how it is doing, until cancelled."""
        await self._send("READY=1")
        while True:
            await self._send(*self._signs())
            await asyncio.sleep(self._seconds)

    async def stopping(self) -> None:
        """Say that the end has begun."""
        await self._send("STOPPING=1", "STATUS=ending")

    def _signs(self) -> tuple[str, ...]:
        verdict = self._live()
        if verdict.good:
            self._stalled = False
            return "WATCHDOG=1", f"STATUS={self._status()}"
        trouble = "; ".join(verdict.lines)
        if not self._stalled:
            _log.error("no sign of life is given to systemd: %s", trouble)
        self._stalled = True
        return (f"STATUS={trouble}",)

    async def _send(self, *lines: str) -> None:
        if self._notify is not None:
            # Off the event loop: the socket blocks where systemd is slow to read.
            await asyncio.to_thread(self._notify, "\n".join(lines))
