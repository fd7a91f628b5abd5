"""Which addresses count as one peer."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Final

IPV6_PREFIX: Final = 64
"""Bits of an IPv6 address that its holder cannot choose: a site has a /64 or more (RFC 6177)."""


def peer_network(address: str) -> str:
    """Return what limits of an IP address go by: an IPv4 address itself, of IPv6 its /64.

    What is no address is returned as it is.
    """
    if ":" not in address:
        return address
    try:
        parsed: IPv4Address | IPv6Address = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(parsed, IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ip_network((parsed, IPV6_PREFIX), strict=False))
    return str(parsed)
