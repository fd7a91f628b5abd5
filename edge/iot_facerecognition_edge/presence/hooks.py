"""What happens outside when somebody comes or goes: a command is run, a pin is switched."""

import asyncio
import logging
import os
import shlex
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from iot_facerecognition_edge.errors import HookError
from iot_facerecognition_edge.presence.presence import Presence, PresenceKind

TIME_LIMIT = 30.0
"""Seconds after which a command is ended."""
_GRACE = 2.0
"""Seconds between asking a command to end and making it."""

_log = logging.getLogger(__name__)


class Hook(Protocol):
    """Something that follows who is there."""

    def changed(self, presence: Presence) -> None:
        """Somebody came or went. Returns at once."""

    async def close(self) -> None:
        """Let go of what is held."""


class CommandHook:
    """Runs a command per kind of presence; one at a time, and of those that wait the newest.

    The command is run without a shell. It finds `FACE_KIND` (known, unknown or nobody) and
    `FACE_NAMES` (one name a line) in its environment, never as arguments: names come from a server.
    """

    def __init__(
        self,
        commands: Mapping[PresenceKind, str],
        warned: Callable[[str], object],
        limit: float = TIME_LIMIT,
    ) -> None:
        """Prepare `commands`, words as a shell would split them. Raises HookError."""
        self._commands: dict[PresenceKind, list[str]] = {}
        for kind, line in commands.items():
            try:
                words = shlex.split(line)
            except ValueError as error:
                raise HookError(f"hooks.on_{kind}: {line!r} is no command line: {error}") from None
            if words:
                self._commands[kind] = words
        self._warned = warned
        self._limit = limit
        self._waiting: Presence | None = None
        self._task: asyncio.Task[None] | None = None

    def changed(self, presence: Presence) -> None:
        """Run the command for `presence`, if there is one."""
        if presence.kind not in self._commands:
            return
        self._waiting = presence
        if self._task is None:
            self._task = asyncio.create_task(self._work(), name="hook")

    async def close(self) -> None:
        """End a command that runs."""
        task = self._task
        if task is not None:
            task.cancel()
            await asyncio.wait({task})

    async def _work(self) -> None:
        try:
            while self._waiting is not None:
                presence, self._waiting = self._waiting, None
                await self._run(self._commands[presence.kind], presence)
        finally:
            self._task = None

    async def _run(self, words: list[str], presence: Presence) -> None:
        environment = os.environ | {
            "FACE_KIND": presence.kind,
            "FACE_NAMES": "\n".join(presence.names),
        }
        try:
            process = await asyncio.create_subprocess_exec(
                *words,
                env=environment,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.DEVNULL,
            )
        except (OSError, ValueError) as error:
            self._warned(f"hooks.on_{presence.kind}: {words[0]} cannot be run ({error})")
            return
        try:
            async with asyncio.timeout(self._limit):
                status = await process.wait()
        except TimeoutError:
            self._warned(f"hooks.on_{presence.kind}: ended {words[0]} after {self._limit:g} s")
            return
        finally:
            await _end(process)
        if status:
            self._warned(f"hooks.on_{presence.kind}: {words[0]} ended with status {status}")


async def _end(process: asyncio.subprocess.Process) -> None:
    """End `process` if it still runs, first kindly."""
    for ask in (process.terminate, process.kill):
        if process.returncode is not None:
            return
        ask()
        try:
            async with asyncio.timeout(_GRACE):
                await process.wait()
        except TimeoutError:
            continue


class PinHook:
    """Switches a pin on for as long as its kind of presence lasts; through gpiozero."""

    def __init__(self, pins: Mapping[PresenceKind, int]) -> None:
        """Take `pins`, by their BCM numbers. Raises HookError where that is not possible."""
        try:
            import gpiozero  # type: ignore[import-untyped,import-not-found,unused-ignore] # noqa: PLC0415
        except ImportError as error:
            raise HookError(
                f"hooks: pins need gpiozero ({error}): sudo apt install python3-gpiozero"
            ) from error
        self._pins: dict[PresenceKind, Any] = {}
        try:
            for kind, number in pins.items():
                self._pins[kind] = gpiozero.DigitalOutputDevice(number)
        except gpiozero.GPIOZeroError as error:
            self._release()
            raise HookError(
                f"hooks: the pins cannot be used ({error}); is the user in the group gpio, "
                "and no other program using them?"
            ) from error

    def changed(self, presence: Presence) -> None:
        """Switch the pins."""
        for kind, pin in self._pins.items():
            pin.value = kind is presence.kind

    async def close(self) -> None:
        """Switch the pins off and let go of them."""
        self._release()

    def _release(self) -> None:
        for pin in self._pins.values():
            pin.close()
        self._pins = {}
