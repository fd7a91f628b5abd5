"""Messages as JSON text, both ways: the only place in the product with the protocol's JSON."""

import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any, TypeVar, get_type_hints

from iot_facerecognition_protocol.commands import Command, Version
from iot_facerecognition_protocol.errors import MalformedMessageError, UnknownCommandError
from iot_facerecognition_protocol.json_words import BEYOND_DOUBLE, TYPE_NAMES, shown
from iot_facerecognition_protocol.messages import (
    SETTING_TYPES,
    Drain,
    ErrorReport,
    FacesFound,
    FrameDone,
    FrameStatus,
    Health,
    InitRequest,
    Message,
    ObjectsFound,
    Setting,
    Text,
    UpdateAcknowledged,
    UpdateReport,
)
from iot_facerecognition_protocol.results import Face, ObjectLabel

_REPORTS: dict[type[Message], Command] = {
    FrameDone: Command.FRAME_DONE,
    ErrorReport: Command.ERROR,
    Health: Command.HEALTH,
    Drain: Command.DRAIN,
    UpdateAcknowledged: Command.UPDATE_ACKNOWLEDGED,
}
_HEALTH_TYPES: dict[str, Any] = get_type_hints(Health)
_UPDATE_FIELDS = ("version", "from", "state", "reason", "attempt")

_DIGITS = 308
"""Digits with which a whole number is within a double's range for certain."""
_OLD_SWITCH = {"true": True, "1": True, "false": False, "0": False}
_OLD_NUMBER = re.compile(r"-?[0-9]+")

_Value = TypeVar("_Value", str, int, bool, float, list[Any], dict[str, Any])


def encode(message: Message, version: Version = Version.V2) -> str:
    """Return the JSON text of `message` as a peer of `version` expects it.

    Version 1 gets no frame numbers and only the five fields of a face that it knows.
    Raises ValueError for a message that `version` has no command for, and for a number that is not
    finite.
    """
    if version < Version.V2 and isinstance(message, tuple(_REPORTS)):
        raise ValueError(f"version 1 has no {type(message).__name__}")
    if isinstance(message, Setting) and version < message.command.since:
        raise ValueError(f"version 1 has no {message.command.name}")
    document: dict[str, Any]
    match message:
        case Setting(command, value):
            document = {"command": command, "context": value}
        case Text(text):
            document = {"command": Command.MESSAGE, "context": text}
        case FacesFound(faces, frame):
            context: list[Any] = [_face_fields(face, version) for face in faces]
            document = _result(Command.MESSAGE_TAG_FACE, context, frame, version)
        case ObjectsFound(objects, frame):
            context = [{"label": o.label, "prediction": o.prediction} for o in objects]
            document = _result(Command.MESSAGE_TAG_OBJECT, context, frame, version)
        case InitRequest(window):
            document = {"command": Command.INIT_REQUEST}
            if version >= Version.V2 and window is not None:
                document["context"] = {"window": window}
        case FrameDone() | ErrorReport() | Health() | Drain() | UpdateAcknowledged():
            document = {"command": _REPORTS[type(message)], "context": _present(message)}
    return json.dumps(document, separators=(",", ":"), allow_nan=False)


def _result(
    command: Command, context: list[Any], frame: int | None, version: Version
) -> dict[str, Any]:
    document: dict[str, Any] = {"command": command, "context": context}
    if version >= Version.V2 and frame is not None:
        document["frame"] = frame
    return document


def _face_fields(face: Face, version: Version) -> dict[str, Any]:
    v1 = {"tag": face.tag, "x": face.x, "y": face.y, "width": face.width, "height": face.height}
    if version < Version.V2:
        return v1
    return v1 | {"distance": face.distance, "score": face.score, "track": face.track}


def _present(
    message: FrameDone | ErrorReport | Health | Drain | UpdateAcknowledged,
) -> dict[str, Any]:
    """Return the fields of `message` that are not None."""
    values = ((field.name, getattr(message, field.name)) for field in fields(message))
    present = {name: value for name, value in values if value is not None}
    if isinstance(message, Health) and message.update is not None:
        present["update"] = _update_fields(message.update)
    return present


def _update_fields(update: UpdateReport) -> dict[str, Any]:
    values: dict[str, Any] = {"version": update.version}
    if update.from_version is not None:
        values["from"] = update.from_version
    values["state"] = update.state
    if update.reason is not None:
        values["reason"] = update.reason
    return values | {"attempt": update.attempt}


def decode(text: str) -> Message:
    r"""Return the message in `text`: a JSON object, or `"\x01:name"` as the old package sends it.

    Both versions are read alike; a field that is missing because version 1 has none is None.
    Raises MalformedMessageError for text that is no message and UnknownCommandError for one with a
    command number from the future; no other exception, whatever the text.
    """
    if len(text) > 1 and text[1] == ":" and text[0] < " ":
        return _decode_old(ord(text[0]), text[2:])
    try:
        document = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise MalformedMessageError(f"not JSON: it is wrong from {place} on") from None
    except RecursionError:
        raise MalformedMessageError("nested too deep: no message needs that") from None
    if not isinstance(document, dict):
        raise MalformedMessageError("a message is a JSON object with command and context")
    number = document.get("command")
    if type(number) is float and number.is_integer():
        number = int(number)
    if "command" not in document:
        raise MalformedMessageError("the command is missing: it must be a whole number")
    if type(number) is not int:
        raise MalformedMessageError(f"the command must be a whole number, not {shown(number)}")
    return _Reader(_known(number), document).message()


def _known(number: int) -> Command:
    try:
        return Command(number)
    except ValueError:
        raise UnknownCommandError(number) from None


def _decode_old(number: int, value: str) -> Message:
    """Read the old Python package's framing, where every value is text."""
    command = _known(number)
    context: Any = value
    kind = SETTING_TYPES.get(command)
    if kind is bool:
        context = _OLD_SWITCH.get(value.strip().lower(), value)
    elif kind is int and _OLD_NUMBER.fullmatch(value):
        context = _whole(value)
    return _Reader(command, {"context": context}).message()


def _whole(number: str) -> Any:
    """Parse a JSON number without fraction and exponent, which may have any number of digits."""
    return int(number) if len(number.lstrip("-")) <= _DIGITS else BEYOND_DOUBLE


def _finite(number: str) -> Any:
    """Parse a JSON number with a fraction or exponent; 1e999 would otherwise become infinity."""
    value = float(number)
    return value if math.isfinite(value) else BEYOND_DOUBLE


def _refuse_constant(name: str) -> None:
    raise MalformedMessageError(f"not JSON: {name} is no JSON number")


_DECODER = json.JSONDecoder(parse_int=_whole, parse_float=_finite, parse_constant=_refuse_constant)
"""Made once: `json.loads` would make one for every text."""


class _Reader:
    """Reads the fields of one message, and says which of them is wrong."""

    def __init__(self, command: Command, document: Mapping[str, Any]) -> None:
        self._command = command
        self._document = document

    def message(self) -> Message:
        return _CONTEXTS[self._command](self)

    def switch(self) -> Setting:
        return Setting(self._command, self._context(bool))

    def name(self) -> Setting:
        return Setting(self._command, self._context(str))

    def label_count(self) -> Setting:
        return Setting(self._command, self._context(int))

    def threshold(self) -> Setting:
        return Setting(self._command, self._optional(self._document, "context", float))

    def text(self) -> Text:
        return Text(self._context(str))

    def init_request(self) -> InitRequest:
        """Read the window, where one is announced; never refuse what begins every session."""
        context = self._document.get("context")
        try:
            window = self._optional(context, "window", int) if isinstance(context, dict) else None
        except MalformedMessageError:
            window = None
        return InitRequest(window if window is not None and window >= 1 else None)

    def faces(self) -> FacesFound:
        return FacesFound(tuple(map(self._face, self._context(list))), self._frame())

    def objects(self) -> ObjectsFound:
        return ObjectsFound(tuple(map(self._object, self._context(list))), self._frame())

    def _context(self, kind: type[_Value]) -> _Value:
        return self._required(self._document, "context", kind)

    def _frame(self) -> int | None:
        return self._optional(self._document, "frame", int)

    def _face(self, item: Any) -> Face:
        if not isinstance(item, dict):
            raise self._wrong("a face", "an object", item)
        return Face(
            tag=self._required(item, "tag", str),
            x=self._required(item, "x", int),
            y=self._required(item, "y", int),
            width=self._required(item, "width", int),
            height=self._required(item, "height", int),
            distance=self._optional(item, "distance", float),
            score=self._optional(item, "score", float),
            track=self._optional(item, "track", int),
        )

    def _object(self, item: Any) -> ObjectLabel:
        if not isinstance(item, dict):
            raise self._wrong("an object label", "an object", item)
        return ObjectLabel(
            self._required(item, "label", str), self._required(item, "prediction", float)
        )

    def frame_done(self) -> FrameDone:
        context = self._context(dict)
        status = self._required(context, "status", str)
        if status not in set(FrameStatus):
            raise self._wrong("status", "one of " + ", ".join(FrameStatus), status)
        return FrameDone(
            frame=self._required(context, "frame", int),
            status=FrameStatus(status),
            queue_ms=self._optional(context, "queue_ms", float) or 0.0,
            compute_ms=self._optional(context, "compute_ms", float) or 0.0,
            reason=self._optional(context, "reason", str),
        )

    def error(self) -> ErrorReport:
        context = self._context(dict)
        return ErrorReport(
            code=self._required(context, "code", str),
            message=self._required(context, "message", str),
            frame=self._optional(context, "frame", int),
        )

    def drain(self) -> Drain:
        context = self._context(dict)
        return Drain(
            back_in_ms=max(0.0, self._optional(context, "back_in_ms", float) or 0.0),
            spread_ms=max(0.0, self._optional(context, "spread_ms", float) or 0.0),
        )

    def health(self) -> Health:
        """Read every field by itself: an edge with one broken sensor still tells the rest."""
        context = self._context(dict)
        values: dict[str, Any] = {}
        wrong: list[MalformedMessageError] = []
        for name, hint in _HEALTH_TYPES.items():
            kind = next(part for part in hint.__args__ if part is not type(None))
            try:
                if kind is UpdateReport:
                    values[name] = self._update(context)
                else:
                    values[name] = self._optional(context, name, kind)
            except MalformedMessageError as error:
                wrong.append(error)
        health = Health(**values)
        if wrong:
            others = len(wrong) - 1
            fields_are = "field is" if others == 1 else "fields are"
            more = f" (and {others} more {fields_are} wrong)" if others else ""
            usable = None if health == Health() else health
            raise MalformedMessageError(wrong[0].reason + more, self._command, usable)
        return health

    def _update(self, health: Mapping[str, Any]) -> UpdateReport | None:
        update = self._optional(health, "update", dict)
        if update is None:
            return None
        # Named with what they belong to, for the error messages: HEALTH has a version, too.
        named = {f"update.{name}": update[name] for name in _UPDATE_FIELDS if name in update}
        return UpdateReport(
            version=self._required(named, "update.version", str),
            state=self._required(named, "update.state", str),
            attempt=self._required(named, "update.attempt", str),
            from_version=self._optional(named, "update.from", str),
            reason=self._optional(named, "update.reason", str),
        )

    def update_acknowledged(self) -> UpdateAcknowledged:
        context = self._context(dict)
        return UpdateAcknowledged(
            version=self._required(context, "version", str),
            attempt=self._required(context, "attempt", str),
        )

    def _optional(self, source: Mapping[str, Any], key: str, kind: type[_Value]) -> _Value | None:
        return None if source.get(key) is None else self._required(source, key, kind)

    def _required(self, source: Mapping[str, Any], key: str, kind: type[_Value]) -> _Value:
        """Return `source[key]`; writers differ in how they spell whole numbers, 5 or 5.0."""
        if key not in source:
            reason = f"{self._command.name}: {key} is missing: it must be {TYPE_NAMES[kind]}"
            raise MalformedMessageError(reason, self._command)
        value = source[key]
        if kind is int and type(value) is float and value.is_integer():
            value = int(value)
        elif kind is float and type(value) is int:
            value = float(value)
        if type(value) is not kind:
            raise self._wrong(key, TYPE_NAMES[kind], value)
        return value

    def _wrong(self, what: str, allowed: str, value: Any) -> MalformedMessageError:
        reason = f"{self._command.name}: {what} must be {allowed}, not {shown(value)}"
        return MalformedMessageError(reason, self._command)


_CONTEXTS: dict[Command, Callable[[_Reader], Message]] = {
    Command.SETTING_NAME: _Reader.name,
    Command.MESSAGE: _Reader.text,
    Command.MESSAGE_TAG_FACE: _Reader.faces,
    Command.MESSAGE_TAG_OBJECT: _Reader.objects,
    Command.SETTING_OBJDETECTIONENABLED: _Reader.switch,
    Command.SETTING_LABELCOUNT: _Reader.label_count,
    Command.SETTING_DETERMINISTICOBJECTDETECTION: _Reader.switch,
    Command.SETTING_FACERECOGNITIONENABLED: _Reader.switch,
    Command.INIT_REQUEST: _Reader.init_request,
    Command.FRAME_DONE: _Reader.frame_done,
    Command.ERROR: _Reader.error,
    Command.HEALTH: _Reader.health,
    Command.DRAIN: _Reader.drain,
    Command.UPDATE_ACKNOWLEDGED: _Reader.update_acknowledged,
    Command.SETTING_OBJECTTHRESHOLD: _Reader.threshold,
}
