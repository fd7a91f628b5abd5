"""The dashboards' files: made by the generator, and what Grafana's own schema allows."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from monitoring.dashboards.__main__ import FOLDER, documents

SCHEMA_VERSION = "11.6.0"
GENERATOR_VERSION = "2.4.0"


@pytest.fixture(scope="session")
def schema() -> dict[str, Any]:
    """Grafana's TypeScript types of a dashboard, as a JSON schema; made once and kept."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = cache / "iot-facerecognition" / f"grafana-schema-{SCHEMA_VERSION}"
    made = folder / "dashboard.json"
    if not made.exists():
        if shutil.which("npm") is None:
            pytest.fail("npm is missing: apt-get install npm")
        folder.mkdir(parents=True, exist_ok=True)
        packages = [
            f"@grafana/schema@{SCHEMA_VERSION}",
            f"ts-json-schema-generator@{GENERATOR_VERSION}",
        ]
        subprocess.run(
            [
                "npm",
                "install",
                "--silent",
                "--no-audit",
                "--no-fund",
                "--prefix",
                folder,
                *packages,
            ],
            check=True,
        )
        modules = folder / "node_modules"
        types = "@grafana/schema/dist/esm/raw/dashboard/x/dashboard_types.gen.d.ts"
        written = subprocess.run(
            [
                modules / ".bin" / "ts-json-schema-generator",
                *("--path", modules / types, "--type", "Dashboard", "--no-type-check"),
            ],
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        json.loads(written)
        made.write_text(written)
    document: dict[str, Any] = json.loads(made.read_text())
    # The schema knows the annotations of Grafana's own store only; these of a Prometheus have what
    # its data source documents (`PromQueryAnnotation` and the options next to it).
    annotation = document["definitions"]["AnnotationQuery"]["properties"]
    text = {"type": "string"}
    annotation["target"] = {
        "type": "object",
        "properties": {"expr": text, "refId": text, "interval": text},
        "required": ["expr", "refId"],
        "additionalProperties": False,
    }
    annotation |= {"titleFormat": text, "textFormat": text, "useValueForTime": {"type": "boolean"}}
    return document


@pytest.mark.parametrize("name", ["fleet.json", "server.json"])
def test_dashboard_is_what_grafana_takes(name: str, schema: dict[str, Any]) -> None:
    board = json.loads((FOLDER / name).read_text())
    validator = jsonschema.Draft7Validator(schema)
    problems = [
        f"{list(error.path)}: {error.message[:300]}" for error in validator.iter_errors(board)
    ]
    assert problems == []
    # The schema can say no.
    board["panels"][0]["gridPos"]["w"] = "wide"
    assert list(validator.iter_errors(board))


def test_files_are_in_step_with_the_generator() -> None:
    for name, content in documents().items():
        assert (FOLDER / name).read_text() == content, "run: make dashboards"
