"""The kinds of value a setting can have: how its text is read, and what is allowed."""

import ipaddress
import re
from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_TRUE = frozenset({"true", "yes", "on", "1"})
_FALSE = frozenset({"false", "no", "off", "0"})
_HOST_NAME = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}(?<!-)(\.(?!-)[A-Za-z0-9_-]{1,63}(?<!-))*")
_HOST_AND_PORT = re.compile(
    rf"(?:\[(?P<ipv6>[0-9A-Fa-f:.]+)\]|(?P<host>{_HOST_NAME.pattern}))(?::(?P<port>[0-9]{{1,5}}))?"
)
_PORTS = 65536
_ORIGIN = re.compile(r"https?://([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?")
_PINNED_ADDRESS = re.compile(r"(https|file)://[^\s#]+#sha256=[0-9A-Fa-f]{64}")


class Kind(ABC):
    """Reads the text of a value and says what is allowed."""

    @property
    @abstractmethod
    def allowed(self) -> str:
        """What is allowed, as it completes the sentence "allowed is ..."."""

    @abstractmethod
    def parse(self, text: str, base: Path) -> Any:
        """Return the value of `text`; relative paths are relative to the folder `base`.

        Raises ValueError where the text is not allowed.
        """


@dataclass(frozen=True, slots=True)
class Boolean(Kind):
    """Yes or no: gives a bool."""

    @property
    def allowed(self) -> str:
        """The two words."""
        return "true or false"

    def parse(self, text: str, base: Path) -> bool:  # noqa: ARG002 - no path
        """Take what configparser takes, in any case."""
        word = text.lower()
        if word in _TRUE:
            return True
        if word in _FALSE:
            return False
        raise ValueError(text)


@dataclass(frozen=True, slots=True)
class Integer(Kind):
    """A whole number from `least` to `most`, of some `unit`: gives an int.

    With `or_zero`, 0 is allowed too: nothing is set.
    """

    least: int
    most: int
    unit: str = ""
    or_zero: bool = False

    @property
    def allowed(self) -> str:
        """The range with its unit."""
        unit = f" ({self.unit})" if self.unit else ""
        zero = "0 or " if self.or_zero else ""
        return f"{zero}a whole number from {self.least} to {self.most}{unit}"

    def parse(self, text: str, base: Path) -> int:  # noqa: ARG002 - no path
        """Take plain decimal digits."""
        if not re.fullmatch(r"[+-]?[0-9]{1,18}", text):
            raise ValueError(text)
        value = int(text)
        if self.or_zero and value == 0:
            return value
        if not self.least <= value <= self.most:
            raise ValueError(text)
        return value


@dataclass(frozen=True, slots=True)
class Number(Kind):
    """A number from `least` to `most`, of some `unit`: gives a float."""

    least: float
    most: float
    unit: str = ""

    @property
    def allowed(self) -> str:
        """The range with its unit."""
        unit = f" ({self.unit})" if self.unit else ""
        return f"a number from {self.least:.15g} to {self.most:.15g}{unit}"

    def parse(self, text: str, base: Path) -> float:  # noqa: ARG002 - no path
        """Take a finite decimal number with a point."""
        value = float(text)
        if not self.least <= value <= self.most:  # also what is not a number at all
            raise ValueError(text)
        return value


@dataclass(frozen=True, slots=True)
class Choice(Kind):
    """One of a few words: gives it in lower case."""

    words: tuple[str, ...]

    @property
    def allowed(self) -> str:
        """The words."""
        return "one of " + ", ".join(self.words)

    def parse(self, text: str, base: Path) -> str:  # noqa: ARG002 - no path
        """Take a word in any case."""
        word = text.lower()
        if word not in self.words:
            raise ValueError(text)
        return word


@dataclass(frozen=True, slots=True)
class NumberedChoice(Kind):
    """One of a few numbers that stand for something: gives the int."""

    meanings: tuple[tuple[int, str], ...]

    @property
    def allowed(self) -> str:
        """The numbers with what they stand for."""
        return "one of " + ", ".join(f"{number} ({name})" for number, name in self.meanings)

    def parse(self, text: str, base: Path) -> int:  # noqa: ARG002 - no path
        """Take one of the numbers."""
        for number, _ in self.meanings:
            if text == str(number):
                return number
        raise ValueError(text)


@dataclass(frozen=True, slots=True)
class Label(Kind):
    """A short name of printable ASCII, since it travels in HTTP headers: gives a str."""

    longest: int

    @property
    def allowed(self) -> str:
        """The length and the characters."""
        return f"1 to {self.longest} printable ASCII characters"

    def parse(self, text: str, base: Path) -> str:  # noqa: ARG002 - no path
        """Take it as it is."""
        if not (0 < len(text) <= self.longest and text.isascii() and text.isprintable()):
            raise ValueError(text)
        return text


@dataclass(frozen=True, slots=True)
class ListenAddress(Kind):
    """Where to listen: gives a str, empty for all addresses of the machine."""

    @property
    def allowed(self) -> str:
        """The forms of an address."""
        return "an IP address or a host name of this machine, or nothing for all addresses"

    def parse(self, text: str, base: Path) -> str:  # noqa: ARG002 - no path
        """Take it as it is, without asking the network for names."""
        if text and not _HOST_NAME.fullmatch(text):
            ipaddress.ip_address(text)
        return text


@dataclass(frozen=True, slots=True)
class PublicAddress(Kind):
    """By which address others reach the server: gives a str, empty for none given."""

    @property
    def allowed(self) -> str:
        """The forms of an address."""
        return "an IP address or a host name, with :PORT after it or not, or nothing"

    def parse(self, text: str, base: Path) -> str:  # noqa: ARG002 - no path
        """Take it as it is, without asking the network for names."""
        if text:
            self.split(text)
        return text

    @staticmethod
    def split(text: str) -> tuple[str, int | None]:
        """Return the host, without brackets, and the port, None without one. Raises ValueError."""
        try:
            return str(ipaddress.ip_address(text)), None
        except ValueError:
            found = _HOST_AND_PORT.fullmatch(text)
        if found is None:
            raise ValueError(text)
        ipv6, host, port = found["ipv6"], found["host"], found["port"]
        if ipv6 is not None:
            host = str(ipaddress.IPv6Address(ipv6))
        if port is not None and not 0 < int(port) < _PORTS:
            raise ValueError(text)
        return host, None if port is None else int(port)


@dataclass(frozen=True, slots=True)
class OriginList(Kind):
    """Origins of web pages: gives a tuple of str, empty for none."""

    @property
    def allowed(self) -> str:
        """The forms of an origin."""
        return "origins as https://HOST or https://HOST:PORT, with spaces between, or * for all"

    def parse(self, text: str, base: Path) -> tuple[str, ...]:  # noqa: ARG002 - no path
        """Take scheme, host and port, and nothing after them."""
        origins = tuple(text.split())
        if any(origin != "*" and not _ORIGIN.fullmatch(origin) for origin in origins):
            raise ValueError(text)
        return origins


@dataclass(frozen=True, slots=True)
class NetworkList(Kind):
    """Networks of IP addresses: gives a tuple of IPv4Network and IPv6Network, empty for none."""

    @property
    def allowed(self) -> str:
        """The forms of a network."""
        return "IP addresses, or networks as 10.0.0.0/8 and fd00::/8, with spaces between"

    def parse(
        self,
        text: str,
        base: Path,  # noqa: ARG002 - no path
    ) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
        """Take no network whose address has bits behind its prefix: one of the two is wrong."""
        return tuple(ipaddress.ip_network(word) for word in text.split())


@dataclass(frozen=True, slots=True)
class FilePath(Kind):
    """A file or folder: gives an absolute Path."""

    @property
    def allowed(self) -> str:
        """Any path."""
        return "a path"

    def parse(self, text: str, base: Path) -> Path:
        """Take a path; `~` is the home folder."""
        if not text or "\0" in text:
            raise ValueError(text)
        try:
            return base / Path(text).expanduser()
        except RuntimeError as error:  # there is no such home
            raise ValueError(text) from error


@dataclass(frozen=True, slots=True)
class OptionalFilePath(Kind):
    """A file or folder, or none: gives an absolute Path, or None for empty text."""

    @property
    def allowed(self) -> str:
        """Any path or none."""
        return "a path, or nothing"

    def parse(self, text: str, base: Path) -> Path | None:
        """Take a path or nothing."""
        return FilePath().parse(text, base) if text else None


@dataclass(frozen=True, slots=True)
class ModelSource(Kind):
    """A file of network weights: gives a str as `ModelStore.resolve` takes it.

    That is an absolute path, an address with the file's SHA-256, or nothing for the file that comes
    with a package. The name `packaged` means the file of that name next to the configuration, and
    the one of the package where there is none, so that the original's settings work without a
    download.
    """

    packaged: str

    @property
    def allowed(self) -> str:
        """The three forms."""
        return (
            "a path, https://...#sha256=HEX, file://...#sha256=HEX,"
            " or nothing for the packaged file"
        )

    def parse(self, text: str, base: Path) -> str:
        """Take a path, a pinned address or nothing."""
        if not text:
            return ""
        if "://" in text:
            if not _PINNED_ADDRESS.fullmatch(text):
                raise ValueError(text)
            return text
        path = FilePath().parse(text, base)
        return "" if text == self.packaged and not path.exists() else str(path)
