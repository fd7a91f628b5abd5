"""Versions that were rolled back on this device, which it does not fetch again by itself."""

import json

from iot_facerecognition_edge.update.device import read_json
from iot_facerecognition_edge.update.journal import READABLE
from iot_facerecognition_edge.update.places import Places
from iot_facerecognition_protocol.system.whole_file import write_file

MOST = 16
"""Versions that are remembered, the newest last."""


def rejected(places: Places) -> list[str]:
    """Return the versions, oldest first."""
    found = read_json(places.rejected)
    return [str(version) for version in found][-MOST:] if isinstance(found, list) else []


def reject(places: Places, version: str) -> None:
    """Remember `version`. Raises OSError."""
    _write(places, [*_without(rejected(places), version), version][-MOST:])


def accept(places: Places, version: str) -> None:
    """Forget that `version` was rolled back: it has proved itself since. Raises OSError."""
    if version in rejected(places):
        _write(places, _without(rejected(places), version))


def _without(versions: list[str], version: str) -> list[str]:
    return [one for one in versions if one != version]


def _write(places: Places, versions: list[str]) -> None:
    write_file(places.rejected, json.dumps(versions).encode() + b"\n", READABLE)
