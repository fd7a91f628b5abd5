"""What was applied at earlier starts: a start without a change changes nothing."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from iot_facerecognition_edge.first_boot.report import Report, report_of
from iot_facerecognition_protocol.system.regular_file import read_regular
from iot_facerecognition_protocol.system.whole_file import write_file

_FORMAT = 1
_LARGEST = 1_000_000


@dataclass(slots=True)
class Memory:
    """What is known of earlier starts. It holds no secret.

    `sections` are those that were applied, as the card had them; `settings` are the edge's that the
    card set; `digests` are those of the card's files when `version` of the program was done with
    all of them, empty while something is left to do.
    """

    sections: dict[str, Any] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    digests: dict[str, str] = field(default_factory=dict)
    version: str = ""
    imager: bool = False
    """Whether an Imager 1.x's script was undone and no settings have come since."""
    report: Report = field(default_factory=Report)


class MemoryFile:
    """Keeps a `Memory`; only root reads it."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def load(self) -> Memory:
        """Return what was kept; nothing where that is missing or damaged: all is applied again."""
        try:
            found = json.loads(read_regular(self._path, _LARGEST))
        except (OSError, ValueError, RecursionError):
            return Memory()
        if not isinstance(found, Mapping) or found.get("format") != _FORMAT:
            return Memory()
        return Memory(
            sections=_mapping(found.get("sections")),
            settings=_mapping(found.get("settings")),
            digests=_mapping(found.get("digests")),
            version=str(found.get("version")),
            imager=found.get("imager") is True,
            report=report_of(found.get("report")),
        )

    def save(self, memory: Memory) -> None:
        """Keep `memory`, all of it or, after a power cut, what was there before. Raises OSError."""
        content = {
            "format": _FORMAT,
            "sections": memory.sections,
            "settings": memory.settings,
            "digests": memory.digests,
            "version": memory.version,
            "imager": memory.imager,
            "report": memory.report.as_json(),
        }
        write_file(self._path, json.dumps(content, indent=1, sort_keys=True).encode() + b"\n")


def _mapping(found: object) -> dict[str, Any]:
    return dict(found) if isinstance(found, dict) else {}
