"""The certificate in words: what the CA may speak for, its fingerprint to compare, and until when."""

from __future__ import annotations

from datetime import datetime
from ipaddress import ip_network

from services.gateway.pages.wording import _
from shared.calendar import day_of
from shared.certificates import Authority

_INNER_NAMES = frozenset({"localhost", "local", "lan", "internal", "home.arpa"})
_PAIRS_OF_A_LINE = 8


def fingerprint_lines(authority: Authority) -> list[str]:
    """Four lines of eight pairs: as much as an eye compares at once."""
    pairs = authority.fingerprint.split()
    return [" ".join(pairs[start : start + _PAIRS_OF_A_LINE]) for start in range(0, len(pairs), _PAIRS_OF_A_LINE)]


def scope_words(authority: Authority) -> str:
    """What the CA may speak for; empty where it is not limited."""
    if not authority.scope:
        return ""
    own = [each for each in authority.scope if each not in _INNER_NAMES and not _is_inner(each)]
    names = "、".join(each.removesuffix("/32").removesuffix("/128") for each in own)
    return _("%(names)s，以及只在内部网络里用的名称和地址", names=names) if names else _("只在内部网络里用的名称和地址")


def date_words(moment: datetime) -> str:
    """A day with its year: it may lie years ahead."""
    day = day_of(moment)
    return _("%(year)s年%(month)s月%(day)s日", year=day.year, month=day.month, day=day.day)


def _is_inner(text: str) -> bool:
    """Whether it is a whole network, or this machine itself; an address that was given stands alone."""
    try:
        network = ip_network(text)
    except ValueError:
        return False
    return network.num_addresses > 1 or network.is_loopback
