"""Writes the dashboards."""

import json
from collections.abc import Sequence
from pathlib import Path

from grafana_foundation_sdk.builders.dashboard import Dashboard
from grafana_foundation_sdk.cog.encoder import JSONEncoder

from monitoring.dashboards.boards import (
    EDGE_ALERTS,
    RESTARTS,
    SERVER_ALERTS,
    UPGRADES,
    Annotation,
)
from monitoring.dashboards.fleet import fleet
from monitoring.dashboards.server import server

FOLDER = Path(__file__).parents[1] / "grafana" / "dashboards"


def documents() -> dict[str, str]:
    """Return the files' names and contents."""
    return {
        "fleet.json": _written(fleet(), [RESTARTS, UPGRADES, EDGE_ALERTS]),
        "server.json": _written(server(), [RESTARTS, UPGRADES, SERVER_ALERTS]),
    }


def _written(board: Dashboard, annotations: Sequence[Annotation]) -> str:
    document = json.loads(JSONEncoder().encode(board.build()))
    document["annotations"] = {"list": [annotation.document() for annotation in annotations]}
    for variable in document["templating"]["list"]:
        for key in ("auto", "auto_count", "auto_min"):
            # The builder gives every variable what belongs to intervals only; the schema says no.
            variable.pop(key, None)
    return json.dumps(document, sort_keys=True, indent=2, ensure_ascii=False) + "\n"


def main() -> None:
    """Write the files."""
    for name, content in documents().items():
        (FOLDER / name).write_text(content)


if __name__ == "__main__":
    main()
