"""The light of the board says what is wrong where there is no screen: one long flash, some short.

Raspberry Pi's boot loader uses none, two, three or four long flashes, never one.
"""

import re
from collections.abc import Callable
from pathlib import Path

NAMES = ("ACT", "led0")
"""The board's green light, as kernels since 5.15 and before call it."""
_LONG, _SHORT, _GAP, _PAUSE = 1.5, 0.25, 0.35, 2.5
"""Seconds."""


class LightError(Exception):
    """There is no light that could be switched."""


class Light:
    """One light below /sys/class/leds. Whoever switches it gives it back by `restore`."""

    def __init__(self, folder: Path) -> None:
        """Take the light over from the kernel. Raises LightError."""
        self._folder = folder
        try:
            words = (folder / "trigger").read_text(encoding="ascii")
            found = re.search(r"\[(.+?)\]", words)
            self._trigger = found[1] if found else "none"
            self._brightest = (folder / "max_brightness").read_text(encoding="ascii").strip()
            (folder / "trigger").write_text("none", encoding="ascii")
        except (OSError, ValueError) as error:
            raise LightError(f"{folder} cannot be switched: {error}") from None

    @classmethod
    def find(cls, leds: Path) -> "Light":
        """Return the board's light. Raises LightError."""
        for name in NAMES:
            if (leds / name).is_dir():
                return cls(leds / name)
        raise LightError(f"{leds} has neither {' nor '.join(NAMES)}")

    def switch(self, *, on: bool) -> None:
        """Switch it. Raises OSError."""
        (self._folder / "brightness").write_text(self._brightest if on else "0", encoding="ascii")

    def restore(self) -> None:
        """Let the kernel have it again. Raises OSError."""
        (self._folder / "trigger").write_text(self._trigger, encoding="ascii")


def flashes(code: int) -> tuple[tuple[bool, float], ...]:
    """Return what shows `code` once: whether the light is on, and for how many seconds."""
    short = ((True, _SHORT), (False, _GAP)) * code
    return ((False, _PAUSE), (True, _LONG), (False, 2 * _GAP), *short)


def blink(light: Light, code: int, wait: Callable[[float], bool]) -> None:
    """Show `code` again and again until `wait`, which waits some seconds, returns True."""
    try:
        while True:
            for on, seconds in flashes(code):
                light.switch(on=on)
                if wait(seconds):
                    return
    finally:
        light.restore()
