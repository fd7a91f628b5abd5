"""What an attack is, what it is aimed at and what came of it."""

import itertools
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Final, Self

REVOKED: Final = "revoked"
"""Identity whose token is revoked in the middle of it."""
PORTER: Final = "porter"
"""Identity whose connections send nothing: the attack on the number of connections."""
HONEST: Final = "honest"
"""Identity of an edge that comes during an attack and has to be served."""

PROXY: Final = "127.0.0.3"
"""Loopback address from which the server takes PROXY protocol headers."""


@dataclass(frozen=True, slots=True)
class Target:
    """The server under attack, as an attacker on the same machine sees it.

    `tokens` maps identities to their tokens; `attacker` is the identity of this attack, since one
    that has spent its budget is not let in again. `folder` holds the server's `config.ini`,
    `faces.json` and `state`; `photos` is a folder of real photos.
    """

    port: int
    metrics_port: int
    tokens: dict[str, str]
    attacker: str
    pid: int
    folder: Path
    photos: Path

    def attacked_by(self, attack: "Attack") -> "Target":
        """Return the same server for another attack, which has an identity of its own."""
        return replace(self, attacker=attack.name)

    def document(self) -> dict[str, object]:
        """Return it as JSON holds it."""
        return asdict(self) | {"folder": str(self.folder), "photos": str(self.photos)}

    @classmethod
    def of(cls, document: dict[str, object]) -> Self:
        """Return what `document` made a document of."""
        paths = {name: Path(str(document[name])) for name in ("folder", "photos")}
        return cls(**(document | paths))  # type: ignore[arg-type]  # the fields of `document`


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the attacker saw: how often it tried, in words what became of it, and if that is right.

    `held` is the promise as seen from the attacker's side; the victims' side is measured for every
    attack alike.
    """

    tries: int
    seen: str
    held: bool = True


@dataclass(frozen=True, slots=True)
class Attack:
    """One attack. `run` attacks until a monotonic second and returns what it saw.

    `seconds` is how long it has to last at least to show anything.
    """

    title: str
    promise: str
    run: Callable[[Target, float], Outcome]
    seconds: float = 5.0

    @property
    def name(self) -> str:
        """What the command line calls it."""
        return self.run.__name__.replace("_", "-")


def rounds(until: float) -> Iterator[int]:
    """Count from 0 until a monotonic second, but once at least: an attack that is late still is."""
    for number in itertools.count():
        if number and time.monotonic() >= until:
            return
        yield number
