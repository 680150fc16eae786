"""The price list 价格表 of an item: what it costs from a day on, and taking back a price that does not hold yet."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.points.store.items import KEEPERS, item_in_scope
from services.points.store.stock import WATCHERS
from shared import audit
from shared.calendar import today
from shared.errors import Conflict, NotFound
from shared.identity import Principal
from shared.models.points import Price


def prices_of(session: Session, actor: Principal, item_id: int) -> Sequence[Price]:
    """All prices of an item, the latest first."""
    item = item_in_scope(session, actor, item_id, *WATCHERS)
    return session.scalars(select(Price).where(Price.item_id == item.id).order_by(Price.effective_from.desc())).all()


def price_from(session: Session, actor: Principal, item_id: int, day: date) -> Price:
    """The price that begins on `day`. Raises NotFound where none does."""
    item = item_in_scope(session, actor, item_id, *WATCHERS)
    price = session.get(Price, (item.id, day))
    if price is None:
        raise NotFound("没有从这一天开始的价格，请刷新后再看。")
    return price


def withdraw_price(session: Session, actor: Principal, item_id: int, day: date) -> None:
    """Take back a price before its day comes. Raises Conflict where it holds or has held: sales rest on it."""
    item = item_in_scope(session, actor, item_id, *KEEPERS)
    price = price_from(session, actor, item_id, day)
    if day <= today():
        raise Conflict("这个价格已经开始用了，不能取消；要改价，请另定一个价格。")
    session.delete(price)
    session.flush()
    details = {"from": day, "points": price.points}
    audit.record(session, actor, "withdraw_price", "item", item.id, village_id=item.village_id, details=details)
