"""`/store/goods`: what the village's store has, adding goods, changing them."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from services.gateway.clients import ServiceProblem
from services.gateway.pages.answers import errors_of
from services.gateway.pages.place import VillageName, villages_of_principal
from services.gateway.pages.services import points
from services.gateway.pages.store.filled import Form, fen, text, whole, yuan
from services.gateway.pages.store.goods_words import goods_line, item_facts, lot_line, move_line, price_line
from services.gateway.pages.wording import _
from shared.calendar import today
from shared.errors import NotFound
from shared.identity import Role
from shared.web import allow, current_principal, current_session

KEEPERS = (Role.KEEPER, Role.CADRE, Role.ADMIN)
WATCHERS = (*KEEPERS, Role.SUPERVISOR, Role.AUDITOR)
COUNTERS = (*KEEPERS, Role.SUPERVISOR)
API = "/api/points"
_LATEST = 10


def add_goods(blueprint: Blueprint) -> None:
    """Add the pages of goods to the topic's blueprint."""
    blueprint.add_url_rule("/store/goods", "goods", list_goods)
    blueprint.add_url_rule("/store/goods/new", "new_item", new_item)
    blueprint.add_url_rule("/store/goods/new", "add_item", add_item, methods=["POST"])
    blueprint.add_url_rule("/store/goods/<int:item_id>", "show_item", show_item)
    blueprint.add_url_rule("/store/goods/<int:item_id>/edit", "edit_item", edit_item)
    blueprint.add_url_rule("/store/goods/<int:item_id>/edit", "change_item", change_item, methods=["POST"])


def chosen_village() -> tuple[VillageName, list[tuple[str, str, bool]]]:
    """The village whose store is looked at, and tabs where someone answers for several. Raises NotFound."""
    villages = villages_of_principal(current_session(), current_principal(), *WATCHERS)
    wanted = request.args.get("village", "")
    chosen = next((village for village in villages if village.code == wanted), None)
    if not villages or (wanted and chosen is None):
        raise NotFound(_("没有这个村的超市，请从页面上的链接进入。"))
    chosen = chosen or villages[0]
    endpoint = request.endpoint or "store.goods"
    tabs = [(each.name, url_for(endpoint, village=each.code), each == chosen) for each in villages]
    return chosen, tabs if len(tabs) > 1 else []


def item_of(item_id: int) -> dict[str, Any]:
    """An item as the service tells it."""
    data: dict[str, Any] = points.get(f"{API}/items/{item_id}", current_principal()).data
    return data


@allow(*WATCHERS)
def list_goods() -> str:
    """Everything that the store has or had, with what lies there and what is promised."""
    principal = current_principal()
    village, tabs = chosen_village()
    found = points.get(
        f"{API}/items", principal, village=village.code, all=True, limit=100, cursor=request.args.get("cursor")
    ).data
    following = found["next_cursor"]
    return render_template(
        "store/goods.html",
        village=village,
        tabs=tabs,
        items=[goods_line(item) for item in found["items"]],
        may_keep=principal.has(*KEEPERS),
        next_href=url_for("store.goods", village=village.code, cursor=following) if following else None,
    )


@allow(*WATCHERS)
def show_item(item_id: int) -> str:
    """One item: what lies there, its prices, its deliveries and the last moves."""
    principal, item = current_principal(), item_of(item_id)
    path = f"{API}/items/{item_id}"
    moves = points.get(f"{API}/stock_moves", principal, village=item["village"], item=item_id, limit=_LATEST).data
    return render_template(
        "store/item.html",
        item=item,
        facts=item_facts(item),
        prices=[price_line(price) for price in points.get(f"{path}/prices", principal).data["items"]],
        lots=[
            lot_line(lot, item["unit"]) for lot in points.get(f"{path}/lots", principal, limit=_LATEST).data["items"]
        ],
        moves=[move_line(move) for move in moves["items"]],
        more_href=url_for("store.moves", village=item["village"], item=item_id) if moves["next_cursor"] else None,
        may_keep=principal.has(*KEEPERS),
        may_count=principal.has(*COUNTERS),
    )


@allow(*KEEPERS)
def new_item() -> str:
    """The form of new goods."""
    return _new({"price_from": today().isoformat()}, {})


@allow(*KEEPERS)
def add_item() -> Response | tuple[str, int]:
    """Add goods with their first price; then stock is taken in."""
    form = request.form
    errors: dict[str, list[str]] = {}
    village, _tabs = chosen_village()
    body = {
        **_facts(form, errors),
        "village": village.code,
        "code": text(form, "code"),
        "points": text(form, "points"),
        "price_from": text(form, "price_from") or None,
    }
    if errors:
        return _new(form, errors), 422
    try:
        made = points.post(
            f"{API}/items", current_principal(), body, idempotency_key=form.get("idempotency_key")
        ).data  # fmt: skip
    except ServiceProblem as problem:
        return _new(form, errors_of(problem, {"cost_fen": "cost"})), 422
    flash(_("已添加“%(name)s”。现在把货入库，货架上就能兑换了。", name=made["name"]), "done")
    return redirect(url_for("store.receive", item_id=made["id"]), code=303)


@allow(*KEEPERS)
def edit_item(item_id: int) -> str:
    """What the store says about an item; its price has a page of its own."""
    answer = points.get(f"{API}/items/{item_id}", current_principal())
    item = answer.data
    values = {
        **{name: item[name] for name in ("name", "unit", "position")},
        "cost": yuan(item["cost_fen"]),
        "limit_quantity": item["limit_quantity"] or "",
        "limit_period": item["limit_period"] or "",
        "on_offer": "yes" if item["on_offer"] else "",
        "version": answer.version,
    }
    return _edit(item, values, {})


@allow(*KEEPERS)
def change_item(item_id: int) -> Response | tuple[str, int]:
    """Change an item, unless someone else has meanwhile."""
    form = request.form
    errors: dict[str, list[str]] = {}
    item = item_of(item_id)
    body = {**_facts(form, errors), "photo": item["photo"], "on_offer": form.get("on_offer") == "yes"}
    if errors:
        return _edit(item, form, errors), 422
    try:
        done = points.request(
            "PUT",
            f"{API}/items/{item_id}",
            current_principal(),
            json=body,
            version=form.get("version", type=int),
        ).data
    except ServiceProblem as problem:
        return _edit(item, form, errors_of(problem, {"cost_fen": "cost"})), 422
    flash(_("已保存“%(name)s”。", name=done["name"]), "done")
    return redirect(url_for("store.show_item", item_id=item_id), code=303)


def _facts(form: Form, errors: dict[str, list[str]]) -> dict[str, Any]:
    """What both forms ask for."""
    return {
        "name": text(form, "name"),
        "unit": text(form, "unit"),
        "cost_fen": fen(form, "cost", errors),
        "limit_quantity": whole(form, "limit_quantity"),
        "limit_period": text(form, "limit_period") or None,
        "position": whole(form, "position") or 0,
    }


def _new(values: Any, errors: dict[str, list[str]]) -> str:
    village, _tabs = chosen_village()
    key = request.form.get("idempotency_key")
    return render_template(
        "store/new_item.html", village=village, values=values, errors=errors, key=key, periods=_periods()
    )


def _edit(item: dict[str, Any], values: Any, errors: dict[str, list[str]]) -> str:
    key = request.form.get("idempotency_key")
    return render_template("store/edit_item.html", item=item, values=values, errors=errors, key=key, periods=_periods())


def _periods() -> list[tuple[str, str]]:
    return [("", _("不限")), ("month", _("每月")), ("quarter", _("每季度")), ("year", _("每年"))]
