"""Why something was refused: codes for the wire, exceptions for the program."""

from enum import StrEnum

from iot_facerecognition_protocol.messages import Health


class ErrorCode(StrEnum):
    """The `code` of an `ERROR` message: stable, for programs; the text next to it is for people."""

    MALFORMED_MESSAGE = "malformed-message"
    """A text message that is no command, or whose context has the wrong type."""
    TEXT_TOO_LARGE = "text-too-large"
    """More bytes than the server takes in one text message; the connection is closed with 1009."""
    FRAME_EMPTY = "frame-empty"
    """A binary message without a byte."""
    FRAME_TOO_LARGE = "frame-too-large"
    """More bytes than the server takes in one frame.

    Beyond what it takes in any message, frame or text, it does not read on, and closes the
    connection with 1009.
    """
    FRAME_TOO_MANY_PIXELS = "frame-too-many-pixels"
    """The JPEG's header promises more pixels than the server decodes."""
    FRAME_TOO_MANY_SCANS = "frame-too-many-scans"
    """The JPEG has more scans than the server decodes for so many pixels."""
    FRAME_NOT_JPEG = "frame-not-jpeg"
    """Bytes that do not begin as a JPEG does."""
    FRAME_DAMAGED = "frame-damaged"
    """A JPEG that begins well and cannot be decoded."""
    FRAME_RATE = "frame-rate"
    """More frames a second than the server takes from one client.

    Sent as the `reason` of `FRAME_DONE`, without an `ERROR`: it would come as often as frames do.
    """
    ENGINE_FAILED = "engine-failed"
    """The server could not process a good frame; its log says why."""
    TOO_MANY_CLIENTS = "too-many-clients"
    """As many clients as the server takes; answered by HTTP status 503, without a WebSocket."""
    TOO_MANY_CONNECTIONS = "too-many-connections"
    """Too many connections from one address, or of one identity; answered by HTTP status 429."""
    MESSAGE_UNFINISHED = "message-unfinished"
    """A message that did not end in time, or for which there was no memory; closed with 1008."""
    TOO_SLOW = "too-slow"
    """The client does not read what it is sent; the connection is cut, since nothing reaches it."""
    IDLE = "idle"
    """The client sent nothing for too long; the connection is closed with 1008."""
    RATE = "rate"
    """More text messages than the server takes from one identity; those beyond are ignored.

    Sent every few seconds at most: it would come as often as the messages do.
    """
    FLOODING = "flooding"
    """Far more text messages than that; the connection is closed with 1008.

    For a while new connections of the identity are refused with HTTP status 429.
    """
    REVOKED = "revoked"
    """The client's token or certificate was revoked; the connection is closed with 1008."""


class ProtocolError(Exception):
    """Base of what this package raises about received data."""


class MalformedMessageError(ProtocolError):
    """A text message could not be understood.

    `command` is its command number when that much could be read, so that a setting with a bad value
    can be answered with the value that holds. `usable` is what is left of a `HEALTH` without the
    fields that are wrong, None where nothing is.
    """

    def __init__(
        self, reason: str, command: int | None = None, usable: Health | None = None
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.command = command
        self.usable = usable


class UnknownCommandError(ProtocolError):
    """A well-formed message with a command number that this version does not know.

    It comes from a newer peer: to be ignored and counted, never an offence.
    """

    def __init__(self, command: int) -> None:
        super().__init__(f"unknown command {command}")
        self.command = command


class LimitExceededError(ProtocolError):
    """A message is past one of the server's limits; `code` and `reason` are for its sender."""

    def __init__(self, code: ErrorCode, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason
