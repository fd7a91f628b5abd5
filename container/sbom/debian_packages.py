"""Debian's packages: dpkg knows which there are, and each has a file that states its licences."""

import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from container.sbom import licences

DOCUMENTS = Path("/usr/share/doc")
_FORMAT = re.compile(r"^Format(?:-Specification)?:", re.MULTILINE)
_LICENCE = re.compile(r"^License:[ \t]*(\S.*)$", re.MULTILINE)
_FILES = re.compile(r"^(?:Files|Format):", re.MULTILINE)
_COMMON = re.compile(r"/usr/share/common-licenses/([A-Za-z]+(?:-[0-9]+(?:\.[0-9]+)?)?)")
_LATER = re.compile(r"any\s+later\s+version|or\s+later", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Package:
    """An installed package."""

    name: str
    version: str
    architecture: str
    licence: str | None
    """SPDX expression of all the licences that its copyright file states."""


def installed(documents: Path = DOCUMENTS) -> Iterator[Package]:
    """Ask dpkg. Raises CalledProcessError where there is none."""
    form = "${Package}\t${Version}\t${Architecture}\n"
    listed = subprocess.run(  # noqa: S603 - fixed words
        ["/usr/bin/dpkg-query", "--show", f"--showformat={form}"],
        check=True,
        capture_output=True,
        text=True,
    )
    for line in listed.stdout.splitlines():
        name, version, architecture = line.split("\t")
        yield Package(name, version, architecture, _licence(documents / name / "copyright"))


def stated(text: str) -> str | None:
    """Return the licences of a copyright file as one expression.

    In the machine-readable form each group of files names its licence. The older form is prose
    that quotes short licences and points to Debian's copies of long ones.
    """
    if _FORMAT.search(text):
        paragraphs = re.split(r"\n\s*\n", text)
        named = [
            found[1]
            for paragraph in paragraphs
            if _FILES.search(paragraph) and (found := _LICENCE.search(paragraph))
        ]
        if named:
            return licences.together(licences.spdx(words) for words in named)
    later = "+" if _LATER.search(text) else ""
    common = {
        name + later if name.startswith(("GPL-", "LGPL-", "GFDL-")) else name
        for name in _COMMON.findall(text)
    }
    # "GPL" is Debian's link to the newest one: it says no more than a version that is named too.
    common -= {bare for bare in ("GPL", "LGPL", "GFDL") if any(f"{bare}-" in n for n in common)}
    return licences.together({licences.spdx(name) for name in common} | licences.in_text(text))


def _licence(file: Path) -> str | None:
    try:
        return stated(file.read_text(encoding="utf-8", errors="replace"))
    except OSError:
        return None
