"""The shipped rules and their promtool tests, as data."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import yaml

FOLDER: Final = Path(__file__).parents[2] / "monitoring"
PROMETHEUS: Final = FOLDER / "prometheus"
PREFIX: Final = "IotFaceRecognition"
RUNBOOK: Final = "https://github.com/fuzun/iot-facerecognition/blob/main/docs/alerts.md"


def rules() -> Iterator[dict[str, Any]]:
    """Return every rule of every file."""
    for path in sorted((PROMETHEUS / "rules").glob("*.yml")):
        for group in yaml.safe_load(path.read_text())["groups"]:
            yield from group["rules"]


def alerts() -> list[dict[str, Any]]:
    """Return every alert: the server's, the edges', and those of the monitoring itself."""
    order = ("server", "edges", "monitoring")
    documents = [
        yaml.safe_load((PROMETHEUS / "rules" / f"alerts-{name}.yml").read_text()) for name in order
    ]
    return [rule for doc in documents for group in doc["groups"] for rule in group["rules"]]


def cases() -> dict[str, list[dict[str, Any]]]:
    """Return promtool's tests by the alert that they are named for."""
    found: dict[str, list[dict[str, Any]]] = {}
    for path in sorted((PROMETHEUS / "tests").glob("*.test.yml")):
        for test in yaml.safe_load(path.read_text())["tests"]:
            found.setdefault(test["name"].partition(":")[0], []).append(test)
    return found
