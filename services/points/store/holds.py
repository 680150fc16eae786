"""Holds 预留 of points and goods: taken by conditional updates whose row count decides, and let go again.

Locks are taken in one order everywhere: account, then item, then redemption.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Integer, String, bindparam, exists, insert, select, update
from sqlalchemy.orm import Session

from services.points.store.offers import Offer
from shared.amounts import format_hundredths
from shared.errors import Conflict
from shared.identity import Principal
from shared.models.base import now
from shared.models.points import Account, Item, MoveKind, Redemption, RedemptionState, StockMove

# Built once: building these costs more than running them.
_HOLD_POINTS = (
    update(Account)
    .where(Account.village_id == bindparam("village"), Account.household_id == bindparam("household"))
    .where(Account.balance - Account.reserved >= bindparam("wanted", type_=BigInteger()))
    .values(reserved=Account.reserved + bindparam("wanted", type_=BigInteger()))
)
_UNKNOWN = ~exists().where(
    Redemption.village_id == bindparam("village", type_=BigInteger()),
    Redemption.key == bindparam("wanted_key", type_=String()),
)
_HOLD_GOODS = (
    update(Item)
    .where(Item.id == bindparam("item"), Item.on_offer, _UNKNOWN)
    .where(Item.on_hand - Item.reserved >= bindparam("wanted", type_=Integer()))
    .values(reserved=Item.reserved + bindparam("wanted", type_=Integer()))
)
_RELEASE_POINTS = (
    update(Account)
    .where(Account.village_id == bindparam("village"), Account.household_id == bindparam("household"))
    .where(Account.reserved >= bindparam("held", type_=BigInteger()))
    .values(reserved=Account.reserved - bindparam("held", type_=BigInteger()))
)
_RELEASE_GOODS = (
    update(Item)
    .where(Item.id == bindparam("item"))
    .where(Item.reserved >= bindparam("held", type_=Integer()), Item.on_hand >= bindparam("taken", type_=Integer()))
    .values(
        reserved=Item.reserved - bindparam("held", type_=Integer()),
        on_hand=Item.on_hand - bindparam("taken", type_=Integer()),
    )
)
_LOCK_ACCOUNT = (
    select(Account.balance)
    .where(Account.village_id == bindparam("village"), Account.household_id == bindparam("household"))
    .with_for_update()
)
_MOVE = insert(StockMove.__table__).inline()  # type: ignore[arg-type]


def hold_points(session: Session, offer: Offer, points: int) -> bool:
    """Hold points of the household's account; False where it does not have so many free.

    Whoever reserves for the household waits here for the other: a twin with the same key sees the first one after it.
    """
    named = {"village": offer.village_id, "household": offer.household_id, "wanted": points}
    return session.connection().execute(_HOLD_POINTS, named).rowcount == 1


def hold_goods(session: Session, offer: Offer, quantity: int, key: str) -> bool:
    """Hold units of an item on offer; False where there are too few, or where the village has a redemption `key`."""
    named = {"item": offer.item_id, "village": offer.village_id, "wanted_key": key, "wanted": quantity}
    return session.connection().execute(_HOLD_GOODS, named).rowcount == 1


def too_few_points(session: Session, offer: Offer, points: int) -> Conflict:
    """Why `hold_points` did not."""
    free = session.scalar(
        select(Account.balance - Account.reserved).where(
            Account.village_id == offer.village_id, Account.household_id == offer.household_id
        )
    )
    return Conflict(
        f"积分不够：需要 {format_hundredths(points)} 分，可用 {format_hundredths(free or 0)} 分。"
        "请减少数量或选别的商品。"
    )


def too_few_goods(session: Session, offer: Offer, quantity: int) -> Conflict:
    """Why `hold_goods` did not, for a new key."""
    left = session.execute(select(Item.on_hand - Item.reserved, Item.on_offer).where(Item.id == offer.item_id)).one()
    if not left[1]:
        return Conflict(f"“{offer.item_name}”现在不兑换，请选别的商品。")
    return Conflict(
        f"“{offer.item_name}”只剩 {left[0]} {offer.unit}，不够 {quantity} {offer.unit}。请减少数量或选别的商品。"
    )


def lock_account(session: Session, village_id: int, household_id: int) -> None:
    """Take the household's account: whoever ends a redemption waits here for the other, then looks at it anew."""
    session.connection().execute(_LOCK_ACCOUNT, {"village": village_id, "household": household_id})


def release_points(session: Session, village_id: int, household_id: int, points: int) -> None:
    """Give held points free; nothing is booked. Raises Conflict where so many are not held."""
    named = {"village": village_id, "household": household_id, "held": points}
    _require_one(session.connection().execute(_RELEASE_POINTS, named).rowcount)


def release_goods(session: Session, redemption: Redemption, *, taken: int = 0) -> None:
    """Give held goods free, of which `taken` leave the shelf. Raises Conflict where they are not held."""
    named = {"item": redemption.item_id, "held": redemption.quantity, "taken": taken}
    _require_one(session.connection().execute(_RELEASE_GOODS, named).rowcount)


def _require_one(rows: int) -> None:
    if rows != 1:
        raise Conflict("账面预留与这笔兑换不符，没有保存。请告诉乡镇管理员核对。")


def end_redemption(
    session: Session,
    actor: Principal,
    redemption: Redemption,
    state: RedemptionState,
    *,
    reason: str = "",
    posting_id: int | None = None,
    fetched_by: str = "",
) -> None:
    """Move a reserved redemption to its end, if it still is reserved. Raises Conflict otherwise."""
    ended = session.execute(
        update(Redemption)
        .where(Redemption.id == redemption.id, Redemption.state == RedemptionState.RESERVED)
        .values(
            state=state,
            ended_by=actor.actor,
            ended_at=now(),
            reason=reason,
            posting_id=posting_id,
            fetched_by=fetched_by,
            version=Redemption.version + 1,
        )
        .execution_options(synchronize_session=False)
    )
    if ended.rowcount != 1:  # type: ignore[attr-defined]
        raise Conflict("这笔兑换刚刚被别人办理了，请刷新后再看。")
    session.refresh(redemption)


def write_hold_move(
    session: Session, actor: Principal, redemption: Redemption, kind: MoveKind, *, on_hand: int = 0, reserved: int = 0
) -> None:
    """Write the stock move of a redemption."""
    move = hold_move(actor, redemption.item_id, kind, on_hand=on_hand, reserved=reserved)
    session.connection().execute(_MOVE, move | {"redemption_id": redemption.id})


def hold_move(actor: Principal, item_id: int, kind: MoveKind, *, on_hand: int = 0, reserved: int = 0) -> dict[str, Any]:
    """The stock move of a redemption as a row, of now; without the redemption's id."""
    return {
        "item_id": item_id,
        "kind": kind,
        "on_hand": on_hand,
        "reserved": reserved,
        "reason": "",
        "made_by": actor.actor,
        "person_id": actor.person_id,
        "made_at": now(),
    }
