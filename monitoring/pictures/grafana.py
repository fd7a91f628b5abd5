"""Grafana's libraries, a browser, and the page that draws dashboards with them."""

import json
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

PAGE: Final = Path(__file__).with_name("page")
PACKAGES: Final = (
    "@grafana/data@11.6.0",
    "@grafana/schema@11.6.0",
    "@grafana/ui@11.6.0",
    "esbuild@0.28.2",
    "puppeteer-core@25.16.0",
    "react@18.3.1",
    "react-dom@18.3.1",
    "rxjs@7.8.1",
)
"""From npm; Grafana's of the version that compose.yaml starts."""
PROGRAMS: Final = {"chromium": "chromium", "node": "nodejs", "npm": "npm"}
"""What has to be on the machine, and the Debian package that brings it."""
NODE: Final = 20
"""The oldest major version of Node that the libraries run on."""
WIDTH: Final = 1568
"""Pixels of a dashboard without its margins."""


class PictureError(Exception):
    """A picture could not be made; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Request:
    """A picture that is wanted: of a dashboard's file, and what is chosen on top of it."""

    picture: Path
    board: Path
    variables: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Source:
    """A Prometheus, how often it scrapes (seconds), and the span to show (seconds since 1970)."""

    address: str
    scrape: float
    begin: float
    end: float

    def as_wanted(self, request: Request) -> dict[str, Any]:
        """Return what the page has to know."""
        # A point for each scrape; a day's would be more than a chart has pixels.
        step = max(self.scrape, (self.end - self.begin) // 800)
        return {
            "picture": str(request.picture.absolute()),
            "board": json.loads(request.board.read_text()),
            "prometheus": self.address,
            "scrape": self.scrape,
            "span": {"from": self.begin, "to": self.end, "step": step},
            "variables": dict(request.variables),
            "width": WIDTH,
        }


@dataclass(frozen=True, slots=True)
class Drawn:
    """What is to be read on a picture."""

    picture: Path
    empty: Sequence[str]
    """Titles of the panels without data."""
    tables: Mapping[str, Sequence[Sequence[str]]]
    """By the tables' titles their rows from the top on, as many as there is room for."""


def draw(source: Source, requests: Sequence[Request]) -> list[Drawn]:
    """Make the pictures. Raises PictureError."""
    folder = libraries()
    wanted = []
    for number, request in enumerate(requests):
        request.picture.parent.mkdir(parents=True, exist_ok=True)
        file = folder / f"wanted-{os.getpid()}-{number}.json"
        file.write_text(json.dumps(source.as_wanted(request)))
        wanted.append(file)
    try:
        said = _run(["node", PAGE / "draw.mjs", folder, *wanted])
    finally:
        for file in wanted:
            file.unlink()
    read = [json.loads(line) for line in said.splitlines()]
    return [
        Drawn(request.picture, found["empty"], found["tables"])
        for request, found in zip(requests, read, strict=True)
    ]


def missing_program() -> str | None:
    """Return why this machine cannot draw, with the cure; None when it can."""
    for program, package in PROGRAMS.items():
        if shutil.which(program) is None:
            return f"{program} is missing: apt-get install {package}"
    version = _run(["node", "--version"]).strip()
    if int(version[1:].partition(".")[0]) < NODE:
        return f"node is {version}, and {NODE} or newer is needed"
    return None


def libraries() -> Path:
    """Return the folder with what the page is made of; it is filled once, in some minutes.

    Raises PictureError.
    """
    missing = missing_program()
    if missing is not None:
        raise PictureError(missing)
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = cache / "iot-facerecognition" / "grafana-page"
    complete = folder / "packages.txt"
    if not (complete.exists() and complete.read_text().split() == list(PACKAGES)):
        folder.mkdir(parents=True, exist_ok=True)
        flags = ["--no-audit", "--no-fund", "--no-save", "--silent"]
        _run(["npm", "install", *flags, "--prefix", folder, *PACKAGES])
        complete.write_text("\n".join(PACKAGES))
    return folder


def _run(command: Sequence[str | Path]) -> str:
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        raise PictureError(f"{command[0]} failed:\n{(done.stdout + done.stderr)[-3000:]}")
    return done.stdout
