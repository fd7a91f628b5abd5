"""Where the instructions of a part of the edge's work go: by library, and by function.

`edge_instructions` counts how often each block of code was executed; the program's own
`/proc/self/maps` tells which library lies there, and the library's symbols which function. Debian
strips the names of functions that are not exported, so a count stands with the exported function
before it, or with the library alone where the next one is far.
"""

import bisect
import re
import subprocess
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_MAPPING = re.compile(r"([0-9a-f]+)-([0-9a-f]+) (\S+) ([0-9a-f]+) \S+ \d+ +(/.*)")
_SYMBOL = re.compile(r" *\d+: ([0-9a-f]+) +(\d+) (FUNC|NOTYPE|IFUNC) +\S+ +\S+ +(?!UND)\S+ (\S+)")
_FAR = 0x8000
"""Bytes behind the end of a function after which its name says nothing."""


@dataclass(frozen=True, slots=True)
class Mapping:
    """A part of a file in memory: addresses from `start` up to `end`, from `offset` in it."""

    start: int
    end: int
    offset: int
    file: Path


def mappings(text: str) -> list[Mapping]:
    """Return the files of the `/proc/PID/maps` in `text`."""
    found = (_MAPPING.match(line) for line in text.splitlines())
    return [
        Mapping(int(match[1], 16), int(match[2], 16), int(match[4], 16), Path(match[5]))
        for match in found
        if match is not None
    ]


def by_function(blocks: Iterable[str], maps: list[Mapping]) -> Counter[tuple[str, str]]:
    """Return instructions by name of library and function, from the plugin's lines."""
    counts: Counter[tuple[str, str]] = Counter()
    ordered = sorted(maps, key=lambda mapping: mapping.start)
    starts = [mapping.start for mapping in ordered]
    for line in blocks:
        address, instructions, executed = line.split()
        place = int(address, 16)
        mapping = ordered[bisect.bisect_right(starts, place) - 1] if starts else None
        if mapping is None or not mapping.start <= place < mapping.end:
            key = ("elsewhere", "")
        else:
            symbol = _function(mapping.file, place - mapping.start + mapping.offset)
            key = (mapping.file.name, symbol)
        counts[key] += int(instructions) * int(executed)
    return counts


def rows(spent: Counter[tuple[str, str]], times: int, least: float = 0.01) -> Iterator[str]:
    """Yield lines for libraries and their functions that take `least` of all, the first first.

    `spent` is the instructions of `times` times.
    """
    whole = sum(spent.values()) or 1
    libraries: Counter[str] = Counter()
    for (library, _), count in spent.items():
        libraries[library] += count
    for library, count in libraries.most_common():
        if count < whole * least:
            continue
        yield f"{count / times / 1e6:9.3f}  {count / whole:5.1%}  {library}"
        functions = Counter({f: n for (lib, f), n in spent.items() if lib == library and f})
        for function, part in functions.most_common():
            if part >= whole * least:
                yield f"{part / times / 1e6:18.3f}  {part / whole:5.1%}  {function}"


@cache
def _function(file: Path, offset: int) -> str:
    addresses, ends, names = _symbols(file)
    at = bisect.bisect_right(addresses, offset + _bias(file)) - 1
    if at < 0 or offset + _bias(file) > ends[at] + _FAR:
        return ""
    inside = offset + _bias(file) < ends[at]
    return names[at] if inside else f"behind {names[at]}"


@cache
def _symbols(file: Path) -> tuple[list[int], list[int], list[str]]:
    listing = _readelf(file, "--wide", "--dyn-syms", "--syms")
    found = {
        (int(match[1], 16) & ~1, int(match[2]), match[4].partition("@")[0])
        for match in map(_SYMBOL.match, listing.splitlines())
        if match is not None and not match[4].startswith("$")
    }
    ordered = sorted(found)
    return (
        [address for address, _, _ in ordered],
        [address + max(size, 4) for address, size, _ in ordered],
        [name for _, _, name in ordered],
    )


@cache
def _bias(file: Path) -> int:
    """Return the address of the file's executable part less its offset in the file."""
    for line in _readelf(file, "--wide", "--program-headers").splitlines():
        words = line.split()
        if words[:1] == ["LOAD"] and "E" in "".join(words[6:-1]):
            return int(words[2], 16) - int(words[1], 16)
    return 0


@cache
def _readelf(file: Path, *options: str) -> str:
    done = subprocess.run(["readelf", *options, file], check=False, capture_output=True, text=True)
    return done.stdout
