"""`/store/goods/…`: taking in, writing off, counting; the stock ledger; prices from a day on."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from services.gateway.clients import ServiceProblem
from services.gateway.pages.answers import errors_of
from services.gateway.pages.services import points
from services.gateway.pages.store.filled import fen, text, whole
from services.gateway.pages.store.goods import API, COUNTERS, KEEPERS, WATCHERS, chosen_village, item_of
from services.gateway.pages.store.goods_words import lot_line, move_line
from services.gateway.pages.wording import _
from services.gateway.pages.words import day_words
from services.gateway.pages.words import points as points_words
from shared.calendar import today
from shared.web import allow, current_principal

Errors = dict[str, list[str]]


def add_stock(blueprint: Blueprint) -> None:
    """Add the pages of stock and prices to the topic's blueprint."""
    blueprint.add_url_rule("/store/moves", "moves", list_moves)
    for name, show, send in (
        ("receive", receive, send_delivery),
        ("write_off", write_off, send_loss),
        ("count", count, send_count),
        ("price", price, send_price),
    ):
        path = f"/store/goods/<int:item_id>/{name.replace('_', '-')}"
        blueprint.add_url_rule(path, name, show)
        blueprint.add_url_rule(path, send.__name__, send, methods=["POST"])
    path = "/store/goods/<int:item_id>/prices/<day>/withdraw"
    blueprint.add_url_rule(path, "withdraw_price", withdraw_price, methods=["POST"])


@allow(*WATCHERS)
def list_moves() -> str:
    """The village's stock ledger, or one item's, newest first."""
    village, tabs = chosen_village()
    item_id = request.args.get("item", type=int)
    found = points.get(
        f"{API}/stock_moves",
        current_principal(),
        village=village.code,
        item=item_id,
        limit=50,
        cursor=request.args.get("cursor"),
    ).data
    following = found["next_cursor"]
    return render_template(
        "store/moves.html",
        village=village,
        tabs=[] if item_id else tabs,
        item=item_of(item_id) if item_id else None,
        moves=[move_line(move) for move in found["items"]],
        next_href=url_for("store.moves", village=village.code, item=item_id, cursor=following) if following else None,
    )


@allow(*KEEPERS)
def receive(item_id: int) -> str:
    """A delivery: how many, from where, until when it keeps."""
    return _form("receive", item_id, {"received_on": today().isoformat(), "source": "purchase"}, {})


@allow(*KEEPERS)
def send_delivery(item_id: int) -> Response | tuple[str, int]:
    """Take it in."""
    form = request.form
    errors: Errors = {}
    body = {
        "item": item_id,
        "kind": "in",
        "quantity": whole(form, "quantity"),
        "source": text(form, "source") or "purchase",
        "donor": text(form, "donor"),
        "received_on": text(form, "received_on") or None,
        "expires_on": text(form, "expires_on") or None,
        "unit_cost_fen": fen(form, "cost", errors),
    }
    if errors:
        return _form("receive", item_id, form, errors), 422
    return _move("receive", item_id, body, _("已入库"))


@allow(*KEEPERS)
def write_off(item_id: int) -> str:
    """What broke or expired."""
    return _form("write_off", item_id, {}, {})


@allow(*KEEPERS)
def send_loss(item_id: int) -> Response | tuple[str, int]:
    """Take it off the shelf, with the reason."""
    form = request.form
    if text(form, "kind") not in {"damage", "expiry"}:
        return _form("write_off", item_id, form, {"kind": [_("请选是坏了还是过期了。")]}), 422
    body = {
        "item": item_id,
        "kind": text(form, "kind"),
        "quantity": whole(form, "quantity"),
        "reason": text(form, "reason"),
        "lot": whole(form, "lot"),
    }
    return _move("write_off", item_id, body, _("已登记，从账上减去"))


def _move(page: str, item_id: int, body: dict[str, Any], done: str) -> Response | tuple[str, int]:
    key = request.form.get("idempotency_key")
    try:
        moved = points.post(f"{API}/stock_moves", current_principal(), body, idempotency_key=key).data
    except ServiceProblem as problem:
        return _form(page, item_id, request.form, errors_of(problem, {"unit_cost_fen": "cost"})), 422
    flash(_("%(done)s：%(name)s %(n)s %(unit)s。记错了用“盘点”更正。", done=done, name=moved["item_name"],
            n=abs(moved["on_hand"]), unit=moved["unit"]), "done")  # fmt: skip
    return redirect(url_for("store.show_item", item_id=item_id), code=303)


@allow(*COUNTERS)
def count(item_id: int) -> str:
    """What was counted on the shelf."""
    return _form("count", item_id, {}, {})


@allow(*COUNTERS)
def send_count(item_id: int) -> Response | tuple[str, int]:
    """Book the difference, if there is one."""
    body = {"counted": whole(request.form, "counted"), "reason": text(request.form, "reason")}
    try:
        counted = points.post(f"{API}/items/{item_id}/count", current_principal(), body).data
    except ServiceProblem as problem:
        return _form("count", item_id, request.form, errors_of(problem, {"quantity": "counted"})), 422
    item, difference = counted["item"], counted["difference"]
    if difference:
        words = _("账上已改为 %(n)s %(unit)s，差额 %(difference)s 记进流水。", n=item["on_hand"], unit=item["unit"],
                  difference=f"{difference:+d}")  # fmt: skip
    else:
        words = _("数出来的和账上一样，都是 %(n)s %(unit)s。", n=item["on_hand"], unit=item["unit"])
    flash(words, "done")
    return redirect(url_for("store.show_item", item_id=item_id), code=303)


@allow(*KEEPERS)
def price(item_id: int) -> str:
    """What one unit costs, and from which day on."""
    return _form("price", item_id, {"effective_from": today().isoformat()}, {})


@allow(*KEEPERS)
def send_price(item_id: int) -> Response | tuple[str, int]:
    """Set the price; what was reserved before keeps its own."""
    form = request.form
    body = {"points": text(form, "points"), "effective_from": text(form, "effective_from") or None}
    key = form.get("idempotency_key")
    try:
        made = points.post(f"{API}/items/{item_id}/prices", current_principal(), body, idempotency_key=key).data
    except ServiceProblem as problem:
        return _form("price", item_id, form, errors_of(problem, {"price_from": "effective_from"})), 422
    flash(_("已定价：%(day)s 起 %(price)s。", day=day_words(made["effective_from"]),
            price=points_words(made["points"])), "done")  # fmt: skip
    return redirect(url_for("store.show_item", item_id=item_id), code=303)


@allow(*KEEPERS)
def withdraw_price(item_id: int, day: str) -> Response:
    """Take back a price before its day."""
    points.request("DELETE", f"{API}/items/{item_id}/prices/{day}", current_principal())
    flash(_("已取消这个价格，继续用原来的。"), "done")
    return redirect(url_for("store.show_item", item_id=item_id), code=303)


def _form(page: str, item_id: int, values: Any, errors: Errors) -> str:
    item, lots = item_of(item_id), []
    if page == "write_off":
        found = points.get(f"{API}/items/{item_id}/lots", current_principal(), limit=50).data["items"]
        lots = [("", _("说不清是哪一批"))]
        lots += [(line["id"], f"{line['received']}　{line['source']}　{line['quantity']}") for line in
                 (lot_line(lot, item["unit"]) for lot in found)]  # fmt: skip
    key = request.form.get("idempotency_key")
    return render_template(f"store/{page}.html", item=item, lots=lots, values=values, errors=errors, key=key)
