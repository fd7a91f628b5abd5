"""Where an update stands, in a file that survives crashes and power cuts."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from pathlib import Path
from typing import Any

from iot_facerecognition_edge.update.errors import UpdateError
from iot_facerecognition_protocol.system.regular_file import read_regular
from iot_facerecognition_protocol.system.whole_file import write_file

_FORMAT = 1
_LARGEST = 100_000
READABLE = 0o644


class Phase(StrEnum):
    """How far an update is."""

    PREPARED = "prepared"
    """Both packages lie ready; nothing would begin by itself."""
    ARMED = "armed"
    """The guard's units are there, and it waits for the moment to switch."""
    SWITCHING = "switching"
    """apt installs the new version."""
    PROBATION = "probation"
    """The new version runs, and the server has not acknowledged it yet."""
    ROLLING_BACK = "rolling-back"
    """dpkg installs the old version."""
    GOOD = "good"
    ROLLED_BACK = "rolled-back"
    SKIPPED = "skipped"
    """It never came to a switch."""


UNDER_WAY = frozenset({Phase.ARMED, Phase.SWITCHING, Phase.PROBATION, Phase.ROLLING_BACK})
"""The phases in which the guard has something to do."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """What is to be installed in place of what, and on which terms.

    `version` and `before` are Debian's, `package_file` and `way_back` the names of the files with
    them. Times are in seconds: how long a person at the screen is waited for, how long the server
    may take to acknowledge, and how long apt may take to switch.
    """

    id: str
    version: str
    before: str
    package_file: str
    way_back: str
    patience: float = 900.0
    even_if_in_use: bool = False
    probation: float = 300.0
    switch_limit: float = 1800.0


@dataclass(frozen=True, slots=True)
class Journal:
    """An attempt and where it stands.

    `since` is the time of day when the phase began. Running time is `counted` seconds and those
    since `mark`, a monotonic second of the boot with the id `boot`; `boots` is how often the device
    started during probation. `asked` says that a person wanted the old version back.
    """

    attempt: Attempt
    phase: Phase
    reason: str = ""
    since: str = ""
    boot: str = ""
    mark: float = 0.0
    counted: float = 0.0
    boots: int = 0
    asked: bool = False
    acknowledged: bool = False
    """Whether it came as far as the server's acknowledgement."""

    @property
    def under_way(self) -> bool:
        """Whether the guard has something to do."""
        return self.phase in UNDER_WAY


class JournalFile:
    """Keeps a `Journal`."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def load(self) -> Journal | None:
        """Return what is kept, None without an update. Raises UpdateError for a damaged file."""
        try:
            found = json.loads(read_regular(self._path, _LARGEST))
            return _journal(found)
        except FileNotFoundError:
            return None
        except (OSError, ValueError, TypeError, KeyError, RecursionError) as error:
            raise UpdateError(
                f"{self._path} cannot be read ({error}): if no update is under way, remove it"
            ) from error

    def save(self, journal: Journal) -> None:
        """Keep `journal`, whole and on the disk. Raises OSError."""
        content = {"format": _FORMAT, **asdict(journal)}
        write_file(self._path, json.dumps(content, indent=1).encode() + b"\n", READABLE)


def _journal(found: Any) -> Journal:
    if not isinstance(found, Mapping) or found.get("format") != _FORMAT:
        raise ValueError("it has another format")
    return Journal(
        **{
            **_known(Journal, found),
            "attempt": Attempt(**_known(Attempt, found["attempt"])),
            "phase": Phase(found["phase"]),
        }
    )


def _known(kind: type[Attempt] | type[Journal], found: Mapping[str, Any]) -> dict[str, Any]:
    """Return what `kind` has fields for: a newer version's journal may hold more."""
    return {field.name: found[field.name] for field in fields(kind) if field.name in found}
