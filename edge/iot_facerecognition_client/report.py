"""Results and states as lines, for people and for programs."""

import json
from dataclasses import asdict
from datetime import datetime

from iot_facerecognition_client.events import (
    Event,
    FacesResult,
    ObjectsResult,
    ServerError,
    SettingHeld,
    TextReceived,
)
from iot_facerecognition_client.statistics import ClientStatistics
from iot_facerecognition_client.status import Status
from iot_facerecognition_protocol import Face, clean_text

_TEXT_SHOWN = 1000
"""Characters: room for every sentence of ours, whose cure comes last."""
_KINDS = {
    FacesResult: "faces",
    ObjectsResult: "objects",
    TextReceived: "text",
    ServerError: "error",
    SettingHeld: "setting",
    Status: "status",
}


def readable_line(event: Event, time: datetime) -> str | None:
    """Return what a person wants to read of `event`, None for nothing."""
    said = _said(event)
    return None if said is None else f"{time:%H:%M:%S}.{time.microsecond // 1000:03} {said}"


def _said(event: Event) -> str | None:
    match event:
        case FacesResult(faces) if faces:
            return f"{_origin(event)}{', '.join(_face(face) for face in faces)}"
        case ObjectsResult(objects) if objects:
            labels = ", ".join(f"{_clean(o.label)} {o.prediction:.0%}" for o in objects)
            return f"{_origin(event)}{labels}"
        case TextReceived(text):
            return f"the server says: {_clean(text)}"
        case ServerError(code, message, frame):
            place = "" if frame is None else f" about frame {frame}"
            return f"the server reports{place}: {_clean(message)} ({_clean(code)})"
        case SettingHeld(name, asked, held) if asked is not None and asked != held:
            return f"the server keeps {name.replace('_', ' ')} at {held}, not {asked}"
        case Status():
            wait = "" if event.retry_in is None else f" (trying again in {event.retry_in:.0f} s)"
            return f"{_clean(event.text)}{wait}"
        case _:
            return None


def _origin(result: FacesResult | ObjectsResult) -> str:
    if result.frame is None:
        return ""
    latency = "" if result.latency is None else f" after {result.latency * 1000:.0f} ms"
    return f"frame {result.frame}{latency}: "


def _face(face: Face) -> str:
    distance = "" if face.distance is None else f" (distance {face.distance:.2f})"
    who = _clean(face.tag) if face.tag else "somebody unknown"
    return f"{who}{distance if face.tag else ''} at {face.x},{face.y} {face.width}x{face.height}"


def json_line(event: Event, time: datetime) -> str | None:
    """Return `event` as one JSON object: `type`, `time` (ISO 8601) and the event's fields.

    `latency` becomes `latency_ms`; what is None is left out. None for events without a type.
    """
    kind = _KINDS.get(type(event))
    if kind is None:
        return None
    fields = {name: value for name, value in asdict(event).items() if value is not None}
    for internal in ("captured", "mark", "scene"):
        fields.pop(internal, None)
    if "latency" in fields:
        fields["latency_ms"] = round(fields.pop("latency") * 1000, 1)
    return json.dumps({"type": kind, "time": time.isoformat(timespec="milliseconds")} | fields)


def summary(statistics: ClientStatistics) -> str:
    """Return a client's whole life in one line."""
    dropped = statistics.replaced + statistics.disconnected
    latency = ""
    if statistics.latency_p50 is not None and statistics.latency_p95 is not None:
        p50, p95 = statistics.latency_p50 * 1000, statistics.latency_p95 * 1000
        latency = f", latency p50 {p50:.0f} ms, p95 {p95:.0f} ms"
    return (
        f"{statistics.sent} frames sent, {dropped} dropped here, {statistics.lost} lost, "
        f"{statistics.results} results{latency}"
    )


def _clean(text: str) -> str:
    return clean_text(text, _TEXT_SHOWN)
