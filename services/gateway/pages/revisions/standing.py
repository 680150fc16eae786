"""Who uses what: the revision that holds in each village now, what comes next, and what waits for a recalculation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from services.gateway.pages.place import VillageName
from services.gateway.pages.services import points
from services.gateway.pages.wording import _
from services.gateway.pages.words import day_words, quarter_words, quarters_words
from shared.calendar import today
from shared.identity import Principal
from shared.quarters import parse_quarter, quarter_of

Adoption = Mapping[str, Any]


def adoptions_of(principal: Principal) -> list[Adoption]:
    """Every adoption of the township."""
    found: list[Adoption] = points.get("/api/points/adoptions", principal).data["adoptions"]
    return found


def adopted_in(adoptions: Sequence[Adoption], village: str, quarter: int) -> Adoption | None:
    """What a village has adopted for a quarter: the newest revision that has begun and whose trial has not ended.

    Where the trial of a revision has become permanent meanwhile, it is the permanent adoption.
    """
    holding = [
        each
        for each in adoptions
        if each["village"] == village
        and parse_quarter(each["from_quarter"]) <= quarter
        and (not each["trial"] or quarter < parse_quarter(each["from_quarter"]) + each["trial_quarters"])
    ]
    return max(holding, key=lambda each: (int(each["revision"]), not each["trial"]), default=None)


def users_of(adoptions: Sequence[Adoption], villages: Sequence[VillageName]) -> dict[int, list[str]]:
    """Revision → names of the villages in which it holds today."""
    users: dict[int, list[str]] = {}
    for village in villages:
        adopted = adopted_in(adoptions, village.code, quarter_of(today()))
        if adopted is not None:
            users.setdefault(adopted["revision"], []).append(village.name)
    return users


def village_lines(
    adoptions: Sequence[Adoption], villages: Sequence[VillageName], waiting: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """One line a village: what holds, by which resolution, what begins later, and which quarters wait."""
    now = quarter_of(today())
    quarters = {each["code"]: each["quarters"] for each in waiting}
    lines = []
    for village in villages:
        adopted = adopted_in(adoptions, village.code, now)
        later = [
            each for each in adoptions if each["village"] == village.code and parse_quarter(each["from_quarter"]) > now
        ]
        lines.append(
            {
                "village": village.name,
                "code": village.code,
                "revision": adopted["revision"] if adopted else None,
                "holds": _holding(adopted) if adopted else _("还没有采用任何一版"),
                "by": matter_words(adopted) if adopted else "",
                "later": "；".join(_holding(each) for each in later),
                "scan": adopted["id"] if adopted and adopted["has_scan"] else None,
                "waits": quarters_words(quarters[village.code]) if village.code in quarters else "",
            }
        )
    return lines


def matter_words(adoption: Adoption) -> str:
    """By what a village has adopted: the resolution, or on trial; and what a 更正 is for."""
    if adoption["trial"]:
        words = _("试行，最多 %(n)s 个季度", n=adoption["trial_quarters"])
    else:
        words = _("%(number)s（%(day)s）", number=adoption["matter_number"], day=day_words(adoption["matter_on"]))
    return _("%(words)s，更正", words=words) if adoption["correction"] else words


def waiting_of(principal: Principal) -> list[dict[str, Any]]:
    """Villages whose quarters are not yet scored by what they have adopted."""
    found: list[dict[str, Any]] = points.get("/api/points/recalculations/waiting", principal).data["villages"]
    return found


def _holding(adoption: Adoption) -> str:
    since = quarter_words(adoption["from_quarter"])
    return _("第 %(n)s 版，%(since)s起", n=adoption["revision"], since=since)
