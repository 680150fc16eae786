"""Goods, prices, deliveries and stock moves as the keeper's pages show them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from services.gateway.pages.store.filled import yuan
from services.gateway.pages.wording import _
from services.gateway.pages.words import day_words, moment_words, points, remaining_words
from shared.calendar import today

Data = Mapping[str, Any]
_SOON_DAYS = 30


def goods_line(item: Data) -> dict[str, Any]:
    """A line of the list of goods."""
    return {
        "id": item["id"],
        "name": item["name"],
        "price": points(item["points"]) if item["points"] else _("还没有定价"),
        "on_hand": _units(item["on_hand"], item),
        "reserved": _units(item["reserved"], item) if item["reserved"] else "",
        "left": _units(item["left"], item),
        "state_words": _state(item)[0],
        "state_kind": _state(item)[1],
    }


def _state(item: Data) -> tuple[str, str]:
    if not item["on_offer"]:
        return _("已下架"), "plain"
    if not item["points"]:
        return _("等定价"), "soon"
    return (_("可兑换"), "done") if item["left"] else (_("没有货了"), "soon")


def _units(count: int, item: Data) -> str:
    return _("%(n)s %(unit)s", n=count, unit=item["unit"])


def item_facts(item: Data) -> list[tuple[str, str]]:
    """What the keeper compares with the shelf."""
    rows = [
        (_("现在的价格"), points(item["points"]) if item["points"] else _("还没有定价")),
        (_("账上有"), _units(item["on_hand"], item)),
        (_("已被预留"), _units(item["reserved"], item)),
        (_("还能兑换"), _units(item["left"], item)),
        (_("限兑"), _limit(item)),
        (_("编号"), item["code"]),
    ]
    if item["cost_fen"] is not None:
        rows.append((_("市场价"), _("%(yuan)s 元", yuan=yuan(item["cost_fen"]))))
    if not item["on_offer"]:
        rows.append((_("货架"), _("已下架，村民看不到")))
    return rows


def _limit(item: Data) -> str:
    if not item["limit_quantity"]:
        return _("不限")
    period = {"month": _("每月"), "quarter": _("每季度"), "year": _("每年")}[item["limit_period"]]
    return _("每户%(period)s最多 %(n)s %(unit)s", period=period, n=item["limit_quantity"], unit=item["unit"])


def price_line(price: Data) -> dict[str, Any]:
    """A line of the price list; one that does not hold yet can be taken back."""
    begins = date.fromisoformat(price["effective_from"])
    return {
        "day": price["effective_from"],
        "since": _("%(day)s 起", day=day_words(begins)),
        "price": points(price["points"]),
        "is_ahead": begins > today(),
    }


def lot_line(lot: Data, unit: str) -> dict[str, Any]:
    """A delivery: from where, how many, until when it keeps."""
    source = {"purchase": _("采购"), "donation": _("捐赠"), "allocation": _("调拨")}[lot["source"]]
    if lot["donor"]:
        source = _("%(source)s：%(donor)s", source=source, donor=lot["donor"])
    expires, kind = lot["expires_on"], ""
    if expires:
        left = (date.fromisoformat(expires) - today()).days
        kind = "late" if left < 0 else "soon" if left <= _SOON_DAYS else "plain"
    return {
        "id": lot["id"],
        "received": day_words(lot["received_on"]),
        "source": source,
        "quantity": _("%(n)s %(unit)s", n=lot["quantity"], unit=unit),
        "lost": _("%(n)s %(unit)s", n=lot["written_off"], unit=unit) if lot["written_off"] else "",
        "expires": day_words(expires) if expires else _("不会过期"),
        "left_words": remaining_words(expires) if expires else "",
        "left_kind": kind,
    }


def move_kind(kind: str) -> str:
    """What happened, in a word."""
    return {
        "in": _("入库"),
        "reserve": _("预留"),
        "release": _("取消预留"),
        "out": _("领取"),
        "return": _("退货"),
        "damage": _("损耗"),
        "expiry": _("过期"),
        "count": _("盘点更正"),
    }[kind]


def move_line(move: Data) -> dict[str, Any]:
    """A line of the stock ledger, with the sign of what it did to shelf and reservations."""
    return {
        "when": moment_words(move["made_at"]),
        "item": move["item_name"],
        "what": move_kind(move["kind"]),
        "on_hand": _signed(move["on_hand"]),
        "reserved": _signed(move["reserved"]),
        "reason": move["reason"],
        # Nobody does it where a reservation lapses.
        "who": move["person_name"] or "",
    }


def _signed(number: int) -> str:
    return f"{number:+d}" if number else ""
