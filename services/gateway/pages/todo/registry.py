"""What waits for a person: every topic of the pages adds a source here.

    @ask_source(Role.CADRE, Role.ADMIN)
    def events_to_review(principal: Principal) -> list[AskGroup]: …

A source asks its service over HTTP and returns groups; one that fails says so on the page and spoils no other.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date

import structlog

from services.gateway.clients import ServiceProblem
from services.gateway.pages.wording import _
from shared.calendar import today
from shared.identity import Principal, Role

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Ask:
    """One thing that is asked: `title` names it, `act` is the verb with its object, `href` opens the act itself.

    `since` and `due` put it into its place, and `due` says how long is left; `detail` names the days that matter, each
    with what it is the day of.
    """

    title: str
    act: str
    href: str
    since: date | None = None
    due: date | None = None
    detail: str = ""

    @property
    def is_late(self) -> bool:
        return self.due is not None and self.due < today()


@dataclass(frozen=True, slots=True)
class AskGroup:
    """Things of one kind. `more` counts those that are not listed, `all_href` lists them."""

    title: str
    asks: list[Ask] = field(default_factory=list)
    more: int = 0
    all_href: str = ""
    trouble: str = ""

    @property
    def count(self) -> int:
        return len(self.asks) + self.more


Source = Callable[[Principal], list[AskGroup]]
_SOURCES: list[tuple[frozenset[Role], Source]] = []


def ask_source(*roles: Role) -> Callable[[Source], Source]:
    """Register a source for whoever holds one of `roles`."""

    def register(source: Source) -> Source:
        _SOURCES.append((frozenset(roles), source))
        return source

    return register


def asks_of(principal: Principal) -> list[AskGroup]:
    """All groups that hold something, those with late things first, then in the order of registration.

    Several sources ask the same service: what is wrong with it is said once.
    """
    groups: list[AskGroup] = []
    troubles: set[str] = set()
    for roles, source in _SOURCES:
        if not principal.has(*roles):
            continue
        try:
            groups.extend(group for group in source(principal) if group.count or group.trouble)
        except ServiceProblem as problem:
            log.warning("todo.source_failed", source=source.__name__, detail=problem.detail)
            if problem.detail not in troubles:
                troubles.add(problem.detail)
                groups.append(AskGroup(_("有一部分待办没有取到"), trouble=problem.detail))
    return sorted((_oldest_first(group) for group in groups), key=lambda group: not any(a.is_late for a in group.asks))


def _oldest_first(group: AskGroup) -> AskGroup:
    def order(ask: Ask) -> tuple[bool, date]:
        return (not ask.is_late, ask.due if ask.is_late and ask.due else ask.since or date.max)

    return AskGroup(group.title, sorted(group.asks, key=order), group.more, group.all_href, group.trouble)
