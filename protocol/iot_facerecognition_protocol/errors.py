"""Why something was refused: codes for the wire, exceptions for the program."""

from enum import StrEnum


class ErrorCode(StrEnum):
    """The `code` of an `ERROR` message: stable, for programs; the text beside it is for people."""

    MALFORMED_MESSAGE = "malformed-message"
    """A text message that is no command, or whose context has the wrong type."""
    TEXT_TOO_LARGE = "text-too-large"
    FRAME_EMPTY = "frame-empty"
    FRAME_TOO_LARGE = "frame-too-large"
    """More bytes than the server takes in one frame."""
    FRAME_TOO_MANY_PIXELS = "frame-too-many-pixels"
    """The JPEG's header promises more pixels than the server decodes."""
    FRAME_NOT_JPEG = "frame-not-jpeg"
    FRAME_DAMAGED = "frame-damaged"
    """A JPEG that begins well and cannot be decoded."""
    FRAME_RATE = "frame-rate"
    """More frames a second than the server takes from one client."""
    ENGINE_FAILED = "engine-failed"
    """The server could not process a good frame; its log says why."""
    TOO_MANY_CLIENTS = "too-many-clients"
    TOO_MANY_CONNECTIONS = "too-many-connections"
    """Too many connections from one address."""
    TOO_SLOW = "too-slow"
    """The client does not read what it is sent."""
    IDLE = "idle"


class ProtocolError(Exception):
    """Base of what this package raises about received data."""


class MalformedMessageError(ProtocolError):
    """A text message could not be understood.

    `command` is its command number when that much could be read, so that a setting with a bad value
    can be answered with the value that holds.
    """

    def __init__(self, reason: str, command: int | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.command = command


class UnknownCommandError(ProtocolError):
    """A well-formed message with a command number that this version does not know.

    It comes from a newer peer: to be ignored and counted, never an offence.
    """

    def __init__(self, command: int) -> None:
        super().__init__(f"unknown command {command}")
        self.command = command
