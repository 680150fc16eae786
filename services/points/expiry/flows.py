"""Flows of a village's accounts, read by a handful of statements: what a replay needs of them."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import Session

from services.points.expiry.months import month_of
from services.points.expiry.replay import Flow, Run
from shared.models.points import (
    Entry,
    EntryKind,
    Event,
    Expiry,
    ExpiryRun,
    Posting,
    Redemption,
    RedemptionState,
    Rule,
    VillageQuarter,
)


def households_with_expiry(session: Session, village_id: int) -> list[int]:
    """Households that have, or had, points with an expiry; in the order of their ids."""
    expiring = (
        select(Event.household_id)
        .join(
            VillageQuarter,
            and_(VillageQuarter.village_id == Event.village_id, VillageQuarter.quarter == Event.quarter),
        )
        .join(Rule, and_(Rule.rulebook_id == VillageQuarter.rulebook_id, Rule.code_id == Event.rule_id))
        .where(Event.village_id == village_id, Rule.expiry != Expiry.NEVER, _holds_in(village_id))
    )
    booked = select(Entry.household_id).where(Entry.village_id == village_id, Entry.kind == EntryKind.EXPIRY)
    return sorted(session.scalars(expiring.union(booked)))


def runs_of(session: Session, village_id: int) -> list[Run]:
    """The months that were let go in a village, in their order."""
    rows = session.execute(
        select(ExpiryRun.month, ExpiryRun.ran_at).where(ExpiryRun.village_id == village_id).order_by(ExpiryRun.month)
    )
    return [Run(month, at) for month, at in rows]


def flows_of(session: Session, village_id: int, households: Collection[int]) -> dict[int, list[Flow]]:
    """Household → its flows; entries of expiry are not among them, they are what a replay is compared with."""
    flows: dict[int, list[Flow]] = {household: [] for household in households}
    terms = _terms(session, village_id)
    for household, event_id, day, quarter, rule_id, amount, order, at in session.execute(
        _events(village_id, households)
    ):
        expiry, months = terms.get((quarter, rule_id), (Expiry.NEVER, None))
        flows[household].append(Flow(at, order, int(amount), _last_month(expiry, months, day), event_id))
    for household, amount, order, at in session.execute(_others(village_id, households)):
        flows[household].append(Flow(at, order, amount))
    for household, points, order, at in session.execute(_reserved(village_id, households)):
        flows[household].append(Flow(at, order, -points))
    return flows


def _last_month(expiry: Expiry, months: int | None, day: date) -> int | None:
    """The month at whose end points of `day` expire."""
    if expiry is Expiry.YEAR_END:
        return day.year * 12 + 11
    return month_of(day) + (months or 0) if expiry is Expiry.MONTHS else None


def _holds_in(village_id: int) -> ColumnElement[bool]:
    return or_(Rule.village_id.is_(None), Rule.village_id == village_id)


def _terms(session: Session, village_id: int) -> dict[tuple[int, int], tuple[Expiry, int | None]]:
    """(quarter, rule) → expiry and months of validity, by the revision that scores the quarter."""
    rows = session.execute(
        select(VillageQuarter.quarter, Rule.code_id, Rule.expiry, Rule.valid_months)
        .join(Rule, Rule.rulebook_id == VillageQuarter.rulebook_id)
        .where(VillageQuarter.village_id == village_id, Rule.expiry != Expiry.NEVER, _holds_in(village_id))
    )
    return {(quarter, rule_id): (expiry, months) for quarter, rule_id, expiry, months in rows}


def _events(village_id: int, households: Collection[int]) -> Select[int, int, date, int, int, int, int, datetime]:
    """Each event with all its entries as one, at the place of the first."""
    return (
        select(
            Entry.household_id,
            Entry.event_id,
            Event.occurred_on,
            Event.quarter,
            Event.rule_id,
            func.sum(Entry.amount),
            func.min(Entry.id),
            func.min(Posting.made_at),
        )
        .join(Posting, Posting.id == Entry.posting_id)
        .join(Event, and_(Event.village_id == Entry.village_id, Event.id == Entry.event_id))
        .where(
            Entry.village_id == village_id,
            Event.village_id == village_id,
            Entry.event_id > 0,
            Entry.household_id.in_(households),
        )
        .group_by(Entry.household_id, Entry.event_id, Event.occurred_on, Event.quarter, Event.rule_id)
    )


def _others(village_id: int, households: Collection[int]) -> Select[int, int, int, datetime]:
    """Entries without an event; a redemption's stands at the moment of its reservation."""
    return (
        select(
            Entry.household_id,
            Entry.amount,
            func.coalesce(Redemption.id, Entry.id),
            func.coalesce(Redemption.reserved_at, Posting.made_at),
        )
        .join(Posting, Posting.id == Entry.posting_id)
        .outerjoin(Redemption, Redemption.posting_id == Entry.posting_id)
        .where(
            Entry.village_id == village_id,
            Entry.event_id < 0,
            Entry.kind != EntryKind.EXPIRY,
            Entry.household_id.in_(households),
        )
    )


def _reserved(village_id: int, households: Collection[int]) -> Select[int, int, int, datetime]:
    return select(Redemption.household_id, Redemption.points, Redemption.id, Redemption.reserved_at).where(
        Redemption.village_id == village_id,
        Redemption.state == RedemptionState.RESERVED,
        Redemption.household_id.in_(households),
    )
