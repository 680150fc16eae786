"""Lapsing: what was reserved and not fetched in time goes back, points and goods alike; nothing is booked.

Each village is a message and a transaction of its own, so nobody's counter waits for another village's ledger, and one
village that can't be settled keeps no other from it. What is due says the redemptions' own rows: a message that comes
twice, or late, finds nothing or the rest.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Update, func, insert, literal, select, update
from sqlalchemy.orm import Session

from services.points.ledger.village import lock_ledger
from shared.errors import Conflict
from shared.messages.points_work import LapseVillage
from shared.messaging import outbox
from shared.models.base import now
from shared.models.points import Account, Item, MoveKind, Redemption, RedemptionState, StockMove

MADE_BY = "task:points.lapse_village"


def order_lapsing(session: Session) -> int:
    """Ask each village with reservations whose time is over to let them go, one message a village; the count."""
    due = (Redemption.state == RedemptionState.RESERVED, Redemption.expires_at <= now())
    villages = session.scalars(
        select(Redemption.village_id).where(*due).distinct().order_by(Redemption.village_id)
    ).all()
    outbox.send_all(session, [LapseVillage(village_id) for village_id in villages])
    return len(villages)


def lapse_village(session: Session, village_id: int) -> int:
    """Let every reservation of a village go whose time is over; the count. A few statements, however many there are.

    Lock order: ledger row (more than one account changes), accounts by id, items by id, redemptions. Raises Conflict
    where what the accounts hold is not what the reservations say.
    """
    lock_ledger(session, village_id)
    # After the lock: a second copy that waited for the first one has the later instant, and finds nothing left.
    instant = now()
    due = (
        Redemption.village_id == village_id,
        Redemption.state == RedemptionState.RESERVED,
        Redemption.expires_at <= instant,
    )
    households = select(Redemption.household_id).where(*due)
    session.execute(
        select(Account.household_id)
        .where(Account.village_id == village_id, Account.household_id.in_(households))
        .order_by(Account.household_id)
        .with_for_update()
    )
    session.execute(
        select(Item.id).where(Item.id.in_(select(Redemption.item_id).where(*due))).order_by(Item.id).with_for_update()
    )
    lapsed = _execute(
        session,
        update(Redemption)
        .where(*due)
        .values(state=RedemptionState.EXPIRED, ended_by=MADE_BY, ended_at=instant, version=Redemption.version + 1),
    )
    now_lapsed = (
        Redemption.village_id == village_id,
        Redemption.state == RedemptionState.EXPIRED,
        Redemption.ended_at == instant,
    )
    points = select(func.sum(Redemption.points)).where(*now_lapsed, Redemption.household_id == Account.household_id)
    accounts = _execute(
        session,
        update(Account)
        .where(Account.village_id == village_id)
        .where(Account.household_id.in_(select(Redemption.household_id).where(*now_lapsed)))
        .where(Account.reserved >= points.scalar_subquery())
        .values(reserved=Account.reserved - points.scalar_subquery()),
    )
    held_by = session.scalar(select(func.count(Redemption.household_id.distinct())).where(*now_lapsed))
    if accounts != held_by:
        raise Conflict("账面预留与到期的兑换不符，没有保存。请告诉乡镇管理员核对。")
    units = select(func.sum(Redemption.quantity)).where(*now_lapsed, Redemption.item_id == Item.id)
    _execute(
        session,
        update(Item)
        .where(Item.id.in_(select(Redemption.item_id).where(*now_lapsed)))
        .values(reserved=Item.reserved - units.scalar_subquery()),
    )
    session.execute(
        insert(StockMove).from_select(
            ["item_id", "redemption_id", "kind", "on_hand", "reserved", "reason", "made_by", "made_at"],
            select(
                Redemption.item_id,
                Redemption.id,
                literal(MoveKind.RELEASE, StockMove.kind.type),
                literal(0),
                -Redemption.quantity,
                literal(""),
                literal(MADE_BY),
                literal(instant, StockMove.made_at.type),
            ).where(*now_lapsed),
        )
    )
    session.expire_all()
    return lapsed


def _execute(session: Session, statement: Update) -> int:
    done: Any = session.execute(statement.execution_options(synchronize_session=False))
    return int(done.rowcount)
