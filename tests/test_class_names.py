"""Each name of a class means one thing in a program (docs/decisions/values.md)."""

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PROGRAMS = {
    "server": ("protocol/iot_facerecognition_protocol", "server/iot_facerecognition_server"),
    "edge": (
        "protocol/iot_facerecognition_protocol",
        "edge/iot_facerecognition_client",
        "edge/iot_facerecognition_edge",
    ),
}


def public_classes(file: Path) -> Iterator[str]:
    """Yield the names that other modules may use."""
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield node.name


@pytest.mark.parametrize("program", PROGRAMS)
def test_no_two_classes_of_a_program_have_one_name(program: str) -> None:
    places = defaultdict(list)
    for package in PROGRAMS[program]:
        for file in sorted((ROOT / package).rglob("*.py")):
            for name in public_classes(file):
                places[name].append(str(file.relative_to(ROOT)))
    assert len(places) > 100
    assert {name: files for name, files in places.items() if len(files) > 1} == {}
