"""Goods and redemptions as the store's page shows them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from services.gateway.pages.wording import _
from services.gateway.pages.words import day_words, moment_words, points, remaining_words

Data = Mapping[str, Any]


def redemption_state(state: str) -> tuple[str, str]:
    """State in words, and the kind of its tag."""
    return {
        "reserved": (_("待领取"), "main"),
        "fulfilled": (_("已领取"), "done"),
        "cancelled": (_("已取消"), "plain"),
        "expired": (_("逾期未领，已退回"), "plain"),
        "refunded": (_("已退货"), "plain"),
    }[state]


def redemption_line(data: Data, *, keeper: bool) -> dict[str, Any]:
    """One redemption: the household sees its code, the keeper whose it is."""
    words, kind = redemption_state(data["state"])
    waits = data["state"] == "reserved"
    what = _("%(name)s %(n)s %(unit)s", name=data["item_name"], n=data["quantity"], unit=data["unit"])
    parts = [points(data["points"])]
    if keeper:
        parts.insert(0, _("%(name)s（%(number)s号）", name=data["head_name"], number=data["household_number"]))
    if waits:
        until = data["expires_at"]
        parts.append(_("%(day)s前领取，%(left)s", day=day_words(until), left=remaining_words(until)))
    elif data["ended_at"]:
        parts.append(moment_words(data["ended_at"]))
    if data["fetched_by"]:
        parts.append(_("由 %(name)s 代领", name=data["fetched_by"]))
    if data["reason"]:
        parts.append(_("原因：%(reason)s", reason=data["reason"]))
    return {
        "id": data["id"],
        "what": what,
        "detail": "　".join(parts),
        "state_words": words,
        "state_kind": kind,
        "code": data["code"] if waits and not keeper else "",
        "can_fulfil": waits and keeper,
        "can_cancel": waits,
        "can_refund": keeper and data["state"] == "fulfilled",
    }


def item_line(data: Data, *, can_reserve: bool) -> dict[str, Any]:
    """One item of the shelf."""
    price, left = data["points"], data["left"]
    stock = _("还有 %(n)s %(unit)s", n=left, unit=data["unit"]) if left else _("暂时没有货")
    if data["limit_quantity"]:
        period = {"month": _("每月"), "quarter": _("每季度"), "year": _("每年")}[data["limit_period"]]
        limit = _("每户%(period)s最多 %(n)s %(unit)s", period=period, n=data["limit_quantity"], unit=data["unit"])
        stock = f"{stock}　{limit}"
    return {
        "id": data["id"],
        "name": data["name"],
        "unit": data["unit"],
        "price": points(price) if price else _("还没有定价"),
        "stock_words": stock,
        "can_reserve": bool(can_reserve and price and left),
    }
