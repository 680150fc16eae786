"""HTTP of goods and stock: parse, call the domain, dump."""

from __future__ import annotations

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
    view_of_item,
)
from services.points.store.schemas import (
    ItemFactsSchema,
    ItemsArguments,
    ItemSchema,
    MovesArguments,
    MoveSchema,
    NewItemSchema,
    NewMoveSchema,
)
from services.points.store.stock import (
    WATCHERS,
    Delivery,
    count_stock,
    move_in_scope,
    receive_goods,
    select_moves,
    write_off,
)
from shared.errors import Conflict
from shared.identity import Principal, Role
from shared.models.points import Item, MoveKind, StockMove
from shared.web import (
    Blueprint,
    Page,
    allow,
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


def _find_move(session: Session, actor: Principal, move_id: str) -> StockMove:
    return move_in_scope(session, actor, int(move_id))


@blueprint.route("/items")
@allow(Role.PUBLIC)
@blueprint.arguments(ItemsArguments, location="query")
@blueprint.response(200, page_schema(ItemSchema))
def list_items(values: dict[str, Any]) -> Page[ItemView]:
    """A village's shelf with the prices of today."""
    session = current_session()
    statement = select_items(session, current_principal(), village_code=values["village"], all_items=values["all"])
    page = page_of(
        session,
        statement,
        [Item.position, Item.id],
        cursor=values["cursor"],
        limit=values["limit"],
        scalars=False,
    )
    return Page([ItemView(row.Item, row.price) for row in page.items], page.next_cursor)


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
@blueprint.arguments(ItemFactsSchema)
@blueprint.response(200, ItemSchema)
def change_item(values: dict[str, Any], item_id: int) -> ItemView:
    """Change an item's facts and, from a day on, its price."""
    actor, session = current_principal(), current_session()
    require_version(item_in_scope(session, actor, item_id, *KEEPERS).version, expected_version())
    item = edit_item(session, actor, item_id, ItemFacts(**values))
    set_version(item.version)
    return view_of_item(session, item)


@blueprint.route("/stock_moves")
@allow(*WATCHERS)
@blueprint.arguments(MovesArguments, location="query")
@blueprint.response(200, page_schema(MoveSchema))
def list_moves(values: dict[str, Any]) -> Page[StockMove]:
    """A village's stock ledger, newest first."""
    session = current_session()
    statement = select_moves(session, current_principal(), village_code=values["village"], item_id=values["item"])
    return page_of(session, statement, [StockMove.id], cursor=values["cursor"], limit=values["limit"], descending=True)


@blueprint.route("/stock_moves", methods=["POST"])
@allow(*KEEPERS, Role.SUPERVISOR)
@blueprint.arguments(NewMoveSchema)
@blueprint.response(201, MoveSchema)
@idempotent(_find_move)
def create_move(values: dict[str, Any]) -> StockMove:
    """Take goods in, write losses off, or book what a count found."""
    actor, session = current_principal(), current_session()
    item_id, kind, quantity, reason = values["item"], values["kind"], values["quantity"], values["reason"]
    if kind is MoveKind.IN:
        delivery = Delivery(
            values["source"], values["received_on"], values["donor"], values["expires_on"], values["unit_cost_fen"]
        )
        return receive_goods(session, actor, item_id=item_id, quantity=quantity, delivery=delivery)
    if kind is MoveKind.COUNT:
        move = count_stock(session, actor, item_id=item_id, counted=quantity, reason=reason)
        if move is None:
            raise Conflict("盘点数与账面一致，没有差额要记。")
        return move
    return write_off(session, actor, item_id=item_id, kind=kind, quantity=quantity, reason=reason, lot_id=values["lot"])
