"""HTTP of stock: its ledger, deliveries and counts. Parse, call the domain, dump."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row
from sqlalchemy.orm import Session

from services.points.store.items import KEEPERS, item_in_scope, view_of_item
from services.points.store.schemas import (
    CountedSchema,
    CountSchema,
    LotSchema,
    MovesArguments,
    MoveSchema,
    NewMoveSchema,
)
from services.points.store.stock import (
    WATCHERS,
    Delivery,
    MoveView,
    count_stock,
    move_in_scope,
    receive_goods,
    select_lots,
    select_moves,
    view_of_move,
    write_off,
)
from shared.identity import Principal, Role
from shared.models.points import Lot, MoveKind, StockMove
from shared.web import (
    Blueprint,
    Page,
    PageArguments,
    allow,
    current_principal,
    current_session,
    idempotent,
    page_of,
    page_schema,
)

blueprint = Blueprint("stock", __name__, url_prefix="/api/points", description="超市库存")


def _find_move(session: Session, actor: Principal, move_id: str) -> MoveView:
    return view_of_move(session, move_in_scope(session, actor, int(move_id)))


@blueprint.route("/stock_moves")
@allow(*WATCHERS)
@blueprint.arguments(MovesArguments, location="query")
@blueprint.response(200, page_schema(MoveSchema))
def list_moves(values: dict[str, Any]) -> Page[MoveView]:
    """A village's stock ledger, newest first."""
    session = current_session()
    statement = select_moves(session, current_principal(), village_code=values["village"], item_id=values["item"])
    page: Page[Any] = page_of(
        session,
        statement,
        [StockMove.id],
        cursor=values["cursor"],
        limit=values["limit"],
        descending=True,
        scalars=False,
    )
    return Page(
        [MoveView(row.StockMove, row.item_name, row.unit, row.person_name) for row in page.items], page.next_cursor
    )


@blueprint.route("/stock_moves", methods=["POST"])
@allow(*KEEPERS)
@blueprint.arguments(NewMoveSchema)
@blueprint.response(201, MoveSchema)
@idempotent(_find_move)
def create_move(values: dict[str, Any]) -> MoveView:
    """Take goods in, or write losses off."""
    actor, session = current_principal(), current_session()
    item_id, kind, quantity = values["item"], values["kind"], values["quantity"]
    if kind is MoveKind.IN:
        delivery = Delivery(
            values["source"], values["received_on"], values["donor"], values["expires_on"], values["unit_cost_fen"]
        )
        move = receive_goods(session, actor, item_id=item_id, quantity=quantity, delivery=delivery)
    else:
        move = write_off(
            session, actor, item_id=item_id, kind=kind, quantity=quantity, reason=values["reason"], lot_id=values["lot"]
        )
    return view_of_move(session, move)


@blueprint.route("/items/<int:item_id>/count", methods=["POST"])
@allow(*KEEPERS, Role.SUPERVISOR)
@blueprint.arguments(CountSchema)
@blueprint.response(200, CountedSchema)
def count(values: dict[str, Any], item_id: int) -> dict[str, Any]:
    """Say what was counted; the difference is booked. The same count again finds no difference."""
    actor, session = current_principal(), current_session()
    move = count_stock(session, actor, item_id=item_id, counted=values["counted"], reason=values["reason"])
    item = item_in_scope(session, actor, item_id, *WATCHERS, hold=True)
    return {"item": view_of_item(session, item), "difference": 0 if move is None else move.on_hand}


@blueprint.route("/items/<int:item_id>/lots")
@allow(*WATCHERS)
@blueprint.arguments(PageArguments, location="query")
@blueprint.response(200, page_schema(LotSchema))
def list_lots(values: dict[str, Any], item_id: int) -> Page[Row[Any]]:
    """An item's deliveries, newest first."""
    session = current_session()
    statement = select_lots(session, current_principal(), item_id=item_id)
    return page_of(
        session, statement, [Lot.id], cursor=values["cursor"], limit=values["limit"], descending=True, scalars=False
    )
