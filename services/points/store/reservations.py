"""Reservations 预留: hold the points and the goods in one transaction, show a code, let go again.

Few statements, each built once: this is what everybody waits for at the counter.
"""

from __future__ import annotations

import secrets
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, cast

from sqlalchemy import Table, func, select
from sqlalchemy.orm import Session, make_transient_to_detached

from services.points.store.holds import (
    end_redemption,
    hold_goods,
    hold_move,
    hold_points,
    lock_account,
    release_goods,
    release_points,
    too_few_goods,
    too_few_points,
    write_hold_move,
)
from services.points.store.items import KEEPERS
from services.points.store.offers import Offer, offer_to
from services.points.store.opening_days import last_day_to_fetch
from services.points.store.redemptions import redemption_in_scope
from shared import audit
from shared.calendar import SHANGHAI, today
from shared.database.linked_rows import Follower, LinkedRows
from shared.errors import Conflict, Invalid
from shared.identity import Principal, Role
from shared.models.base import now
from shared.models.plumbing_tables import audit_of
from shared.models.points import LimitPeriod, MoveKind, Redemption, RedemptionState, StockMove
from shared.topology import Service

MAXIMUM_QUANTITY = 1_000
CODE_ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
"""Signs that nobody confuses on paper or by voice."""
CODE_LENGTH = 8

_PERIODS = {LimitPeriod.MONTH: "本月", LimitPeriod.QUARTER: "本季度", LimitPeriod.YEAR: "今年"}
_NOT_YET = ("ended_by", "ended_at", "posting_id", "refund_posting_id")
"""What a reservation does not have before its end."""
_COUNTING = (RedemptionState.RESERVED, RedemptionState.FULFILLED)
_RESERVATION = LinkedRows(
    cast(Table, Redemption.__table__),
    Follower(cast(Table, StockMove.__table__), "redemption_id"),
    Follower(audit_of(Service.POINTS), "subject_id"),
    unless_taken="code",
)


def reserve_goods(
    session: Session, actor: Principal, *, household_id: int, item_id: int, quantity: int, key: str
) -> Redemption:
    """Reserve goods for a household: by itself, or by the keeper at the counter.

    `key` is the client's name for it: the same key again is the same redemption. Raises Conflict where points or
    goods do not suffice or the limit is reached, Invalid for another request under the same key.
    """
    day = today()
    offer = offer_to(session, actor, household_id, item_id, day)
    price = _require_offered(offer, quantity, day)
    points = price * quantity
    # From here on the account is held: the same household with the same key waits, and then finds the redemption.
    has_points = hold_points(session, offer, points)
    over = _over_limit(session, offer, quantity) if has_points else None
    if has_points and over is None and hold_goods(session, offer, quantity, key):
        return _write(session, actor, offer, quantity=quantity, points=points, key=key, day=day)
    known = session.scalar(select(Redemption).where(Redemption.village_id == offer.village_id, Redemption.key == key))
    if known is None:
        raise over or (
            too_few_goods(session, offer, quantity) if has_points else too_few_points(session, offer, points)
        )
    if has_points:
        release_points(session, offer.village_id, household_id, points)
    return _same_request(known, household_id, item_id, quantity)


def cancel_reservation(session: Session, actor: Principal, redemption_id: int, *, reason: str = "") -> Redemption:
    """Let go of what was reserved: points and goods go back. A repeated cancel is the same cancel.

    Raises Conflict where the goods were handed over or the time has run out.
    """
    redemption = redemption_in_scope(session, actor, redemption_id, Role.RESIDENT, *KEEPERS)
    lock_account(session, redemption.village_id, redemption.household_id)
    session.refresh(redemption)
    if redemption.state is RedemptionState.CANCELLED:
        return redemption
    if redemption.state is not RedemptionState.RESERVED:
        raise Conflict("这笔兑换已经领取或过期，不能取消。已领取的商品退回时请办理退货。")
    release_points(session, redemption.village_id, redemption.household_id, redemption.points)
    release_goods(session, redemption)
    end_redemption(session, actor, redemption, RedemptionState.CANCELLED, reason=reason)
    write_hold_move(session, actor, redemption, MoveKind.RELEASE, reserved=-redemption.quantity)
    audit.record(session, actor, "cancel_reservation", "redemption", redemption.id, village_id=redemption.village_id)
    return redemption


def end_of_day(day: date) -> datetime:
    """The instant at which a day of the township ends, in UTC, as it reads when it comes back from the database."""
    return datetime.combine(day + timedelta(days=1), time(), SHANGHAI).astimezone(UTC)


def _require_offered(offer: Offer, quantity: int, day: date) -> int:
    """What one unit costs this household. Raises Invalid, Conflict."""
    if offer.item_village_id != offer.village_id:
        raise Invalid("这件商品是别的村的，请到本村的积分超市兑换。")
    if not 1 <= quantity <= MAXIMUM_QUANTITY:
        raise Invalid("数量应为 1 到 1000。", errors={"quantity": ["数量应为 1 到 1000。"]})
    if offer.household_ends_on is not None and offer.household_ends_on < day:
        raise Conflict("这一户已经销户或迁走，不能再兑换。")
    if offer.price is None:
        raise Conflict(f"“{offer.item_name}”还没有定价，暂时不能兑换。")
    return offer.price


def _write(
    session: Session, actor: Principal, offer: Offer, *, quantity: int, points: int, key: str, day: date
) -> Redemption:
    """The redemption, its stock move and its line in the audit log."""
    values: dict[str, Any] = {
        "village_id": offer.village_id,
        "household_id": offer.household_id,
        "item_id": offer.item_id,
        "key": key,
        "quantity": quantity,
        "points": points,
        "state": RedemptionState.RESERVED,
        "reserved_by": actor.actor,
        "reserved_at": now(),
        "expires_at": end_of_day(last_day_to_fetch(offer.weekdays, day)),
        "reason": "",
        "fetched_by": "",
        "person_id": actor.person_id,
        "version": 1,
    }
    move = hold_move(actor, offer.item_id, MoveKind.RESERVE, reserved=quantity)
    line = audit.line_of(actor, "reserve_goods", "redemption", village_id=offer.village_id)
    redemption_id = None
    while redemption_id is None:
        # A code that another redemption has makes no row (there are 31^8 of them): the next one is tried.
        values["code"] = _random_code()
        redemption_id = _RESERVATION.write(session, values, move, line)
    redemption = Redemption(id=redemption_id, **values, **dict.fromkeys(_NOT_YET))
    # It is the row that was written: nothing has to be read of it.
    make_transient_to_detached(redemption)
    session.add(redemption)
    return redemption


def _same_request(known: Redemption, household_id: int, item_id: int, quantity: int) -> Redemption:
    if (known.household_id, known.item_id, known.quantity) != (household_id, item_id, quantity):
        raise Invalid("同一个防重复编号已经用于另一笔兑换。请刷新页面后重新填写。")
    return known


def _over_limit(session: Session, offer: Offer, quantity: int) -> Conflict | None:
    """What to say to more than a household may have in the period. The account is held: no twin slips by."""
    if offer.limit_quantity is None or offer.limit_period is None:
        return None
    taken = session.scalar(
        select(func.coalesce(func.sum(Redemption.quantity), 0)).where(
            Redemption.household_id == offer.household_id,
            Redemption.item_id == offer.item_id,
            Redemption.state.in_(_COUNTING),
            Redemption.reserved_at >= _period_start(offer.limit_period),
        )
    )
    if int(taken or 0) + quantity <= offer.limit_quantity:
        return None
    period = _PERIODS[offer.limit_period]
    return Conflict(
        f"“{offer.item_name}”每户{period}限兑 {offer.limit_quantity} {offer.unit}，已兑 {taken} {offer.unit}，"
        f"这次不能再兑 {quantity} {offer.unit}。"
    )


def _period_start(period: LimitPeriod) -> datetime:
    day = today()
    month = {LimitPeriod.MONTH: day.month, LimitPeriod.QUARTER: (day.month - 1) // 3 * 3 + 1, LimitPeriod.YEAR: 1}[
        period
    ]
    return datetime(day.year, month, 1, tzinfo=SHANGHAI)


def _random_code() -> str:
    """Eight signs, all codes equally likely; one draw, as each asks the machine for randomness."""
    drawn, signs = secrets.randbelow(len(CODE_ALPHABET) ** CODE_LENGTH), ""
    while len(signs) < CODE_LENGTH:
        drawn, sign = divmod(drawn, len(CODE_ALPHABET))
        signs += CODE_ALPHABET[sign]
    return signs
