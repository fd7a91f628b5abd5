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
        if not self.host or any(c.isspace() or c in "/[]@?#%" for c in self.host):
            raise ValueError(f"{self.host!r} is no host name and no IP address")
        if not 0 < self.port < 2**16:
            raise ValueError(f"a port is a number from 1 to 65535, not {self.port}")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `host`, `host:port`, `[::1]:port`, `::1` or `wss://host:port`.

        Raises ValueError, also for `ws://`: without TLS nothing is sent.
        """
        scheme, separator, rest = text.strip().rpartition("://")
        if separator and scheme.lower() != "wss":
            raise ValueError(f"{text!r}: the address begins with wss:// or with the host itself")
        if rest.count(":") > 1 and "[" not in rest:
            return cls(rest)
        parts = urlsplit(f"//{rest}")
        if parts.path.strip("/") or parts.query or parts.fragment or "@" in parts.netloc:
            raise ValueError(f"{text!r}: an address is a host and a port, nothing more")
        try:
            port = parts.port
        except ValueError:
            port = 0
        return cls(parts.hostname or "", DEFAULT_PORT if port is None else port)

    @property
    def url(self) -> str:
        """The address as WebSocket URL."""
        return f"wss://{self}"

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"
