"""Where a server listens."""

from typing import Self
from urllib.parse import urlsplit

from iot_facerecognition_protocol.records import dataclass

DEFAULT_PORT = 50000
"""The original's port."""


@dataclass(frozen=True, slots=True)
class ServerAddress:
    """Host name or IP address, and port. Raises ValueError for what cannot be one."""

    host: str
    port: int = DEFAULT_PORT

    def __post_init__(self) -> None:
        if ":" in self.host:
            _check_ipv6(self.host)
        elif not self.host or any(c.isspace() or c in "/[]@?#%" for c in self.host):
            raise ValueError(f"{self.host!r} is no host name and no IP address")
        if not 0 < self.port < 2**16:
            raise ValueError(f"a port is a number from 1 to 65535, not {self.port}")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `host`, `host:port`, `[::1]:port`, `::1` or `wss://host:port`.

        Raises ValueError, also for `ws://`: without TLS nothing is sent.
        """
        host, port = split_address(text)
        return cls(host, DEFAULT_PORT if port is None else port)

    @property
    def url(self) -> str:
        """The address as WebSocket URL."""
        return f"wss://{self}"

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


def split_address(text: str) -> tuple[str, int | None]:
    """Return the host, and the port where `text` names one; forms as in `ServerAddress.parse`.

    Raises ValueError.
    """
    scheme, separator, rest = text.strip().rpartition("://")
    if separator and scheme.lower() != "wss":
        raise ValueError(f"{text!r}: the address begins with wss:// or with the host itself")
    if rest.count(":") > 1 and "[" not in rest:
        return rest, None
    parts = urlsplit(f"//{rest}")
    if parts.path.strip("/") or parts.query or parts.fragment or "@" in parts.netloc:
        raise ValueError(f"{text!r}: an address is a host and a port, nothing more")
    try:
        port = parts.port
    except ValueError:
        port = 0
    return parts.hostname or "", port


def _check_ipv6(host: str) -> None:
    """Raise ValueError unless `host`, which has a colon, is an IPv6 address, with a zone or not."""
    from ipaddress import AddressValueError, IPv6Address  # noqa: PLC0415 - for few addresses

    try:
        IPv6Address(host)
    except AddressValueError:
        name, _, port = host.rpartition(":")
        if port.isdecimal() and ":" not in name:
            raise ValueError(
                f"{host!r} names a port too: give host {name} and port {port} apart"
            ) from None
        raise ValueError(f"{host!r} is no host name and no IP address") from None
