"""Names and addresses that a certificate is for: what was typed, or what this machine answers to."""

from __future__ import annotations

import fcntl
import re
import socket
import struct
from collections.abc import Iterator, Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path

from deploy.certificates.refusal import Refused
from shared.certificates import as_address

LOCAL = ("localhost", "127.0.0.1", "::1")
"""In every certificate: this machine looks after itself over them."""
_LABEL = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)")
_SIOCGIFADDR = 0x8915
# Networks of containers and virtual machines on this machine: no phone comes from there.
_INNER = ("lo", "docker", "br-", "veth", "virbr", "cni", "flannel")
_IPV6 = Path("/proc/net/if_inet6")
_GLOBAL_SCOPE, _TEMPORARY = "00", 0x01


def read_names(text: str) -> list[str]:
    """Names and addresses between spaces or commas, each once, in their order. Raises Refused for what is neither."""
    return list(dict.fromkeys(clean_name(word) for word in re.split(r"[\s,，、]+", text) if word))


def clean_name(word: str) -> str:
    """One name in the form that certificates have, Chinese ones as punycode. Raises Refused."""
    address = as_address(word.strip("[]"))
    if address is not None:
        return str(address)
    if "/" in word or ":" in word:
        raise Refused(
            f"“{word}”不是名称：只写主机名或 IP 地址，不带 http:// 和端口，例如 jifen.example 192.168.1.10。"
            "Write host names and addresses only."
        )
    try:
        name = word.rstrip(".").encode("idna").decode().lower()
    except UnicodeError:
        name = ""
    labels = name.removeprefix("*.").split(".")
    if not all(_LABEL.fullmatch(label) for label in labels) or (name.startswith("*.") and len(labels) < 2):
        raise Refused(f"“{word}”不是主机名，也不是 IP 地址，请检查后重新运行。Not a host name nor an address.")
    return name


def own_names() -> list[str]:
    """This machine's host name, and the addresses of its network cards."""
    name = socket.gethostname().lower()
    labels = name.split(".")
    names = [name] if name != "localhost" and all(_LABEL.fullmatch(label) for label in labels) else []
    return list(dict.fromkeys([*names, *map(str, _own_addresses())]))


def with_local(names: Sequence[str]) -> list[str]:
    """`names`, and those that every certificate has."""
    return list(dict.fromkeys([*names, *LOCAL]))


def without_local(names: Sequence[str]) -> list[str]:
    """The names that other machines may use."""
    return [name for name in names if name not in LOCAL]


def _own_addresses() -> Iterator[IPv4Address | IPv6Address]:
    cards = [name for _number, name in socket.if_nameindex() if not name.startswith(_INNER)]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        for name in cards:
            try:
                answer = fcntl.ioctl(probe, _SIOCGIFADDR, struct.pack("256s", name.encode()[:15]))
            except OSError:
                continue
            yield IPv4Address(answer[20:24])
    if _IPV6.exists():
        for line in _IPV6.read_text().splitlines():
            digits, _number, _length, scope, flags, name = line.split()
            if name in cards and scope == _GLOBAL_SCOPE and not int(flags, 16) & _TEMPORARY:
                yield ip_address(bytes.fromhex(digits))
