"""A bench: a board with its relay, its SD multiplexer and its picture, described in a TOML file.

Every device on a bench is driven by a command of its owner's, so any relay and any multiplexer
will do. docs/hil.md has the file with all of its keys, and how a bench is wired.
"""

import difflib
import string
import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from pathlib import Path
from typing import Any, Self, TypeVar, get_type_hints

T = TypeVar("T")


class BenchError(Exception):
    """The bench cannot be used; the message says what is wrong and how to mend it."""


@dataclass(frozen=True, slots=True)
class Login:
    """How the device is reached: an SSH `host` (`pi@zero.lan`), its `port`, a private `key`.

    The account must be able to use sudo without a password. With a `clock_chip` no boot begins at a
    wrong time of day.
    """

    host: str = ""
    port: int = 22
    key: Path | None = None
    clock_chip: bool = False


@dataclass(frozen=True, slots=True)
class Power:
    """Commands that give the board its power and cut it, by a relay."""

    on: str
    off: str
    settle_seconds: float = 2.0
    """How long it stays without power, so that what its capacitors hold is gone."""


@dataclass(frozen=True, slots=True)
class CardWriter:
    """Commands that turn the SD multiplexer, and where the card then is on this machine.

    `image` is the image to write (.img or .img.xz); `boot` is where the boot partition is mounted
    by `mount`, for the settings file; `settings` is a settings file whose sections are added to
    those of the tests: Wi-Fi, time servers.
    """

    to_reader: str
    to_device: str
    device: Path
    image: Path
    boot: Path
    mount: str
    unmount: str
    settings: Path | None = None


@dataclass(frozen=True, slots=True)
class Scene:
    """What the camera looks at: `show` puts `{picture}` on the light box or the display."""

    show: str = ""
    seconds: float = 8.0
    """How long each of several pictures is shown; more than the edge's five seconds of absence."""


@dataclass(frozen=True, slots=True)
class Screen:
    """The device's framebuffer, empty for a device without a screen."""

    framebuffer: str = "/dev/fb0"


@dataclass(frozen=True, slots=True)
class Link:
    """Commands on this machine that take the device's network away and give it back.

    Without them the device switches its own radio off, and on again after a while.
    """

    off: str = ""
    on: str = ""


@dataclass(frozen=True, slots=True)
class Serial:
    """The serial console: its character device on this machine, and its speed."""

    device: Path | None = None
    speed: int = 115200


@dataclass(frozen=True, slots=True)
class ServerAccess:
    """A server that somebody else runs, for `--hil-server HOST:PORT`.

    `command` is its command line (`ssh me@server iot-facerecognition-server`), `metrics` the
    address of its metrics, `restart` what restarts it.
    """

    command: str = ""
    metrics: str = ""
    restart: str = ""


@dataclass(frozen=True, slots=True)
class Goals:
    """What must be reached. A figure without a goal is reported and asserts nothing.

    `frame_rate` in frames a second, `memory` of the edge's service and `cpu` of the processor at
    that rate (MiB; percent), `temperature` in °C, `latency` from capture to result and `boot` from
    the kernel's start to the first result, in seconds.
    """

    frame_rate: float | None = 15.0
    cpu: float | None = 40.0
    memory: float | None = 100.0
    temperature: float | None = 70.0
    latency: float | None = 0.5
    boot: float | None = 60.0
    reconnects: int = 1000
    power_cuts: int = 10
    link_off_seconds: float = 90.0
    patience: float = 180.0
    """Seconds for a boot, and for anything else that the device has to get done."""


@dataclass(frozen=True, slots=True)
class Bench:
    """All of it. `name` stands on the report; `address` is this machine's, seen by the device."""

    name: str = "bench"
    address: str = ""
    device: Login = field(default_factory=Login)
    power: Power | None = None
    card: CardWriter | None = None
    camera: Scene = field(default_factory=Scene)
    screen: Screen = field(default_factory=Screen)
    network: Link = field(default_factory=Link)
    serial: Serial = field(default_factory=Serial)
    server: ServerAccess = field(default_factory=ServerAccess)
    goals: Goals = field(default_factory=Goals)
    edge_settings: Mapping[str, str | int | float | bool] = field(default_factory=dict)
    """Settings of the edge for this bench, as `camera.rotation = "180"`."""

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read the file at `path`. Raises BenchError."""
        try:
            document = tomllib.loads(path.read_text())
        except OSError as error:
            raise BenchError(f"{path} cannot be read: {error.strerror}") from error
        except ValueError as error:
            raise BenchError(f"{path} is not TOML: {error}") from error
        try:
            bench = cls(**_checked_sections(cls, document))
        except BenchError as error:
            raise BenchError(f"{path}: {error}") from None
        check_command("camera.show", bench.camera.show, {"picture"})
        return bench


_SECTIONS: Mapping[str, type[Any]] = {
    "device": Login,
    "power": Power,
    "card": CardWriter,
    "camera": Scene,
    "screen": Screen,
    "network": Link,
    "serial": Serial,
    "server": ServerAccess,
    "goals": Goals,
}


def check_command(key: str, command: str, allowed: set[str]) -> None:
    """Raise BenchError where `command` has a placeholder that nobody fills."""
    try:
        names = {name for _, name, _, _ in string.Formatter().parse(command) if name is not None}
    except ValueError as error:
        raise BenchError(f"{key}: {error}; write {{{{ and }}}} for braces") from None
    if unknown := names - allowed:
        known = ", ".join(sorted(f"{{{name}}}" for name in allowed)) or "none"
        raise BenchError(f"{key}: nothing fills {{{unknown.pop()}}}; there is {known}")


def _checked_sections(kind: type[Bench], document: Mapping[str, Any]) -> dict[str, Any]:
    known = {one.name for one in fields(kind)}
    values: dict[str, Any] = {}
    for name, value in document.items():
        if name not in known:
            raise BenchError(f"[{name}] is unknown{_nearest(name, known)}")
        section = _SECTIONS.get(name)
        if section is not None or name == "edge_settings":
            if not isinstance(value, dict):
                raise BenchError(f"{name} is a section: write [{name}]")
        elif not isinstance(value, str):
            raise BenchError(f"{name} is a text, not {value!r}")
        values[name] = _checked(section, name, value) if section else value
    return values


def _checked(kind: type[T], section: str, given: Mapping[str, Any]) -> T:
    kinds, values = get_type_hints(kind), {}
    for key, value in given.items():
        if key not in kinds:
            raise BenchError(f"[{section}] {key} is unknown{_nearest(key, set(kinds))}")
        values[key] = _value(f"[{section}] {key}", kinds[key], value)
    for one in fields(kind):  # type: ignore[arg-type]
        if one.name not in values and one.default is MISSING and one.default_factory is MISSING:
            raise BenchError(f"[{section}] {one.name} is missing")
    return kind(**values)


def _value(place: str, kind: Any, value: Any) -> Any:
    if kind in {Path, Path | None} and isinstance(value, str):
        return Path(value).expanduser()
    if kind in {float, float | None} and isinstance(value, int | float) and value is not True:
        return float(value)
    if kind in {str, int, bool} and type(value) is kind:
        return value
    names = {
        str: "a text",
        int: "a whole number",
        bool: "true or false",
        Path: "a path",
        Path | None: "a path",
    }
    raise BenchError(f"{place} is {names.get(kind, 'a number')}, not {value!r}")


def _nearest(name: str, known: set[str]) -> str:
    close = difflib.get_close_matches(name, known, 1)
    return f"; did you mean {close[0]}?" if close else f"; there are {', '.join(sorted(known))}"
