"""The fleet's record as JSON: for its file, the HTTP API and `fleet … --json`.

`docs/fleet-api.schema.json` describes what others read.
"""

from collections.abc import Iterable, Mapping
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

from iot_facerecognition_protocol import Health
from iot_facerecognition_server.fleet.edge import Acknowledgement, Edge, Update, UpdateStage
from iot_facerecognition_server.fleet.hearsay import believable

_T = TypeVar("_T")
_HEALTH: Final = tuple(
    field.name for field in fields(Health) if field.name not in {"version", "installed", "update"}
)
"""The fields of health; versions and update stand next to it."""


def fleet_document(edges: Iterable[Edge]) -> dict[str, Any]:
    """Return what others read of several edges."""
    return {"edges": [edge_document(edge) for edge in edges]}


def edge_document(edge: Edge) -> dict[str, Any]:
    """Return what others read of an edge."""
    return {
        "identity": edge.identity,
        "name": edge.name,
        "address": edge.address,
        "first_seen": _written(edge.first_seen),
        "last_seen": _written(edge.last_seen),
        "connected": edge.connected,
        "desired": edge.desired,
        "reported": edge.reported,
        "running": edge.running,
        "rate": edge.rate,
        "health": None if edge.health is None else _health_document(edge.health),
        "update": None if edge.update is None else _update_document(edge.update),
    }


def kept_document(edge: Edge) -> dict[str, Any]:
    """Return what is kept of an edge while no server runs."""
    document = edge_document(edge)
    for passing in ("connected", "running", "rate"):
        del document[passing]
    earned = edge.earned
    return document | {
        "usual_rate": edge.usual_rate,
        "ended_attempt": edge.ended_attempt,
        "earned": None if earned is None else [earned.version, earned.attempt],
    }


def read_kept(document: Any) -> Edge:
    """Return the edge in what `kept_document` wrote. Raises ValueError, TypeError."""
    if not isinstance(document, dict):
        raise TypeError("an edge is an object")
    health = _typed(document, "health", dict)
    update = _typed(document, "update", dict)
    earned = _typed(document, "earned", list)
    return Edge(
        identity=_needed(document, "identity", str),
        name=_needed(document, "name", str),
        address=_needed(document, "address", str),
        first_seen=_read_time(document, "first_seen"),
        last_seen=_read_time(document, "last_seen"),
        desired=_typed(document, "desired", str),
        reported=_typed(document, "reported", str),
        health=None if health is None else _read_health(health),
        update=None if update is None else _read_update(update),
        usual_rate=_number(document, "usual_rate"),
        ended_attempt=_typed(document, "ended_attempt", str),
        earned=None if earned is None else Acknowledgement(*map(str, earned)),
    )


def _health_document(health: Health) -> dict[str, Any]:
    return {name: getattr(health, name) for name in _HEALTH}


def _update_document(update: Update) -> dict[str, Any]:
    return {
        "state": str(update.stage),
        "version": update.version,
        "from": update.from_version,
        "since": _written(update.since),
        "reason": update.reason,
        "attempt": update.attempt,
    }


def _read_update(document: Mapping[str, Any]) -> Update:
    since = _read_time(document, "since")
    if since is None:
        raise ValueError("since is missing")
    return Update(
        stage=UpdateStage(_needed(document, "state", str)),
        since=since,
        version=_typed(document, "version", str),
        from_version=_typed(document, "from", str),
        reason=_typed(document, "reason", str),
        attempt=_typed(document, "attempt", str),
    )


def _read_health(document: Mapping[str, Any]) -> Health:
    camera = _typed(document, "camera", str)
    numbers = {name: _number(document, name) for name in _HEALTH if name != "camera"}
    whole = {"throttled", "memory_free", "drops"}
    values: dict[str, Any] = {
        name: int(value) if value is not None and name in whole else value
        for name, value in numbers.items()
    }
    return believable(Health(camera=camera, **values))


def _written(seconds: float | None) -> str | None:
    """Return a time in seconds since 1970 as RFC 3339 has it, in UTC."""
    if seconds is None:
        return None
    moment = datetime.fromtimestamp(seconds, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _read_time(document: Mapping[str, Any], key: str) -> float | None:
    text = _typed(document, key, str)
    return None if text is None else datetime.fromisoformat(text).timestamp()


def _number(document: Mapping[str, Any], key: str) -> float | None:
    value = document.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{key} is no number")
    return float(value)


def _typed(document: Mapping[str, Any], key: str, kind: type[_T]) -> _T | None:
    value = document.get(key)
    if value is not None and not isinstance(value, kind):
        raise TypeError(f"{key} is of another type")
    return value


def _needed(document: Mapping[str, Any], key: str, kind: type[_T]) -> _T:
    value = _typed(document, key, kind)
    if value is None:
        raise ValueError(f"{key} is missing")
    return value
