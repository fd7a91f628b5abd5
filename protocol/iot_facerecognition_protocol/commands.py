"""Command numbers and protocol versions."""

from enum import IntEnum

SUBPROTOCOL_V2 = "iot-facerecognition.v2"
"""The WebSocket subprotocol by which both sides agree on version 2."""


class Version(IntEnum):
    """A version of the protocol, agreed in the WebSocket handshake."""

    V1 = 1
    """The original's (2020-2021): no subprotocol, no frame numbers, no acknowledgement."""
    V2 = 2
    """Ours: numbered frames, credit, errors and health, under `SUBPROTOCOL_V2`."""


class Command(IntEnum):
    """The number in a message's `command` field.

    1 to 9 are the original's (`Client.h`, version 2.0.0) and keep their meaning permanently; from
    10 on they belong to version 2.
    """

    SETTING_NAME = 1
    MESSAGE = 2
    MESSAGE_TAG_FACE = 3
    MESSAGE_TAG_OBJECT = 4
    SETTING_OBJDETECTIONENABLED = 5
    SETTING_LABELCOUNT = 6
    SETTING_DETERMINISTICOBJECTDETECTION = 7
    SETTING_FACERECOGNITIONENABLED = 8
    INIT_REQUEST = 9
    FRAME_DONE = 10
    ERROR = 11
    HEALTH = 12
    DRAIN = 13
    UPDATE_ACKNOWLEDGED = 14
    SETTING_OBJECTTHRESHOLD = 15

    @property
    def since(self) -> Version:
        """The version that brought it."""
        return Version.V1 if self <= Command.INIT_REQUEST else Version.V2


FROM_CLIENT = frozenset(
    {
        Command.SETTING_NAME,
        Command.MESSAGE,
        Command.SETTING_OBJDETECTIONENABLED,
        Command.SETTING_LABELCOUNT,
        Command.SETTING_DETERMINISTICOBJECTDETECTION,
        Command.SETTING_FACERECOGNITIONENABLED,
        Command.HEALTH,
        Command.SETTING_OBJECTTHRESHOLD,
    }
)
"""The commands that a client sends; a server ignores the others, whatever their context is."""
