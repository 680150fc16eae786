"""Explain an entry of expiry: which points of a household were gone at the end of that month."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from services.points.expiry.flows import flows_of, runs_of
from services.points.expiry.replay import Portion, replay
from shared.amounts import format_hundredths
from shared.models.points import Event, ExpiryRun, Rule, RuleCode, VillageQuarter

LISTED = 5
"""Events that are named; more are counted."""


def explain_expiry(session: Session, village_id: int, household_id: int, amounts: Mapping[int, int]) -> dict[int, str]:
    """Posting id → a sentence. `amounts`: the household's entries of expiry by posting, in hundredths."""
    if not amounts:
        return {}
    months = {
        posting_id: month
        for month, posting_id in session.execute(
            select(ExpiryRun.month, ExpiryRun.posting_id).where(
                ExpiryRun.village_id == village_id, ExpiryRun.posting_id.in_(list(amounts))
            )
        )
    }
    found = replay(flows_of(session, village_id, [household_id])[household_id], runs_of(session, village_id))
    titles = _titles(session, village_id, {portion.event_id for portion in found.expired if portion.event_id})
    sentences = {}
    for posting_id, amount in amounts.items():
        portions = [portion for portion in found.expired if portion.month == months.get(posting_id)]
        sentences[posting_id] = _sentence(portions, amount, titles)
    return sentences


def _sentence(portions: list[Portion], amount: int, titles: Mapping[int, tuple[date, str]]) -> str:
    parts = []
    for portion in portions[:LISTED]:
        day, title = titles[portion.event_id or 0]
        parts.append(f"{day.year}年{day.month}月{day.day}日{title} {format_hundredths(portion.amount)} 分")
    more = f"，等 {len(portions)} 笔" if len(portions) > LISTED else ""
    words = f"到期的是：{'，'.join(parts)}{more}。" if parts else ""
    rest = amount + sum(portion.amount for portion in portions)
    if rest:
        words += (
            f"其余 {format_hundredths(rest, sign=True)} 分是重新算清：记录作废、改分或预留取消以后，"
            "到期的积分在下一个月补记或退回。"
        )
    return words


def _titles(session: Session, village_id: int, event_ids: Collection[int]) -> dict[int, tuple[date, str]]:
    """Day and title of events by the revision that scores them."""
    rows = session.execute(
        select(Event.id, Event.occurred_on, func.coalesce(Rule.title, RuleCode.code))
        .join(RuleCode, RuleCode.id == Event.rule_id)
        .join(
            VillageQuarter,
            and_(VillageQuarter.village_id == Event.village_id, VillageQuarter.quarter == Event.quarter),
        )
        .outerjoin(Rule, and_(Rule.rulebook_id == VillageQuarter.rulebook_id, Rule.code_id == Event.rule_id))
        .where(Event.village_id == village_id, Event.id.in_(event_ids))
    )
    return {event_id: (day, title) for event_id, day, title in rows}
