"""The light behind a panel, where the kernel can turn it down.

Documentation/ABI/stable/sysfs-class-backlight: `brightness` is a whole number up to
`max_brightness`. Displays on HDMI have none.
"""

from pathlib import Path
from typing import Self

_DIMMED = 0.05
"""Of the full brightness; a light with few steps, or only on and off, goes out."""


class Backlight:
    """All backlights of this machine, as one."""

    def __init__(self, lights: tuple[Path, ...]) -> None:
        """`lights` are the folders of the class."""
        self._lights = lights
        self._before: dict[Path, int] = {}

    @classmethod
    def find(cls, root: Path = Path("/")) -> Self | None:
        """Return the backlights under `root`, None where there is none."""
        lights = tuple(sorted(root.glob("sys/class/backlight/*")))
        return cls(lights) if lights else None

    def dim(self) -> None:
        """Turn the light down, and remember how it was. Raises OSError, with the file."""
        for light in self._lights:
            before = _number(light / "brightness")
            dimmed = round(_number(light / "max_brightness") * _DIMMED)
            if dimmed < before:
                (light / "brightness").write_text(f"{dimmed}\n")
                self._before[light] = before

    def restore(self) -> None:
        """Turn it up again. Raises OSError, with the file."""
        while self._before:
            light, before = self._before.popitem()
            (light / "brightness").write_text(f"{before}\n")


def _number(file: Path) -> int:
    """Return the number in `file`. Raises OSError also for what is none."""
    text = file.read_text().strip()
    if not text.isdigit():
        raise OSError(0, f"it says {text[:20]!r}", str(file))
    return int(text)
