"""What the engine mends in itself, for whoever counts it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Repairs:
    """Is notified of what the engine repairs in itself, on any thread."""

    replaced: Callable[[str], None] = lambda _: None
    """A thread, by its name, failed and was replaced."""
    renewed: Callable[[], None] = lambda: None
    """A worker got new tools in the place of such that had failed."""


UNCOUNTED: Final = Repairs()
