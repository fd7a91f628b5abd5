"""What stands around the device: its power, its card, its network, and what its camera sees."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from PIL import Image

from lab.hil.bench import Goals
from lab.hil.shell import Shell

Settings = dict[str, str | int | float | bool]


class Rig(Protocol):
    """The virtual Pi, or a bench with a real board. Raises BenchError where something fails."""

    what: str
    """What it is, for the report."""
    emulated: bool
    """Whether its speed says nothing about a board's."""
    goals: Goals
    address: str
    """This machine's address, as the device reaches it."""
    camera: Settings
    """The edge's settings that make its camera see what `show` shows."""

    framebuffer: str
    """The screen's device file; empty for a device without a screen."""
    clock_chip: bool
    """Whether it keeps the time of day without power."""
    switchable: bool
    """Whether its power can be cut."""
    writes_card: bool
    """Whether `provision` writes a card, or leaves the one that is there."""
    shows: bool
    """Whether its camera can be shown a picture."""

    @property
    def public_key(self) -> str:
        """The SSH key that its card has to let in; empty where the card has one already."""

    @property
    def shell(self) -> Shell:
        """A shell on the device; another one after each boot."""

    @property
    def on(self) -> bool:
        """Whether the device has power."""

    def provision(self, package: Path, settings: str) -> None:
        """Write the card: the system with `package`, and `settings` as its settings file."""

    def power_on(self) -> None:
        """Give it power."""

    def power_cut(self) -> None:
        """Take its power away at once."""

    def show(self, pictures: Sequence[Path]) -> None:
        """Let the camera see these pictures, in turn and over and over where there are several."""

    def link(self, *, up: bool, back_after: float) -> None:
        """Take the device's network away, or give it back.

        Where only the device itself can do that, it comes back by itself after `back_after`
        seconds, and `up=True` waits for it.
        """

    def wrong_clock(self) -> None:
        """See to it that the next boot begins at a wrong time of day, and nothing mends it."""

    def right_clock(self) -> None:
        """Put the device's clock right, as a time server would."""

    def screenshot(self) -> Image.Image | None:
        """Return the screen as it is seen from outside, None where nothing looks at it."""

    def console(self) -> str:
        """Return what came out of the serial line since the last boot."""

    def close(self) -> None:
        """Leave everything off, or as it was."""
