"""What counts as one address: an IPv4 address, or all of an IPv6 line."""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address, ip_network

UNKNOWN = "unknown"
# A line gets at least this much of IPv6 (RFC 6177); whoever has one can change the other 64 bits as often as they like.
_LINE_BITS = 64


def group_of(address: str) -> str:
    """The name of the group that `address` is counted in. What is no address is counted together."""
    try:
        found = ip_address(address.strip().split("%")[0])
    except ValueError:
        return UNKNOWN
    if not isinstance(found, IPv6Address):
        return str(found)
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(ip_network((found, _LINE_BITS), strict=False))
