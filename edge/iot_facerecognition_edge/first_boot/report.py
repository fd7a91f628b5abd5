"""What became of a card, for its owner: as a file on the card, for the screen, for the light."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from iot_facerecognition_edge.first_boot.problems import Area, Problem
from iot_facerecognition_protocol import clean_text
from iot_facerecognition_protocol.records import dataclass
from iot_facerecognition_protocol.system.regular_file import read_regular

PATH = "run/iot-facerecognition-first-boot/report.json"
"""Where the edge finds it, relative to the root."""
STATUS = "iot-facerecognition-status.txt"
_LARGEST = 100_000
_MOST = 50
_LONGEST = 500
_WIDTH = 78


@dataclass(frozen=True, slots=True)
class Report:
    """`problems` are sentences, the most important first; `light` is the code of that, or 0.

    `applied` names what was taken over now or earlier, `notes` what is good to know.
    """

    problems: tuple[str, ...] = ()
    light: int = 0
    applied: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return what `report_of` reads."""
        return {
            "problems": list(self.problems),
            "light": self.light,
            "applied": list(self.applied),
            "notes": list(self.notes),
        }


def report(problems: list[Problem], applied: list[str], notes: list[str]) -> Report:
    """Return the report of these problems, in the order of their areas."""
    ordered = sorted(problems, key=lambda problem: problem.area)
    sentences = list(dict.fromkeys(problem.sentence for problem in ordered))
    if len(sentences) > _MOST:
        sentences[_MOST:] = [f"and {len(sentences) - _MOST} more mistakes"]
    light = ordered[0].area if ordered else 0
    return Report(tuple(sentences), int(light), tuple(applied), tuple(dict.fromkeys(notes))[:_MOST])


def report_of(found: object) -> Report:
    """Return the report that `as_json` made; an empty one for anything else."""
    if not isinstance(found, Mapping):
        return Report()
    light = found.get("light")
    return Report(
        _texts(found.get("problems")),
        light if type(light) is int and light in {0, *Area} else 0,
        _texts(found.get("applied")),
        _texts(found.get("notes")),
    )


def read_report(root: Path) -> Report:
    """Return the report of this start, an empty one where there is none."""
    try:
        return report_of(json.loads(read_regular(root / PATH, _LARGEST)))
    except (OSError, ValueError, RecursionError):
        return Report()


def status_text(found: Report, version: str) -> str:
    """Return the status file: plain text with line ends that every editor shows."""
    lines = [
        f"iot-facerecognition {version}: what this device made of the settings on its card",
        "",
    ]
    if found.problems:
        count = len(found.problems)
        lines += [f"{count} mistake{'s' * (count > 1)} to mend:", ""]
        for number, sentence in enumerate(found.problems, 1):
            lines += [*_wrapped(f"{number}. {sentence}."), ""]
        lines += _wrapped(
            f"The light flashes {_light(found.light)}. Mend the file, put the card back and switch"
            " the device on again."
        )
        lines.append("")
    else:
        lines += ["No mistakes.", ""]
    if found.applied:
        lines += ["In force:", *(f"  {one}" for one in found.applied), ""]
    if found.notes:
        lines.append("Good to know:")
        for note in found.notes:
            lines += _wrapped(f"- {note}.")
        lines.append("")
    return "\r\n".join(lines)


def _light(code: int) -> str:
    return f"one long and {code} short"


def _wrapped(text: str) -> list[str]:
    lines, line = [], ""
    for word in text.split():
        if line and len(line) + 1 + len(word) > _WIDTH:
            lines.append(line)
            line = "  " + word
        else:
            line = f"{line} {word}" if line else word
    return [*lines, line]


def _texts(found: object) -> tuple[str, ...]:
    if not isinstance(found, list):
        return ()
    return tuple(clean_text(text, _LONGEST) for text in found[: _MOST + 1] if isinstance(text, str))
