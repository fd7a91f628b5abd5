"""Tell what of an extra of pyproject.toml is not installed in the environment that runs this.

Usage: python -P scripts/unsatisfied.py EXTRA

Prints a line for each package that is missing, half installed, or of another version than
pyproject.toml and constraints.txt allow, and nothing where all is well. Needs no network, which is
the point of it: pip would ask the index before it says so.
"""

import re
import sys
import tomllib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True, slots=True)
class Installed:
    """A package: its version, and the requirements that it states itself."""

    version: str
    requires: tuple[str, ...]


Find = Callable[[str], Installed | None]


def find_installed(name: str) -> Installed | None:
    """Return what is installed as `name`; None where it is not, or not to its end."""
    try:
        found = metadata.distribution(name)
    except metadata.PackageNotFoundError:
        return None
    if found.read_text("RECORD") is None:  # what pip writes last
        return None
    return Installed(found.version, tuple(found.requires or ()))


def unsatisfied(
    project: dict[str, Any], extra: str, constraints: Iterable[str], find: Find
) -> list[str]:
    """Return what is wrong with the packages of `extra` and those that they need, a line each.

    `project` is the table of that name in pyproject.toml, `constraints` the lines of a file.
    """
    pins = {canonicalize_name(pin.name): pin for pin in _requirements(constraints)}
    wrong: dict[str, str] = {}
    if find(project["name"]) is None:
        wrong[project["name"]] = f"{project['name']} itself is not installed"
    looked_at: set[str] = set()
    waiting = [*_of_extra(project, extra)]
    while waiting:
        wanted = waiting.pop()
        if str(wanted) in looked_at:
            continue
        looked_at.add(str(wanted))
        name = canonicalize_name(wanted.name)
        found = find(name)
        if found is None:
            wrong[name] = f"{wanted} is not installed"
            continue
        for limit in filter(None, (wanted, pins.get(name))):
            if not limit.specifier.contains(found.version, prereleases=True):
                wrong[name] = f"{limit} is asked for, {found.version} is installed"
        waiting += _applying(_requirements(found.requires), wanted.extras)
    return sorted(wrong.values())


def _of_extra(project: dict[str, Any], extra: str) -> Iterator[Requirement]:
    """Yield the requirements of the project itself and of `extra`, which may name other extras."""
    optional = project["optional-dependencies"]
    for requirement in _requirements([*project.get("dependencies", ()), *optional[extra]]):
        if canonicalize_name(requirement.name) == canonicalize_name(project["name"]):
            for other in requirement.extras:
                yield from _of_extra(project, other)
        else:
            yield from _applying([requirement], {""})


def _applying(requirements: Iterable[Requirement], extras: set[str]) -> Iterator[Requirement]:
    """Yield those that hold on this machine for one of `extras`."""
    for requirement in requirements:
        marker = requirement.marker
        if marker is None or any(marker.evaluate({"extra": extra}) for extra in {"", *extras}):
            yield requirement


def _requirements(lines: Iterable[str]) -> Iterator[Requirement]:
    for line in lines:
        stated = re.sub(r"(^|\s)#.*", "", line).strip()
        if stated:
            yield Requirement(stated)


def main(extra: str) -> None:
    """Print what is wrong in this environment."""
    with (ROOT / "pyproject.toml").open("rb") as opened:
        project = tomllib.load(opened)["project"]
    constraints = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    for line in unsatisfied(project, extra, constraints, find_installed):
        print(line)


if __name__ == "__main__":
    main(sys.argv[1])
