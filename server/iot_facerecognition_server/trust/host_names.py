"""Every name and address by which clients may reach this machine, found without the network."""

import ipaddress
import logging
import re
import socket
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
    """Return the addresses of all interfaces, IPv4 first; none where the system does not tell.

    Of a point-to-point link, this end's.
    """
    import ifaddr  # noqa: PLC0415 - it looks for the C library meanwhile: 10 ms that few commands need

    try:
        listed = [ip.ip for adapter in ifaddr.get_adapters() for ip in adapter.ips]
    except OSError as error:
        _log.warning("the addresses of this machine could not be found: %s", error)
        return ()
    # an IPv6 address comes with its flow and its scope
    addresses = (ipaddress.ip_address(one if isinstance(one, str) else one[0]) for one in listed)
    return tuple(sorted(addresses, key=lambda address: address.version))


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
