"""Opens listening sockets, and says in one sentence why one cannot be opened."""

import errno
import logging
import socket
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from iot_facerecognition_server.errors import AddressInUseError, CannotListenError

_log = logging.getLogger(__name__)

BACKLOG: Final = 512
"""Connections that the kernel keeps for a listener until it accepts them."""
_ALL_ADDRESSES: Final = ("0.0.0.0", "::")  # noqa: S104 - what an empty Bind asks for
_NO_SUCH_FAMILY: Final = frozenset({errno.EAFNOSUPPORT, errno.EPROTONOSUPPORT})
_PRIVILEGED: Final = 1024
"""Ports below this one need a capability on Linux (net.ipv4.ip_unprivileged_port_start)."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An address to listen on, as `getaddrinfo` gives it."""

    family: socket.AddressFamily
    address: tuple[str, int] | tuple[str, int, int, int]

    @property
    def host(self) -> str:
        """The IP address as text."""
        return self.address[0]

    def with_port(self, port: int) -> "Endpoint":
        """Return the same address with another port."""
        if len(self.address) == 2:  # noqa: PLR2004 - host and port of IPv4
            return Endpoint(self.family, (self.host, port))
        return Endpoint(self.family, (self.host, port, *self.address[2:]))


def listen(host: str, port: int, section: str) -> list[socket.socket]:
    """Return non-blocking sockets that listen on `host`; empty: all addresses of the machine.

    `section` of the configuration is named in errors. All sockets have the same port, also where
    `port` is 0. Of a name with several addresses those that work are listened on, and a warning is
    logged for each other; but a port that another program has on one of them is an error, since
    clients might reach that program. Raises AddressInUseError and CannotListenError.
    """
    opened: list[socket.socket] = []
    failures: list[tuple[Endpoint, OSError]] = []
    try:
        for endpoint in _endpoints(host, port, section):
            chosen = port or (opened[0].getsockname()[1] if opened else 0)
            try:
                opened.append(_open(endpoint.with_port(chosen)))
            except OSError as error:
                if error.errno == errno.EADDRINUSE:
                    raise AddressInUseError(endpoint.host, chosen, f"[{section}] Port") from error
                failures.append((endpoint, error))
        _judge(opened, failures, port, section, everywhere=not host)
    except BaseException:
        for listener in opened:
            listener.close()
        raise
    return opened


def _endpoints(host: str, port: int, section: str) -> Sequence[Endpoint]:
    found: dict[Endpoint, None] = {}
    for name in [host] if host else _ALL_ADDRESSES:
        try:
            infos = socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)
        except socket.gaierror as error:
            if not host:  # this machine has one of the two IP versions only
                continue
            raise CannotListenError(
                f"[{section}] Bind={host}: there is no such host ({error.strerror}); name an"
                " address of this machine, or leave it empty for all of them"
            ) from error
        for family, _, _, _, address in infos:
            if family in {socket.AF_INET, socket.AF_INET6}:
                found[Endpoint(family, address)] = None  # type: ignore[arg-type]
    return tuple(found)


def _open(endpoint: Endpoint) -> socket.socket:
    listener = socket.socket(endpoint.family, socket.SOCK_STREAM)
    try:
        listener.setblocking(False)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if endpoint.family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listener.bind(endpoint.address)
        listener.listen(BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener


def _judge(
    opened: Sequence[socket.socket],
    failures: Sequence[tuple[Endpoint, OSError]],
    port: int,
    section: str,
    *,
    everywhere: bool,
) -> None:
    """Raise when nothing could be opened; otherwise warn of what could not."""
    if not opened:
        reasons = [_explained(endpoint, error, port, section) for endpoint, error in failures]
        raise CannotListenError(reasons[0] if reasons else f"[{section}] Bind: no address to use")
    for endpoint, error in failures:
        level = logging.DEBUG if everywhere else logging.WARNING
        reason = _explained(endpoint, error, port, section)
        _log.log(level, "not listening on %s: %s", endpoint.host, reason)


def _explained(endpoint: Endpoint, error: OSError, port: int, section: str) -> str:
    if error.errno in {errno.EACCES, errno.EPERM} and port < _PRIVILEGED:
        return (
            f"[{section}] Port={port}: this user may not listen on ports below {_PRIVILEGED};"
            " choose a higher one, or give the service CAP_NET_BIND_SERVICE"
            " (AmbientCapabilities= in its unit)"
        )
    if error.errno == errno.EADDRNOTAVAIL:
        return (
            f"[{section}] Bind: {endpoint.host} is not an address of this machine; name one that"
            " `ip address` lists, or leave it empty for all of them"
        )
    if error.errno in _NO_SUCH_FAMILY:
        kind = "IPv6" if endpoint.family == socket.AF_INET6 else "IPv4"
        return f"[{section}] Bind: {endpoint.host}: this machine has no {kind}; name another"
    return (
        f"[{section}] Bind: cannot listen on {endpoint.host}, port {port}: {error.strerror};"
        " name another address or port"
    )


def close_all(listeners: Sequence[socket.socket]) -> None:
    """Close `listeners`."""
    for listener in listeners:
        with suppress(OSError):
            listener.close()
