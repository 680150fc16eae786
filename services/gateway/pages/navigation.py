"""The main pages of each role: header links on wide screens, the bottom bar on phones. Topics add their lines here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask import current_app, request, url_for

from services.gateway.pages.wording import _
from shared.identity import Principal, Role

STAFF = frozenset(Role) - {Role.PUBLIC, Role.RESIDENT, Role.SYSTEM}


@dataclass(frozen=True, slots=True)
class Entry:
    """A main page: who sees it, and where. `on_phone` puts it into the bottom bar, while there is room for it."""

    label: str
    endpoint: str
    roles: frozenset[Role]
    on_phone: bool = False


@dataclass(frozen=True, slots=True)
class Link:
    """An entry as it stands on this page."""

    label: str
    href: str
    current: bool
    on_phone: bool
    count: int = 0


_ENTRIES: list[Entry] = []
_BAR_PLACES = 4


def add_entry(label: str, endpoint: str, *roles: Role, on_phone: bool = False) -> None:
    """Add a main page, in the order of the calls in `services.gateway.pages`."""
    _ENTRIES.append(Entry(label, endpoint, frozenset(roles), on_phone))


def clear_entries() -> None:
    """Begin anew: an application that is made twice in one process has each line once."""
    _ENTRIES.clear()


def links_for(principal: Principal, counts: dict[str, int] | None = None) -> list[Link]:
    """The main pages of this person; `counts` by endpoint stand beside the words."""
    current = (request.endpoint or "").split(".")[0]
    return [
        Link(
            str(entry.label),
            url_for(entry.endpoint),
            entry.endpoint.split(".")[0] == current,
            entry.on_phone,
            (counts or {}).get(entry.endpoint, 0),
        )
        for entry in _ENTRIES
        if principal.has(*entry.roles)
    ]


def bottom_bar(links: Sequence[Link]) -> list[Link]:
    """The bar of a phone: the first that are marked for it, and at its end the last one, 消息 with its count.

    What is told to a person must be seen without scrolling, however many pages the person has.
    """
    marked = [link for link in links if link.on_phone]
    return marked if len(marked) <= _BAR_PLACES else [*marked[: _BAR_PLACES - 1], marked[-1]]


def public_links() -> list[Link]:
    """The bottom bar without login: the four doors' nearest."""
    current = request.endpoint or ""
    return [
        Link(label, url_for(endpoint), current == endpoint, True)
        for label, endpoint in (
            (_("首页"), "public.home"),
            (_("查积分"), "card.show"),
            (_("看公示"), "boards.index"),
            (_("登录"), "login.show"),
        )
    ]


def page_href(endpoint: str) -> str:
    """The address of another topic's page, or the public page while a deployment does not have that topic."""
    return url_for(endpoint) if endpoint in current_app.view_functions else url_for("public.home")
