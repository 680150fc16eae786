"""Stock moves 库存流水: what comes in, goes out, breaks, expires, and what counting finds. Never updated."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from services.points.store.items import KEEPERS, item_in_scope
from shared import audit
from shared.calendar import today
from shared.errors import Conflict, Invalid, NotFound
from shared.identity import Principal, Role
from shared.identity.scope import village_by_code
from shared.models.points import Item, Lot, LotSource, MoveKind, StockMove
from shared.models.registry import Person

WATCHERS = (*KEEPERS, Role.SUPERVISOR, Role.AUDITOR)
"""Who may read the stock ledger."""

_LOSSES = {MoveKind.DAMAGE: "损耗", MoveKind.EXPIRY: "过期"}


@dataclass(frozen=True, slots=True)
class Delivery:
    """Goods that come in. Whole units; `unit_cost_fen` in fen."""

    source: LotSource
    received_on: date | None = None
    donor: str = ""
    expires_on: date | None = None
    unit_cost_fen: int | None = None


def receive_goods(session: Session, actor: Principal, *, item_id: int, quantity: int, delivery: Delivery) -> StockMove:
    """Put a delivery on the shelf as a lot. Raises Invalid for a quantity below 1 or goods that have expired."""
    item = item_in_scope(session, actor, item_id, *KEEPERS)
    received_on = delivery.received_on or today()
    if quantity < 1:
        raise Invalid("入库数量至少为 1。", errors={"quantity": ["入库数量至少为 1。"]})
    if received_on > today():
        raise Invalid("入库日期不能晚于今天。", errors={"received_on": ["不能晚于今天。"]})
    if delivery.expires_on is not None and delivery.expires_on <= today():
        raise Invalid("这批商品已经过期，不能入库。", errors={"expires_on": ["应晚于今天。"]})
    if delivery.source is LotSource.DONATION and not delivery.donor:
        raise Invalid("捐赠的商品请写明捐赠人。", errors={"donor": ["请写明捐赠人。"]})
    lot = Lot(
        item_id=item.id,
        source=delivery.source,
        donor=delivery.donor,
        received_on=received_on,
        expires_on=delivery.expires_on,
        quantity=quantity,
        unit_cost_fen=delivery.unit_cost_fen,
    )
    session.add(lot)
    session.flush()
    _change_shelf(session, item, quantity)
    return _write_move(session, actor, item, MoveKind.IN, quantity, lot_id=lot.id)


def write_off(
    session: Session,
    actor: Principal,
    *,
    item_id: int,
    kind: MoveKind,
    quantity: int,
    reason: str,
    lot_id: int | None = None,
) -> StockMove:
    """Take broken or expired goods off the shelf, with a reason. What is reserved stays: Conflict."""
    item = item_in_scope(session, actor, item_id, *KEEPERS)
    if kind not in _LOSSES:
        raise Invalid("这里只登记入库、损耗和过期；领取由兑换完成，盘点另外登记。")
    if quantity < 1:
        raise Invalid("数量至少为 1。", errors={"quantity": ["数量至少为 1。"]})
    _require_reason(reason)
    if lot_id is not None and session.scalar(select(Lot.id).where(Lot.id == lot_id, Lot.item_id == item.id)) is None:
        raise Invalid("没有这一批次，请刷新后再选。", errors={"lot": ["没有这一批次。"]})
    _change_shelf(session, item, -quantity)
    return _write_move(session, actor, item, kind, -quantity, reason=reason, lot_id=lot_id)


def count_stock(session: Session, actor: Principal, *, item_id: int, counted: int, reason: str) -> StockMove | None:
    """Book the difference between what was counted and what the ledger says; None where they agree.

    Supervisors count too. Raises Invalid without a reason, Conflict where fewer were counted than are reserved.
    """
    item = item_in_scope(session, actor, item_id, *KEEPERS, Role.SUPERVISOR)
    if counted < 0:
        raise Invalid("盘点数量不能小于 0。", errors={"quantity": ["不能小于 0。"]})
    on_hand = session.scalar(select(Item.on_hand).where(Item.id == item.id).with_for_update()) or 0
    if counted == on_hand:
        audit.record(
            session, actor, "count_stock", "item", item.id, village_id=item.village_id, details={"found": counted}
        )
        return None
    _require_reason(reason)
    _change_shelf(session, item, counted - on_hand)
    return _write_move(session, actor, item, MoveKind.COUNT, counted - on_hand, reason=reason)


def select_moves(session: Session, actor: Principal, *, village_code: str, item_id: int | None = None) -> Any:
    """A village's stock moves with `item_name`, `unit` and `person_name`, to be paged newest first."""
    village = village_by_code(session, actor, village_code, *WATCHERS)
    moves = (
        select(StockMove, Item.name.label("item_name"), Item.unit, Person.name.label("person_name"), StockMove.id)
        .join(Item, Item.id == StockMove.item_id)
        .outerjoin(Person, Person.id == StockMove.person_id)
        .where(Item.village_id == village.id)
    )
    return moves if item_id is None else moves.where(StockMove.item_id == item_id)


def select_lots(session: Session, actor: Principal, *, item_id: int) -> Any:
    """An item's deliveries with what was `written_off` of each (whole units), to be paged newest first."""
    item = item_in_scope(session, actor, item_id, *WATCHERS)
    written_off = (
        select(func.coalesce(-func.sum(StockMove.on_hand), 0))
        .where(StockMove.lot_id == Lot.id, StockMove.kind.in_(list(_LOSSES)))
        .correlate(Lot)
        .scalar_subquery()
    )
    return select(Lot, written_off.label("written_off"), Lot.id).where(Lot.item_id == item.id)


@dataclass(frozen=True, slots=True)
class MoveView:
    """A stock move with its item's name and unit, and who made it; the move's own values are read through.

    `person_name` is None where no person did.
    """

    move: StockMove
    item_name: str
    unit: str
    person_name: str | None

    def __getattr__(self, name: str) -> Any:
        return getattr(self.move, name)


def view_of_move(session: Session, move: StockMove) -> MoveView:
    """The move with its item's words and its person's name."""
    item = session.get_one(Item, move.item_id)
    person = None if move.person_id is None else session.get(Person, move.person_id)
    return MoveView(move, item.name, item.unit, person.name if person else None)


def _require_reason(reason: str) -> None:
    if not reason.strip():
        raise Invalid("请写明原因，公示时要用。", errors={"reason": ["请写明原因。"]})


def _change_shelf(session: Session, item: Item, difference: int) -> None:
    """Change what lies on the shelf; what is reserved never lies elsewhere."""
    changed = session.execute(
        update(Item)
        .where(Item.id == item.id, Item.on_hand + difference >= Item.reserved)
        .values(on_hand=Item.on_hand + difference)
        .execution_options(synchronize_session=False)
    )
    if changed.rowcount != 1:  # type: ignore[attr-defined]
        on_hand, reserved = session.execute(select(Item.on_hand, Item.reserved).where(Item.id == item.id)).one()
        raise Conflict(
            f"“{item.name}”现有 {on_hand} {item.unit}，其中 {reserved} {item.unit} 已被预留，不能减少这么多。"
        )
    session.expire(item, ["on_hand"])


def _write_move(
    session: Session,
    actor: Principal,
    item: Item,
    kind: MoveKind,
    difference: int,
    *,
    reason: str = "",
    lot_id: int | None = None,
) -> StockMove:
    move = StockMove(
        item_id=item.id,
        lot_id=lot_id,
        kind=kind,
        on_hand=difference,
        reason=reason.strip(),
        made_by=actor.actor,
        person_id=actor.person_id,
    )
    session.add(move)
    session.flush()
    details = {"kind": kind, "quantity": difference}
    audit.record(session, actor, "move_stock", "item", item.id, village_id=item.village_id, details=details)
    return move


def move_in_scope(session: Session, actor: Principal, move_id: int) -> StockMove:
    """A stock move of a store that `actor` keeps or watches. Raises NotFound, Forbidden."""
    move = session.get(StockMove, move_id)
    if move is None:
        raise NotFound("没有这条库存流水。")
    item_in_scope(session, actor, move.item_id, *WATCHERS)
    return move
