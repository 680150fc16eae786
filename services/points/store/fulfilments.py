"""Fulfilment 领取 and refund 退货: goods go over the counter and the points are booked; goods come back.

Locks: village ledger row, account, item, redemption. A reservation is a promise: the balance is not checked again.
"""

from __future__ import annotations

from sqlalchemy import update
from sqlalchemy.orm import Session

from services.points.ledger.plain_entries import PlainEntry, post_plain_entries
from services.points.ledger.village import ChainEnd, lock_ledger
from services.points.store.holds import (
    end_redemption,
    lock_account,
    release_goods,
    release_points,
    write_hold_move,
)
from services.points.store.items import KEEPERS
from services.points.store.redemptions import redemption_in_scope
from shared import audit
from shared.calendar import today
from shared.errors import Conflict, Invalid
from shared.identity import Principal
from shared.models.base import now
from shared.models.points import EntryKind, Item, MoveKind, Redemption, RedemptionState
from shared.quarters import quarter_of

_ENDS = {
    RedemptionState.CANCELLED: "这笔兑换已经取消，不能领取。",
    RedemptionState.EXPIRED: "这笔兑换已过期，积分和商品都已退回，请重新兑换。",
    RedemptionState.REFUNDED: "这笔兑换已经退货，不能再领取。",
}


def fulfil_redemption(session: Session, actor: Principal, redemption_id: int, *, fetched_by: str = "") -> Redemption:
    """Hand the goods over: book the points, release the hold, take the goods off the shelf. Repeated: the same.

    `fetched_by` names who fetched for the household (代领); empty for the household itself. Raises Conflict where it
    was cancelled or has expired.
    """
    redemption = redemption_in_scope(session, actor, redemption_id, *KEEPERS)
    end = lock_ledger(session, redemption.village_id)
    lock_account(session, redemption.village_id, redemption.household_id)
    session.refresh(redemption)
    if redemption.state is RedemptionState.FULFILLED:
        return redemption
    if redemption.state is not RedemptionState.RESERVED:
        raise Conflict(_ENDS[redemption.state])
    if redemption.expires_at <= now():
        raise Conflict(_ENDS[RedemptionState.EXPIRED])
    posting_id = _book(session, actor, end, redemption, -redemption.points, EntryKind.REDEMPTION)
    session.refresh(redemption)
    release_points(session, redemption.village_id, redemption.household_id, redemption.points)
    release_goods(session, redemption, taken=redemption.quantity)
    end_redemption(
        session, actor, redemption, RedemptionState.FULFILLED, posting_id=posting_id, fetched_by=fetched_by.strip()
    )
    write_hold_move(
        session, actor, redemption, MoveKind.OUT, on_hand=-redemption.quantity, reserved=-redemption.quantity
    )
    details = {"fetched_by_other": bool(fetched_by.strip())}
    audit.record(
        session,
        actor,
        "fulfil_redemption",
        "redemption",
        redemption.id,
        village_id=redemption.village_id,
        details=details,
        at_once=True,
    )
    return redemption


def refund_redemption(session: Session, actor: Principal, redemption_id: int, *, reason: str) -> Redemption:
    """Goods were brought back after fulfilment: the points come back, the goods lie on the shelf again.

    Raises Invalid without a reason, Conflict where nothing was handed over. A repeated refund is the same refund.
    """
    if not reason.strip():
        raise Invalid("请写明退货的原因。", errors={"reason": ["请写明原因。"]})
    redemption = redemption_in_scope(session, actor, redemption_id, *KEEPERS)
    end = lock_ledger(session, redemption.village_id)
    lock_account(session, redemption.village_id, redemption.household_id)
    session.refresh(redemption)
    if redemption.state is RedemptionState.REFUNDED:
        return redemption
    if redemption.state is not RedemptionState.FULFILLED:
        raise Conflict("这笔兑换还没有领取，不能退货；不要了请办理取消。")
    posting_id = _book(session, actor, end, redemption, redemption.points, EntryKind.REFUND, reason.strip())
    session.refresh(redemption)
    _put_back(session, redemption)
    refunded = session.execute(
        update(Redemption)
        .where(Redemption.id == redemption.id, Redemption.state == RedemptionState.FULFILLED)
        .values(
            state=RedemptionState.REFUNDED,
            refund_posting_id=posting_id,
            reason=reason.strip(),
            version=Redemption.version + 1,
        )
        .execution_options(synchronize_session=False)
    )
    if refunded.rowcount != 1:  # type: ignore[attr-defined]
        raise Conflict("这笔兑换刚刚被别人办理了，请刷新后再看。")
    session.refresh(redemption)
    write_hold_move(session, actor, redemption, MoveKind.RETURN, on_hand=redemption.quantity)
    audit.record(session, actor, "refund_redemption", "redemption", redemption.id, village_id=redemption.village_id)
    return redemption


def _book(
    session: Session,
    actor: Principal,
    end: ChainEnd,
    redemption: Redemption,
    amount: int,
    kind: EntryKind,
    reason: str | None = None,
) -> int:
    """Post one entry on the household's account, of today's quarter; the posting's id."""
    posted = post_plain_entries(
        session,
        end,
        [PlainEntry(redemption.household_id, amount)],
        kind=kind,
        quarter=quarter_of(today()),
        made_by=actor.actor,
        reason=reason,
    )
    if posted is None:
        raise AssertionError("a price is never zero")
    return posted.posting_id


def _put_back(session: Session, redemption: Redemption) -> None:
    """Put brought-back goods on the shelf."""
    session.execute(
        update(Item)
        .where(Item.id == redemption.item_id)
        .values(on_hand=Item.on_hand + redemption.quantity)
        .execution_options(synchronize_session=False)
    )
