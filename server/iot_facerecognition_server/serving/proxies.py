"""The proxies whose PROXY protocol header is believed, and how that is read from a socket."""

import asyncio
import ipaddress
import socket
from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Network

from iot_facerecognition_server.serving import proxy_protocol
from iot_facerecognition_server.serving.proxy_protocol import ProxyHeader, ProxyHeaderError


class Proxies:
    """The networks in which proxies are.

    Whoever connects from there has to begin with a header of version 2, and nobody else may: a
    server that took it where it comes would let everybody choose an address.
    """

    def __init__(self, networks: Sequence[IPv4Network | IPv6Network] = ()) -> None:
        """Believe the headers of `networks`; none: no headers are taken."""
        self._networks = tuple(networks)

    def includes(self, address: str) -> bool:
        """Tell whether the peer with that IP address has to send a header."""
        if not self._networks:
            return False
        peer = ipaddress.ip_address(address)
        return any(peer in network for network in self._networks)

    async def read_header(self, peer: socket.socket) -> ProxyHeader | None:
        """Take the header off a connection, and not one byte of what follows it.

        None when the peer left without a word, as health checks do. Raises ProxyHeaderError for
        what is no header of version 2, and OSError when the connection is lost.
        """
        fixed = b""
        while len(fixed) < proxy_protocol.FIXED_BYTES:
            more = await _some(peer, proxy_protocol.FIXED_BYTES - len(fixed))
            if not more and not fixed:
                return None
            fixed += more
            if not more or not proxy_protocol.may_begin(fixed):
                _refuse(fixed)
        whole = proxy_protocol.length(fixed)
        header = fixed
        while len(header) < whole:
            more = await _some(peer, whole - len(header))
            if not more:
                raise ProxyHeaderError("it ended before it was whole")
            header += more
        return proxy_protocol.parse(header)


async def _some(peer: socket.socket, most: int) -> bytes:
    return await asyncio.get_running_loop().sock_recv(peer, most)


def _refuse(begin: bytes) -> None:
    """Say what is wrong with a header that ended, or turned out to be none."""
    if proxy_protocol.may_begin(begin):
        raise ProxyHeaderError("it ended before it was whole")
    proxy_protocol.length(begin)
