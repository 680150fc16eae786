"""Items 商品: goods of a village's store, with a price list by day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ScalarSelect, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from shared import audit
from shared.calendar import today
from shared.errors import Conflict, Invalid, NotFound
from shared.identity import Principal, Role
from shared.identity.scope import village_by_code, village_in_scope
from shared.models.points import Item, LimitPeriod, Price
from shared.models.registry import Village

KEEPERS = (Role.KEEPER, Role.CADRE, Role.ADMIN)
"""Who keeps the store: goods, prices, stock."""

NO_ITEM = "没有这件商品，请刷新后再看。"


@dataclass(frozen=True, slots=True)
class ItemFacts:
    """What a keeper states of an item.

    `points`: the price in hundredths from `price_from` (default: today) on; None leaves the price list as it is.
    """

    name: str
    unit: str
    points: int | None = None
    price_from: date | None = None
    photo: str | None = None
    cost_fen: int | None = None
    limit_quantity: int | None = None
    limit_period: LimitPeriod | None = None
    on_offer: bool = True
    position: int = 0


def add_item(session: Session, actor: Principal, *, village_code: str, code: str, facts: ItemFacts) -> Item:
    """Add an item to a village's store. Raises Conflict where the code is taken, Invalid for a price that is none."""
    village = village_by_code(session, actor, village_code, *KEEPERS)
    if session.scalar(select(Item.id).where(Item.village_id == village.id, Item.code == code)):
        raise Conflict(f"编号“{code}”已经用于另一件商品，请换一个编号。")
    item = Item(village_id=village.id, code=code)
    _state(item, facts)
    session.add(item)
    session.flush()
    if facts.points is not None:
        set_price(session, actor, item_id=item.id, points=facts.points, effective_from=facts.price_from)
    audit.record(session, actor, "add_item", "item", item.id, village_id=village.id, details={"code": code})
    return item


def edit_item(session: Session, actor: Principal, item_id: int, facts: ItemFacts) -> Item:
    """Change an item's facts; its price from a day on where one is given and differs.

    The caller has compared versions, and holds the item.
    """
    item = item_in_scope(session, actor, item_id, *KEEPERS)
    _state(item, facts)
    item.version += 1
    if facts.points is not None and price_on(session, item.id, facts.price_from or today()) != facts.points:
        set_price(session, actor, item_id=item.id, points=facts.points, effective_from=facts.price_from)
    audit.record(session, actor, "edit_item", "item", item.id, village_id=item.village_id)
    session.flush()
    return item


def _state(item: Item, facts: ItemFacts) -> None:
    if (facts.limit_quantity is None) != (facts.limit_period is None):
        raise Invalid("限兑数量和限兑周期要一起填写，或都不填。")
    item.name, item.unit, item.photo, item.cost_fen = facts.name, facts.unit, facts.photo, facts.cost_fen
    item.limit_quantity, item.limit_period = facts.limit_quantity, facts.limit_period
    item.on_offer, item.position = facts.on_offer, facts.position


def set_price(
    session: Session, actor: Principal, *, item_id: int, points: int, effective_from: date | None = None
) -> Price:
    """Set what one unit costs from a day on (today or later: what was sold keeps its price). Hundredths."""
    item = item_in_scope(session, actor, item_id, *KEEPERS)
    day = effective_from or today()
    if points <= 0:
        raise Invalid("价格应大于 0 分。", errors={"points": ["价格应大于 0 分。"]})
    if day < today():
        raise Invalid("新价格从今天或以后开始，过去的价格不能改。", errors={"price_from": ["请填今天或以后的日期。"]})
    price = session.get(Price, (item.id, day))
    if price is None:
        price = Price(item_id=item.id, effective_from=day, points=points)
        session.add(price)
    price.points = points
    session.flush()
    audit.record(
        session,
        actor,
        "set_price",
        "item",
        item.id,
        village_id=item.village_id,
        details={"from": day, "points": points},
    )
    return price


def price_on(session: Session, item_id: int, day: date) -> int | None:
    """What one unit costs on `day`, in hundredths; None before the first price."""
    return session.scalar(
        select(Price.points)
        .where(Price.item_id == item_id, Price.effective_from <= day)
        .order_by(Price.effective_from.desc())
        .limit(1)
    )


def current_price(day: date) -> ScalarSelect[int]:
    """The price of `Item` on `day` as a column of a list."""
    return (
        select(Price.points)
        .where(Price.item_id == Item.id, Price.effective_from <= day)
        .order_by(Price.effective_from.desc())
        .limit(1)
        .correlate(Item)
        .scalar_subquery()
    )


def item_in_scope(session: Session, actor: Principal, item_id: int, *roles: Role, hold: bool = False) -> Item:
    """An item of the township where one of `roles` holds in its village. `hold` keeps others from changing it.

    Raises NotFound, Forbidden.
    """
    item = session.get(Item, item_id, with_for_update=True if hold else None, populate_existing=hold)
    if item is None:
        raise NotFound(NO_ITEM)
    village_in_scope(session, actor, item.village_id)
    if roles:
        actor.require_in(item.village_id, *roles)
    return item


ITEM_ORDER: tuple[InstrumentedAttribute[int], ...] = (Item.position, Item.id)


def select_items(session: Session, actor: Principal, *, village_code: str, all_items: bool) -> Any:
    """(Item, `price`) of a village's shelf; with `all_items` also what is not on offer (keepers only)."""
    village = village_by_code(session, actor, village_code)
    if all_items:
        actor.require_in(village.id, *KEEPERS, Role.SUPERVISOR, Role.AUDITOR)
    statement: Any = select(Item, current_price(today()).label("price"), Item.position, Item.id).where(
        Item.village_id == village.id
    )
    return statement if all_items else statement.where(Item.on_offer)


@dataclass(frozen=True, slots=True)
class ItemView:
    """An item with its price of today (None before the first); the item's own values are read through."""

    item: Item
    price: int | None
    village_code: str

    @property
    def left(self) -> int:
        """Units that can still be reserved."""
        return self.item.on_hand - self.item.reserved

    def __getattr__(self, name: str) -> Any:
        return getattr(self.item, name)


def view_of_item(session: Session, item: Item) -> ItemView:
    """The item with its price of today."""
    village = session.get_one(Village, item.village_id)
    return ItemView(item, price_on(session, item.id, today()), village.code)
