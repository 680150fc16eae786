"""Reservations 预留: hold the points and the goods in one transaction, show a code, let go again.

Locks are taken in one order everywhere: account, then item, then redemption.
"""

from __future__ import annotations

import secrets
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from services.points.store.items import KEEPERS, hold_stock, item_in_scope, price_on
from services.points.store.opening_days import last_day_to_fetch
from services.points.store.redemptions import redemption_in_scope
from shared import audit
from shared.amounts import format_hundredths
from shared.calendar import SHANGHAI, today
from shared.errors import Conflict, Invalid
from shared.identity import Principal, Role
from shared.identity.scope import household_in_scope
from shared.models.base import now
from shared.models.points import Account, Item, LimitPeriod, MoveKind, Redemption, RedemptionState, StockMove

MAXIMUM_QUANTITY = 1_000
CODE_ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
"""Signs that nobody confuses on paper or by voice."""

_PERIODS = {LimitPeriod.MONTH: "本月", LimitPeriod.QUARTER: "本季度", LimitPeriod.YEAR: "今年"}
_COUNTING = (RedemptionState.RESERVED, RedemptionState.FULFILLED)


def reserve_goods(
    session: Session, actor: Principal, *, household_id: int, item_id: int, quantity: int, key: str
) -> Redemption:
    """Reserve goods for a household: by itself, or by the keeper at the counter.

    `key` is the client's name for it: the same key again is the same redemption. Raises Conflict where points or
    goods do not suffice or the limit is reached, Invalid for another request under the same key.
    """
    household = household_in_scope(session, actor, household_id, Role.RESIDENT, *KEEPERS)
    item = item_in_scope(session, actor, item_id)
    if item.village_id != household.village_id:
        raise Invalid("这件商品是别的村的，请到本村的积分超市兑换。")
    if not 1 <= quantity <= MAXIMUM_QUANTITY:
        raise Invalid("数量应为 1 到 1000。", errors={"quantity": ["数量应为 1 到 1000。"]})
    if household.valid_to is not None and household.valid_to < today():
        raise Conflict("这一户已经销户或迁走，不能再兑换。")
    price = price_on(session, item.id, today())
    if price is None:
        raise Conflict(f"“{item.name}”还没有定价，暂时不能兑换。")
    # Whoever reserves for the household waits here: a twin with the same key then sees the first one.
    lock_account(session, household.village_id, household_id)
    known = session.scalar(
        select(Redemption).where(Redemption.village_id == household.village_id, Redemption.key == key)
    )
    if known is not None:
        return _same_request(known, household_id, item_id, quantity)
    points = price * quantity
    _hold_points(session, household.village_id, household_id, points)
    _check_limit(session, item, household_id, quantity)
    hold_stock(session, item, quantity)
    redemption = Redemption(
        village_id=household.village_id,
        household_id=household_id,
        item_id=item.id,
        key=key,
        code=_free_code(session),
        quantity=quantity,
        points=points,
        reserved_by=actor.actor,
        expires_at=end_of_day(last_day_to_fetch(session, household.village_id, today())),
        person_id=actor.person_id,
    )
    session.add(redemption)
    session.flush()
    write_hold_move(session, actor, redemption, MoveKind.RESERVE, reserved=quantity)
    audit.record(session, actor, "reserve_goods", "redemption", redemption.id, village_id=redemption.village_id)
    return redemption


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
    release_hold(session, redemption)
    end_redemption(session, actor, redemption, RedemptionState.CANCELLED, reason=reason)
    write_hold_move(session, actor, redemption, MoveKind.RELEASE, reserved=-redemption.quantity)
    audit.record(session, actor, "cancel_reservation", "redemption", redemption.id, village_id=redemption.village_id)
    return redemption


def lock_account(session: Session, village_id: int, household_id: int) -> None:
    """Take the household's account: whoever ends a redemption waits here for the other, then looks at it anew."""
    session.execute(
        select(Account.balance)
        .where(Account.village_id == village_id, Account.household_id == household_id)
        .with_for_update()
    )


def release_hold(session: Session, redemption: Redemption) -> None:
    """Give held points and goods free; nothing is booked."""
    account = (
        update(Account)
        .where(Account.village_id == redemption.village_id, Account.household_id == redemption.household_id)
        .where(Account.reserved >= redemption.points)
        .values(reserved=Account.reserved - redemption.points)
    )
    item = (
        update(Item)
        .where(Item.id == redemption.item_id, Item.reserved >= redemption.quantity)
        .values(reserved=Item.reserved - redemption.quantity)
    )
    for statement in (account, item):
        done = session.execute(statement.execution_options(synchronize_session=False))
        if done.rowcount != 1:  # type: ignore[attr-defined]
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
    session.add(
        StockMove(
            item_id=redemption.item_id,
            redemption_id=redemption.id,
            kind=kind,
            on_hand=on_hand,
            reserved=reserved,
            made_by=actor.actor,
            person_id=actor.person_id,
        )
    )
    session.flush()


def end_of_day(day: date) -> datetime:
    """The instant at which a day of the township ends, in UTC, as it reads when it comes back from the database."""
    return datetime.combine(day + timedelta(days=1), time(), SHANGHAI).astimezone(UTC)


def _same_request(known: Redemption, household_id: int, item_id: int, quantity: int) -> Redemption:
    if (known.household_id, known.item_id, known.quantity) != (household_id, item_id, quantity):
        raise Invalid("同一个防重复编号已经用于另一笔兑换。请刷新页面后重新填写。")
    return known


def _hold_points(session: Session, village_id: int, household_id: int, points: int) -> None:
    held = session.execute(
        update(Account)
        .where(Account.village_id == village_id, Account.household_id == household_id)
        .where(Account.balance - Account.reserved >= points)
        .values(reserved=Account.reserved + points)
        .execution_options(synchronize_session=False)
    )
    if held.rowcount != 1:  # type: ignore[attr-defined]
        free = session.scalar(
            select(Account.balance - Account.reserved).where(
                Account.village_id == village_id, Account.household_id == household_id
            )
        )
        raise Conflict(
            f"积分不够：需要 {format_hundredths(points)} 分，可用 {format_hundredths(free or 0)} 分。"
            "请减少数量或选别的商品。"
        )


def _check_limit(session: Session, item: Item, household_id: int, quantity: int) -> None:
    """Refuse more than a household may have in the period. The account is held, so a twin can't slip by."""
    if item.limit_quantity is None or item.limit_period is None:
        return
    taken = session.scalar(
        select(func.coalesce(func.sum(Redemption.quantity), 0)).where(
            Redemption.household_id == household_id,
            Redemption.item_id == item.id,
            Redemption.state.in_(_COUNTING),
            Redemption.reserved_at >= _period_start(item.limit_period),
        )
    )
    if int(taken or 0) + quantity > item.limit_quantity:
        period = _PERIODS[item.limit_period]
        raise Conflict(
            f"“{item.name}”每户{period}限兑 {item.limit_quantity} {item.unit}，已兑 {taken} {item.unit}，"
            f"这次不能再兑 {quantity} {item.unit}。"
        )


def _period_start(period: LimitPeriod) -> datetime:
    day = today()
    month = {LimitPeriod.MONTH: day.month, LimitPeriod.QUARTER: (day.month - 1) // 3 * 3 + 1, LimitPeriod.YEAR: 1}[
        period
    ]
    return datetime(day.year, month, 1, tzinfo=SHANGHAI)


def _free_code(session: Session) -> str:
    """A code that no redemption has (31^8 of them; the unique constraint guards the rest)."""
    while True:
        code = "".join(secrets.choice(CODE_ALPHABET) for _ in range(8))
        if session.scalar(select(Redemption.id).where(Redemption.code == code)) is None:
            return code
