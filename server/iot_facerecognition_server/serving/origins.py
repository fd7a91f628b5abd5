"""Whose web pages may use the server: judges the `Origin` that a browser sends (RFC 6454).

A browser opens a WebSocket to anywhere for any page, with the user's client certificate, and only
says which page it was. Programs that are no browser send no Origin or, as the original's Python
client, the server's own.
"""

from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

EVERY: Final = "*"
"""The origin that stands for all of them."""
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}
_SHOWN: Final = 200
"""Characters of a refused origin that are repeated."""


class Origins:
    """The server's own origin, and those that the configuration also allows."""

    def __init__(self, allowed: Sequence[str]) -> None:
        """Let in `allowed`, origins as `https://host[:port]`, or EVERY."""
        self._every = EVERY in allowed
        self._allowed = frozenset(map(_normalised, allowed))

    def refuse(self, origins: Sequence[str], host: str | None) -> str | None:
        """Return why a request is refused, by its Origin headers and its Host; None: it is not."""
        if not origins or self._every:
            return None
        if len(origins) > 1:
            return "there are several Origin headers; send one, or none"
        (origin,) = origins
        if not origin or _is_own(origin, host) or _normalised(origin) in self._allowed:
            return None
        return (
            f"pages of the origin {origin[:_SHOWN]!a} may not use this server;"
            " [Auth] Origins lists those that may"
        )


def _is_own(origin: str, host: str | None) -> bool:
    """Whether `origin` is the server itself, by the name that the client calls it.

    A page cannot choose what its browser sends as Host and Origin, and one that was loaded under
    another name, as with DNS rebinding, fails at the certificate.
    """
    if host is None:
        return False
    return _normalised(origin) in {_normalised(f"{scheme}://{host}") for scheme in _DEFAULT_PORTS}


def _normalised(origin: str) -> str:
    """Return `origin` in lower case and with its port; what is no origin stays as it is."""
    try:
        parts = urlsplit(origin.strip().lower())
        port = parts.port or _DEFAULT_PORTS[parts.scheme]
    except (ValueError, KeyError):
        return origin
    return f"{parts.scheme}://{parts.netloc.removesuffix(f':{port}')}:{port}{parts.path}"
