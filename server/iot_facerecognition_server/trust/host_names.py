"""Every name and address by which clients may reach this machine, found without the network."""

import ipaddress
import logging
import re
import socket
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_log = logging.getLogger(__name__)

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

_HOSTS: Final = Path("/etc/hosts")
_NAME: Final = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9-]+)*")
_LONGEST_NAME: Final = 253
"""Characters of a DNS name (RFC 1035, section 2.3.4)."""
_ELSEWHERE: Final = (
    (socket.AF_INET, "192.0.2.1"),
    (socket.AF_INET6, "2001:db8::1"),
)
"""Addresses of no machine (RFC 5737, RFC 3849), which the way to all others leads to."""

# linux/netlink.h, linux/rtnetlink.h, linux/if_addr.h
_RTM_NEWADDR: Final = 20
_RTM_GETADDR: Final = 22
_NLMSG_DONE: Final = 3
_NLM_F_REQUEST_DUMP: Final = 0x301
_IFA_ADDRESS: Final = 1
_IFA_LOCAL: Final = 2
_MESSAGE_HEADER: Final = struct.Struct("=IHHII")
_ADDRESS_HEADER: Final = struct.Struct("=BBBBI")
_ATTRIBUTE_HEADER: Final = struct.Struct("=HH")


@dataclass(frozen=True, slots=True)
class HostNames:
    """DNS names and IP addresses, each once, the most usual first."""

    names: tuple[str, ...]
    addresses: tuple[IpAddress, ...]


def is_host_name(text: str) -> bool:
    """Tell whether a DNS name, in the form that is sent (`xn--…` where need be), is written so."""
    return (
        len(text) <= _LONGEST_NAME and _NAME.fullmatch(text) is not None and not _is_address(text)
    )


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def host_names(hosts: Path = _HOSTS) -> HostNames:
    """Return this machine's names and addresses, the loopback's among them.

    The full name comes from the `hosts` file, since a resolver would ask the network. IPv6
    addresses that hold on one link only are left out: clients cannot use them without a zone.
    """
    host = socket.gethostname()
    names = ["localhost"]
    if _NAME.fullmatch(host):
        short = host.partition(".")[0]
        names += [short, host, *_full_names(short, hosts), f"{short}.local"]
    addresses: list[IpAddress] = [
        ipaddress.IPv4Address("127.0.0.1"),
        ipaddress.IPv6Address("::1"),
    ]
    addresses += [
        address
        for address in interface_addresses()
        if address.version == 4 or not address.is_link_local  # noqa: PLR2004 - IP version 4
    ]
    return HostNames(tuple(dict.fromkeys(names)), tuple(dict.fromkeys(addresses)))


def reachable_addresses() -> tuple[IpAddress, ...]:
    """Return the addresses by which other machines may reach this one, the likeliest first.

    That is the one that packets to another network leave with; nothing is sent to find that out.
    """
    addresses = [one for one in host_names().addresses if not one.is_loopback]
    usual = [one for one in map(_source_address, _ELSEWHERE) if one in addresses]
    return tuple(dict.fromkeys((*usual, *addresses)))


def _source_address(elsewhere: tuple[socket.AddressFamily, str]) -> IpAddress | None:
    """Return the address that packets to `elsewhere` leave with; None where there is no way."""
    family, address = elsewhere
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as unsent:
            unsent.connect((address, 9))
            return ipaddress.ip_address(unsent.getsockname()[0])
    except (OSError, ValueError):
        return None


def interface_addresses() -> tuple[IpAddress, ...]:
    """Return the addresses of all interfaces, asked of the kernel; none where it does not tell."""
    try:
        with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE) as kernel:
            kernel.settimeout(2)
            body = _ADDRESS_HEADER.pack(socket.AF_UNSPEC, 0, 0, 0, 0)
            size = _MESSAGE_HEADER.size + len(body)
            kernel.send(_MESSAGE_HEADER.pack(size, _RTM_GETADDR, _NLM_F_REQUEST_DUMP, 1, 0) + body)
            return tuple(_receive(kernel))
    except (OSError, ValueError, struct.error) as error:
        _log.warning("the addresses of this machine could not be found: %s", error)
        return ()


def _receive(kernel: socket.socket) -> Iterator[IpAddress]:
    """Yield addresses until the kernel has listed them all (rtnetlink(7))."""
    while True:
        data = kernel.recv(1 << 16)
        while data:
            size, kind, _, _, _ = _MESSAGE_HEADER.unpack_from(data)
            if kind == _NLMSG_DONE:
                return
            if kind != _RTM_NEWADDR:
                raise ValueError(f"the kernel answered with message {kind}")
            yield from _address(data[_MESSAGE_HEADER.size : size])
            data = data[_aligned(size) :]


def _address(message: bytes) -> Iterator[IpAddress]:
    """Yield the address in a message; of a point-to-point link, this end's."""
    found: dict[int, bytes] = {}
    data = message[_ADDRESS_HEADER.size :]
    while len(data) >= _ATTRIBUTE_HEADER.size:
        size, kind = _ATTRIBUTE_HEADER.unpack_from(data)
        found[kind] = data[_ATTRIBUTE_HEADER.size : size]
        data = data[_aligned(max(size, _ATTRIBUTE_HEADER.size)) :]
    packed = found.get(_IFA_LOCAL, found.get(_IFA_ADDRESS))
    if packed is not None:
        yield ipaddress.ip_address(packed)


def _aligned(size: int) -> int:
    return (size + 3) & ~3


def _full_names(short: str, hosts: Path) -> list[str]:
    """Return the names that the hosts file gives to `short`, as `hostname --fqdn` looks them up."""
    try:
        lines = hosts.read_text(errors="replace").splitlines()
    except OSError:
        return []
    entries = (line.partition("#")[0].split()[1:] for line in lines)
    return [
        name
        for names in entries
        if short in names or any(name.startswith(f"{short}.") for name in names)
        for name in names
        if name.partition(".")[0] == short and _NAME.fullmatch(name)
    ]
