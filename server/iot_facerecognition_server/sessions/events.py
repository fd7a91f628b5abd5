"""What a client's text message turned out to be, for the log, the metrics and the fleet."""

from dataclasses import dataclass

from iot_facerecognition_protocol import Command, ErrorCode, Health


@dataclass(frozen=True, slots=True)
class SettingChanged:
    """The client set something; `value` is what holds now."""

    command: Command
    value: str | int | bool


@dataclass(frozen=True, slots=True)
class TextReceived:
    """The client sent a message, cleaned for one line."""

    text: str


@dataclass(frozen=True, slots=True)
class Refused:
    """Something the client sent was not taken, and it has been told as far as its version can.

    `fatal`: the connection is to be closed.
    """

    code: ErrorCode
    message: str
    fatal: bool = False


@dataclass(frozen=True, slots=True)
class HealthReceived:
    """The client told how it is doing; `refused` tells of fields that were left out."""

    health: Health
    refused: Refused | None = None


@dataclass(frozen=True, slots=True)
class Ignored:
    """A message that only a server sends, or a command from the future: `what` names it."""

    what: str


Event = SettingChanged | TextReceived | HealthReceived | Refused | Ignored
