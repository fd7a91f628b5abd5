"""What has to be done to a device, as values: `plan` makes them, `machine` does them."""

from collections.abc import Mapping

from iot_facerecognition_edge.settings.setting import Value
from iot_facerecognition_protocol.records import dataclass


@dataclass(frozen=True, slots=True)
class PutFile:
    """The file `path` has this content and mode; it belongs to root."""

    path: str
    content: str
    mode: int = 0o644


@dataclass(frozen=True, slots=True)
class RemoveFile:
    """There is no file `path`."""

    path: str


@dataclass(frozen=True, slots=True)
class PutLink:
    """`path` is a symbolic link to `target`."""

    path: str
    target: str


@dataclass(frozen=True, slots=True)
class RunCommand:
    """A program is run, without a shell. `why` is what it is for, in words for a person.

    Where it is not `needed`, the next start of the device does the same and a failure is no matter.
    """

    words: tuple[str, ...]
    why: str
    needed: bool = True


@dataclass(frozen=True, slots=True)
class UnblockRadio:
    """Wi-Fi is not blocked by rfkill, now and at later starts."""


@dataclass(frozen=True, slots=True)
class KeepSettings:
    """The edge's settings file has these values; others stay. `ca` is put next to it."""

    values: Mapping[str, Value]
    ca: str | None = None


@dataclass(frozen=True, slots=True)
class ReplaceBootWord:
    """Where cmdline.txt has the word `name=…`, its value is this one."""

    name: str
    value: str


Step = PutFile | RemoveFile | PutLink | RunCommand | UnblockRadio | KeepSettings | ReplaceBootWord
