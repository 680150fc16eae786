"""HTTP of goods and their prices: parse, call the domain, dump."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from services.points.store.items import (
    KEEPERS,
    ItemFacts,
    ItemView,
    add_item,
    edit_item,
    item_in_scope,
    select_items,
    set_price,
    view_of_item,
)
from services.points.store.prices import price_from, prices_of, withdraw_price
from services.points.store.schemas import (
    ItemFactsSchema,
    ItemsArguments,
    ItemSchema,
    NewItemSchema,
    NewPriceSchema,
    PriceListSchema,
    PriceSchema,
)
from services.points.store.stock import WATCHERS
from shared.errors import NotFound
from shared.identity import Principal, Role
from shared.models.points import Item, Price
from shared.web import (
    Blueprint,
    Page,
    allow,
    conditional,
    current_principal,
    current_session,
    expected_version,
    idempotent,
    page_of,
    page_schema,
    require_version,
    set_version,
)

blueprint = Blueprint("store", __name__, url_prefix="/api/points", description="积分超市")


def _find_item(session: Session, actor: Principal, item_id: str) -> ItemView:
    return view_of_item(session, item_in_scope(session, actor, int(item_id), *KEEPERS))


def _find_price(session: Session, actor: Principal, name: str) -> Price:
    item_id, day = name.split("@")
    return price_from(session, actor, int(item_id), date.fromisoformat(day))


@blueprint.route("/items")
@allow(Role.PUBLIC)
@blueprint.arguments(ItemsArguments, location="query")
@blueprint.response(200, page_schema(ItemSchema))
def list_items(values: dict[str, Any]) -> Page[ItemView]:
    """A village's shelf with the prices of today."""
    session, village = current_session(), values["village"]
    statement = select_items(session, current_principal(), village_code=village, all_items=values["all"])
    page = page_of(
        session,
        statement,
        [Item.position, Item.id],
        cursor=values["cursor"],
        limit=values["limit"],
        scalars=False,
    )
    return Page([ItemView(row.Item, row.price, village) for row in page.items], page.next_cursor)


@blueprint.route("/items", methods=["POST"])
@allow(*KEEPERS)
@blueprint.arguments(NewItemSchema)
@blueprint.response(201, ItemSchema)
@idempotent(_find_item)
def create_item(values: dict[str, Any]) -> ItemView:
    """Add goods to a village's store."""
    village, code = values.pop("village"), values.pop("code")
    session = current_session()
    item = add_item(session, current_principal(), village_code=village, code=code, facts=ItemFacts(**values))
    return view_of_item(session, item)


@blueprint.route("/items/<int:item_id>")
@allow(*WATCHERS)
@blueprint.response(200, ItemSchema)
def show_item(item_id: int) -> ItemView:
    """One item, to edit it."""
    item = item_in_scope(current_session(), current_principal(), item_id, *WATCHERS)
    set_version(item.version)
    return view_of_item(current_session(), item)


@blueprint.route("/items/<int:item_id>", methods=["PUT"])
@allow(*KEEPERS)
@conditional()
@blueprint.arguments(ItemFactsSchema)
@blueprint.response(200, ItemSchema)
def change_item(values: dict[str, Any], item_id: int) -> ItemView:
    """Change an item's facts and, where one is given, its price from a day on."""
    actor, session = current_principal(), current_session()
    require_version(item_in_scope(session, actor, item_id, *KEEPERS, hold=True).version, expected_version())
    item = edit_item(session, actor, item_id, ItemFacts(**values))
    set_version(item.version)
    return view_of_item(session, item)


@blueprint.route("/items/<int:item_id>/prices")
@allow(*WATCHERS)
@blueprint.response(200, PriceListSchema)
def list_prices(item_id: int) -> dict[str, Sequence[Price]]:
    """An item's price list, the latest first."""
    return {"items": prices_of(current_session(), current_principal(), item_id)}


@blueprint.route("/items/<int:item_id>/prices", methods=["POST"])
@allow(*KEEPERS)
@blueprint.arguments(NewPriceSchema)
@blueprint.response(201, PriceSchema)
@idempotent(_find_price, identify=lambda price: f"{price.item_id}@{price.effective_from}")
def create_price(values: dict[str, Any], item_id: int) -> Price:
    """Set what one unit costs from a day on; what was reserved before keeps its price."""
    return set_price(current_session(), current_principal(), item_id=item_id, **values)


@blueprint.route("/items/<int:item_id>/prices/<string:day>", methods=["DELETE"])
@allow(*KEEPERS)
@blueprint.response(204)
def delete_price(item_id: int, day: str) -> None:
    """Take back a price whose day has not come."""
    try:
        begins = date.fromisoformat(day)
    except ValueError:
        raise NotFound("没有从这一天开始的价格，请刷新后再看。") from None
    withdraw_price(current_session(), current_principal(), item_id, begins)
