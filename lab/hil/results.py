"""What a run found: figures, pictures and how each test ended; the report is made from it."""

import json
from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from PIL import Image


class Verdict(StrEnum):
    """What a figure says about the goal that it has, if any."""

    MET = "met"
    MISSED = "missed"
    REPORTED = "reported"


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured value. `goal` is a limit in the same unit; `note` says how it was measured."""

    name: str
    value: float | None
    unit: str
    goal: float | None = None
    at_least: bool = False
    note: str = ""

    @property
    def verdict(self) -> Verdict:
        """Whether the goal is met: at least it, or at most."""
        if self.goal is None or self.value is None:
            return Verdict.REPORTED
        met = self.value >= self.goal if self.at_least else self.value <= self.goal
        return Verdict.MET if met else Verdict.MISSED

    @property
    def text(self) -> str:
        """Value and unit, rounded for people; words for what could not be measured."""
        if self.value is None:
            return "not measured"
        digits = 0 if abs(self.value) >= 100 or self.value == int(self.value) else 1  # noqa: PLR2004
        if 0 < abs(self.value) < 1:
            digits = 2
        return f"{self.value:,.{digits}f} {self.unit}".strip()


@dataclass(frozen=True, slots=True)
class Chart:
    """Values in the order in which they were measured, as bars."""

    title: str
    unit: str
    values: tuple[float, ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Shot:
    """A picture and what it shows; `path` is a PNG or JPEG in the output folder."""

    title: str
    path: Path
    note: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a test ended: passed, failed or skipped, in seconds of this machine; `why` if not."""

    name: str
    outcome: str
    seconds: float
    why: str = ""


@dataclass(slots=True)
class Results:
    """Everything, as it is found; `folder` gets the pictures."""

    folder: Path
    began: datetime
    device: str = ""
    server: str = ""
    commit: str = ""
    emulated: bool = True
    figures: list[Figure] = field(default_factory=list)
    charts: list[Chart] = field(default_factory=list)
    shots: list[Shot] = field(default_factory=list)
    tables: list[tuple[str, str]] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)

    def add(self, figure: Figure) -> Figure:
        """Keep a figure and print it; return it."""
        self.figures.append(figure)
        goal = ""
        if figure.goal is not None:
            goal = f" ({'at least' if figure.at_least else 'at most'} {figure.goal:g})"
        print(f"hil: {figure.name}: {figure.text}{goal}", flush=True)
        return figure

    def shoot(self, title: str, picture: Image.Image, note: str = "") -> None:
        """Keep a picture."""
        path = self.folder / f"picture-{len(self.shots) + 1}.png"
        picture.save(path, optimize=True)
        self.shots.append(Shot(title, path, note))

    def write(self, path: Path) -> None:
        """Write the figures and outcomes as JSON, for whoever compares runs."""
        document = {
            "began": self.began.isoformat(timespec="seconds"),
            "device": self.device,
            "server": self.server,
            "commit": self.commit,
            "emulated": self.emulated,
            "figures": [asdict(one) | {"verdict": one.verdict} for one in self.figures],
            "charts": [asdict(one) for one in self.charts],
            "outcomes": [asdict(one) for one in self.outcomes],
        }
        path.write_text(json.dumps(document, indent=1))
