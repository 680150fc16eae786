"""Booking of expiry: once a month and village, the difference between replay and entries, of either sign."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from services.points.expiry.flows import flows_of, households_with_expiry, runs_of
from services.points.expiry.months import last_day_of, month_of, say_month
from services.points.expiry.replay import Replayed, replay
from services.points.ledger.plain_entries import PlainEntry, post_plain_entries
from services.points.ledger.village import lock_ledger
from shared.amounts import format_hundredths
from shared.calendar import today
from shared.messages.gateway import Notify
from shared.messages.points_work import ExpireVillage
from shared.messaging import outbox
from shared.models.base import now
from shared.models.points import Account, Entry, EntryKind, ExpiryRun, VillageLedger
from shared.models.registry import Village
from shared.quarters import quarter_of

MADE_BY = "task:points.expire_village"


def order_expiry(session: Session) -> int:
    """Ask for the expiry of the month that is over, one message a village; the count."""
    month = month_of(today()) - 1
    villages = session.scalars(select(VillageLedger.village_id).order_by(VillageLedger.village_id)).all()
    outbox.send_all(session, [ExpireVillage(village_id, month) for village_id in villages])
    return len(villages)


def expire_village(session: Session, village_id: int, month: int) -> int:
    """Book what expired at the end of `month`, and tell who will lose points at the end of the next one.

    The count of households whose balance changed. A month is let go once, and none after a later one: the run's row
    says so. Reserved points are never taken, nor a balance below what is reserved. Locks: village ledger row, accounts
    by id.
    """
    end = lock_ledger(session, village_id)
    last = session.scalar(select(func.max(ExpiryRun.month)).where(ExpiryRun.village_id == village_id))
    if last is not None and last >= month:
        return 0
    households = households_with_expiry(session, village_id)
    # Whoever is reserving is waited for: what was reserved before this instant is promised.
    accounts = {
        row.household_id: row.balance - row.reserved
        for row in session.execute(
            select(Account.household_id, Account.balance, Account.reserved)
            .where(Account.village_id == village_id, Account.household_id.in_(households))
            .order_by(Account.household_id)
            .with_for_update()
        )
    }
    run = ExpiryRun(village_id=village_id, month=month, ran_at=now())
    session.add(run)
    session.flush()
    if not households:
        return 0
    runs = runs_of(session, village_id)
    replayed = {
        household: replay(flows, runs) for household, flows in flows_of(session, village_id, households).items()
    }
    entries = _differences(replayed, _booked(session, village_id), accounts)
    posted = post_plain_entries(
        session,
        end,
        entries,
        kind=EntryKind.EXPIRY,
        quarter=quarter_of(today()),
        made_by=MADE_BY,
        reason=f"{say_month(month)}底到期的积分。",
    )
    if posted is not None:
        session.get_one(ExpiryRun, (village_id, month)).posting_id = posted.posting_id
    _announce(session, village_id, month + 1, replayed)
    session.flush()
    return len(entries)


def _booked(session: Session, village_id: int) -> dict[int, int]:
    rows = session.execute(
        select(Entry.household_id, func.sum(Entry.amount))
        .where(Entry.village_id == village_id, Entry.kind == EntryKind.EXPIRY)
        .group_by(Entry.household_id)
    )
    return {household: int(amount) for household, amount in rows}


def _differences(
    replayed: Mapping[int, Replayed], booked: Mapping[int, int], free: Mapping[int, int]
) -> list[PlainEntry]:
    """One entry for each household whose replay says otherwise than its entries; no more is taken than is free."""
    entries = []
    for household, found in sorted(replayed.items()):
        difference = max(-found.gone - booked.get(household, 0), -max(free.get(household, 0), 0))
        if difference:
            entries.append(PlainEntry(household, difference))
    return entries


def _announce(session: Session, village_id: int, month: int, replayed: Mapping[int, Replayed]) -> None:
    """One message for all households that will lose the same: few, however many households there are."""
    by_amount: dict[int, list[int]] = defaultdict(list)
    for household, found in replayed.items():
        if leaving := found.leaves_by(month):
            by_amount[leaving].append(household)
    township_id, day = session.get_one(Village, village_id).township_id, last_day_of(month)
    outbox.send_all(
        session,
        [
            Notify(
                source=f"points.expiry:{village_id}:{month}:{amount}",
                source_version=1,
                withdrawn=False,
                township_id=township_id,
                person_ids=[],
                household_ids=sorted(by_amount[amount]),
                title=f"{day.month}月底有积分到期",
                text=(
                    f"您家有 {format_hundredths(amount)} 分到 {day.month}月{day.day}日为止有效。"
                    "请在这之前到村里的积分超市兑换；已经预留的不受影响。"
                ),
                link="/household",
                urgent=False,
            )
            for amount in sorted(by_amount)
        ],
    )
