"""The entries 明细 of a household's statement, each with the record behind it, the newest first."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Select, and_, or_, select
from sqlalchemy.orm import Session

from services.points.expiry.explanation import explain_expiry
from services.points.statements.former_lines import former_lines
from shared.calendar import day_of
from shared.models.points import (
    Entry,
    EntryKind,
    Event,
    Item,
    Posting,
    Redemption,
    Rule,
    RuleCode,
    VillageQuarter,
)
from shared.models.registry import Household

_TITLES = {
    EntryKind.REDEMPTION: "兑换",
    EntryKind.REFUND: "退货退分",
    EntryKind.EXPIRY: "到期",
    EntryKind.OPENING: "期初结转",
    EntryKind.TRANSFER: "转户",
}


@dataclass(frozen=True, slots=True)
class EntryLine:
    """One entry as people read it. Amounts and quantities in hundredths."""

    id: int
    kind: EntryKind
    amount: int
    quarter: int
    origin_quarter: int
    booked_at: datetime
    title: str
    occurred_on: date
    event_id: int | None
    rule_code: str | None
    quantity: int | None
    unit: str | None
    note: str | None
    recalculation_id: int | None
    reason: str | None


def select_entries(household: Household, quarter: int | None) -> Select[Entry]:
    """The household's entries, of one booked quarter where it is given; to be paged by id, newest first."""
    statement = select(Entry).where(Entry.village_id == household.village_id, Entry.household_id == household.id)
    return statement if quarter is None else statement.where(Entry.quarter == quarter)


def describe_entries(session: Session, household: Household, entries: Sequence[Entry]) -> list[EntryLine]:
    """The entries with what they are for: a few statements, however many there are."""
    postings = _postings(session, {entry.posting_id for entry in entries})
    events = _events(session, household.village_id, {entry.event_id for entry in entries if entry.event_id > 0})
    goods = _goods(session, household, {entry.posting_id for entry in entries if entry.event_id < 0})
    expired = {entry.posting_id: entry.amount for entry in entries if entry.kind is EntryKind.EXPIRY}
    reasons = explain_expiry(session, household.village_id, household.id, expired)
    lines = []
    for entry in entries:
        posting = postings[entry.posting_id]
        event = events.get(entry.event_id)
        lines.append(
            EntryLine(
                id=entry.id,
                kind=entry.kind,
                amount=entry.amount,
                quarter=entry.quarter,
                origin_quarter=entry.origin_quarter,
                booked_at=posting.made_at,
                title=event.title if event else _title(entry, goods),
                occurred_on=event.occurred_on if event else day_of(posting.made_at),
                event_id=event.id if event else None,
                rule_code=event.code if event else None,
                quantity=event.quantity if event else None,
                unit=event.unit if event else None,
                note=event.note if event else reasons.get(entry.posting_id),
                recalculation_id=posting.recalculation_id,
                reason=posting.reason,
            )
        )
    return lines


def _title(entry: Entry, goods: dict[int, str]) -> str:
    named = goods.get(entry.posting_id)
    words = _TITLES[entry.kind]
    return f"{words} {named}" if named else words


def _postings(session: Session, ids: Collection[int]) -> dict[int, Posting]:
    return {posting.id: posting for posting in session.scalars(select(Posting).where(Posting.id.in_(ids)))}


@dataclass(frozen=True, slots=True)
class _EventFacts:
    id: int
    occurred_on: date
    quantity: int
    note: str | None
    code: str
    title: str
    unit: str


def _events(session: Session, village_id: int, ids: Collection[int]) -> dict[int, _EventFacts]:
    """Events with title and unit of their line in the revision that scores them, or the last one that had it."""
    rows = session.execute(
        select(
            Event.id,
            Event.rule_id,
            Event.occurred_on,
            Event.quantity,
            Event.note,
            RuleCode.code,
            Rule.title,
            Rule.unit,
        )
        .join(RuleCode, RuleCode.id == Event.rule_id)
        .join(
            VillageQuarter,
            and_(VillageQuarter.village_id == Event.village_id, VillageQuarter.quarter == Event.quarter),
        )
        .outerjoin(
            Rule,
            and_(
                Rule.rulebook_id == VillageQuarter.rulebook_id,
                Rule.code_id == Event.rule_id,
                or_(Rule.village_id.is_(None), Rule.village_id == Event.village_id),
            ),
        )
        .where(Event.village_id == village_id, Event.id.in_(ids))
    ).all()
    former = former_lines(session, village_id, {row.rule_id for row in rows if row.title is None})
    found = {}
    for row in rows:
        words = former.get(row.rule_id)
        title = row.title or (words.title if words else row.code)
        unit = row.unit or (words.unit if words else "")
        found[row.id] = _EventFacts(row.id, row.occurred_on, row.quantity, row.note, row.code, title, unit)
    return found


def _goods(session: Session, household: Household, posting_ids: Collection[int]) -> dict[int, str]:
    """Posting id → the goods that were fetched or brought back by it."""
    rows = session.execute(
        select(Redemption.posting_id, Redemption.refund_posting_id, Redemption.quantity, Item.name, Item.unit)
        .join(Item, Item.id == Redemption.item_id)
        .where(
            Redemption.household_id == household.id,
            Redemption.posting_id.in_(posting_ids) | Redemption.refund_posting_id.in_(posting_ids),
        )
    )
    return {
        posting_id: f"{row.name} {row.quantity} {row.unit}"
        for row in rows
        for posting_id in (row.posting_id, row.refund_posting_id)
        if posting_id is not None
    }
