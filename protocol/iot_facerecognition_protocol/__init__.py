"""What the server and its clients say to each other.

Plain typed code without I/O, clock or threads, standard library only, so that every side can import
it: the server, the client library and the appliance on a Raspberry Pi Zero W.

- `commands`: the command numbers, fixed permanently.
- `messages`: one value type per message.
- `codec`: `encode` and `decode`, the only place with JSON in it.
- `results`: the faces and objects that a result carries.
- `settings`: what a client can set for its session, and how a value is bounded.
- `limits`: how much a client may send.
- `credit`: how many frames a version 2 client may have under way.
- `errors`: the codes of `ERROR` messages and the exceptions of this package.

Apart from them, `fingerprints` shows a certificate's hash so that people can compare it, `pairing`
is how a new device gets its token, and `system` what the programs need of the machine, files
above all.
"""

from iot_facerecognition_protocol.codec import decode, encode
from iot_facerecognition_protocol.commands import FROM_CLIENT, SUBPROTOCOL_V2, Command, Version
from iot_facerecognition_protocol.credit import (
    CREDIT_SECONDS,
    DEFAULT_WINDOW,
    MOST_WINDOW,
    CreditWindow,
)
from iot_facerecognition_protocol.errors import (
    ErrorCode,
    LimitExceededError,
    MalformedMessageError,
    ProtocolError,
    UnknownCommandError,
)
from iot_facerecognition_protocol.limits import (
    LABEL_COUNT_MAX,
    LABEL_COUNT_MIN,
    MESSAGE_LENGTH,
    NAME_LENGTH,
    Limits,
)
from iot_facerecognition_protocol.messages import (
    SETTING_TYPES,
    CameraState,
    Drain,
    DropReason,
    ErrorReport,
    FacesFound,
    FrameDone,
    FrameStatus,
    Health,
    InitRequest,
    Message,
    ObjectsFound,
    Setting,
    SettingValue,
    Text,
    UpdateAcknowledged,
    UpdateReport,
    UpdateState,
)
from iot_facerecognition_protocol.results import Face, ObjectLabel
from iot_facerecognition_protocol.settings import SessionSettings, clean_text

__all__ = [
    "CREDIT_SECONDS",
    "DEFAULT_WINDOW",
    "FROM_CLIENT",
    "LABEL_COUNT_MAX",
    "LABEL_COUNT_MIN",
    "MESSAGE_LENGTH",
    "MOST_WINDOW",
    "NAME_LENGTH",
    "SETTING_TYPES",
    "SUBPROTOCOL_V2",
    "CameraState",
    "Command",
    "CreditWindow",
    "Drain",
    "DropReason",
    "ErrorCode",
    "ErrorReport",
    "Face",
    "FacesFound",
    "FrameDone",
    "FrameStatus",
    "Health",
    "InitRequest",
    "LimitExceededError",
    "Limits",
    "MalformedMessageError",
    "Message",
    "ObjectLabel",
    "ObjectsFound",
    "ProtocolError",
    "SessionSettings",
    "Setting",
    "SettingValue",
    "Text",
    "UnknownCommandError",
    "UpdateAcknowledged",
    "UpdateReport",
    "UpdateState",
    "Version",
    "clean_text",
    "decode",
    "encode",
]
