"""Licences of Python's packages, whose metadata names them in the words of its year."""

from importlib import metadata
from pathlib import Path

from container.sbom import licences

SHORT = 80
"""Longest name of a licence; older packages have its whole text in that place."""
HEAD = 4000
"""Characters at the start of a module in which a package without other words may state it."""


def licence(distribution: metadata.Distribution) -> str | None:
    """Return what the distribution says of its licence; the most exact words that it has."""
    about = distribution.metadata
    expressions: list[str] = about.get_all("License-Expression", [])
    if expressions:
        return expressions[0]
    names: list[str] = [words for words in about.get_all("License", []) if _is_name(words)]
    names += [
        words.rpartition(" :: ")[2]
        for words in about.get_all("Classifier", [])
        if words.startswith("License :: ")
    ]
    for name in names:
        if licences.known(name):
            return licences.spdx(name)
    if found := licences.together(_in_files(distribution)):
        return found
    return licences.spdx(names[0]) if names else None


def _is_name(words: str) -> bool:
    return 0 < len(words) <= SHORT and "\n" not in words and words != "UNKNOWN"


def _in_files(distribution: metadata.Distribution) -> set[str]:
    """Read its licence; without one, the first lines of its modules."""
    files = distribution.files or []
    texts = [file for file in files if file.name.upper().startswith(("LICENSE", "COPYING"))]
    modules = [file for file in files if len(file.parts) == 1 and file.suffix == ".py"]
    found: set[str] = set()
    for file in texts or modules:
        path = Path(str(distribution.locate_file(file)))
        text = path.read_text(encoding="utf-8", errors="replace")
        found |= licences.in_text(text if texts else text[:HEAD])
    return found
