"""HTTP of redemptions: parse, call the domain, dump."""

from __future__ import annotations

import hashlib
from typing import Any

from flask import request
from sqlalchemy.orm import Session

from services.points.store.fulfilments import fulfil_redemption, refund_redemption
from services.points.store.items import (
    KEEPERS,
)
from services.points.store.redemptions import (
    READERS,
    RedemptionView,
    redemption_by_code,
    redemption_in_scope,
    select_redemptions,
    views_of,
)
from services.points.store.reservations import cancel_reservation, reserve_goods
from services.points.store.schemas import (
    CancelSchema,
    FulfilmentSchema,
    RedemptionsArguments,
    RedemptionSchema,
    RefundSchema,
    ReservationSchema,
)
from shared.errors import Forbidden
from shared.identity import Principal, Role
from shared.models.points import Redemption
from shared.web import (
    Blueprint,
    Page,
    allow,
    current_principal,
    current_session,
    idempotent,
    page_of,
    page_schema,
)

blueprint = Blueprint("redemptions", __name__, url_prefix="/api/points", description="积分兑换")
SERVED = (Role.RESIDENT, *READERS)


def _find_redemption(session: Session, actor: Principal, redemption_id: str) -> RedemptionView:
    return views_of(session, [redemption_in_scope(session, actor, int(redemption_id), *SERVED)])[0]


@blueprint.route("/redemptions")
@allow(*SERVED)
@blueprint.arguments(RedemptionsArguments, location="query")
@blueprint.response(200, page_schema(RedemptionSchema))
def list_redemptions(values: dict[str, Any]) -> Page[RedemptionView]:
    """Redemptions of the own household or of a village, newest first; or the one that a code names."""
    actor, session = current_principal(), current_session()
    if values["code"]:
        return Page(views_of(session, [redemption_by_code(session, actor, values["code"])]), None)
    statement = select_redemptions(
        session, actor, village_code=values["village"], household_id=values["household"], state=values["state"]
    )
    page = page_of(session, statement, [Redemption.id], cursor=values["cursor"], limit=values["limit"], descending=True)
    return Page(views_of(session, page.items), page.next_cursor)


@blueprint.route("/redemptions", methods=["POST"])
@allow(Role.RESIDENT, *KEEPERS)
@blueprint.arguments(ReservationSchema)
@blueprint.response(201, RedemptionSchema)
@idempotent(_find_redemption)
def reserve(values: dict[str, Any]) -> RedemptionView:
    """Hold points and goods; the code is shown at the counter."""
    actor, session = current_principal(), current_session()
    household_id = values["household"] if values["household"] is not None else actor.household_id
    if household_id is None:
        raise Forbidden("请说明为哪一户兑换。")
    named = f"{actor.actor}|{request.headers.get('Idempotency-Key', '')}"
    redemption = reserve_goods(
        session,
        actor,
        household_id=household_id,
        item_id=values["item"],
        quantity=values["quantity"],
        key=values["key"] or hashlib.sha256(named.encode()).hexdigest(),
    )
    return views_of(session, [redemption])[0]


@blueprint.route("/redemptions/<int:redemption_id>")
@allow(*SERVED)
@blueprint.response(200, RedemptionSchema)
def show_redemption(redemption_id: int) -> RedemptionView:
    """One redemption."""
    return _find_redemption(current_session(), current_principal(), str(redemption_id))


@blueprint.route("/redemptions/<int:redemption_id>/fulfil", methods=["POST"])
@allow(*KEEPERS)
@blueprint.arguments(FulfilmentSchema)
@blueprint.response(200, RedemptionSchema)
def fulfil(values: dict[str, Any], redemption_id: int) -> RedemptionView:
    """Hand the goods over."""
    session = current_session()
    redemption = fulfil_redemption(session, current_principal(), redemption_id, fetched_by=values["fetched_by"])
    return views_of(session, [redemption])[0]


@blueprint.route("/redemptions/<int:redemption_id>/cancel", methods=["POST"])
@allow(Role.RESIDENT, *KEEPERS)
@blueprint.arguments(CancelSchema)
@blueprint.response(200, RedemptionSchema)
def cancel(values: dict[str, Any], redemption_id: int) -> RedemptionView:
    """Let go of what was reserved."""
    session = current_session()
    redemption = cancel_reservation(session, current_principal(), redemption_id, reason=values["reason"])
    return views_of(session, [redemption])[0]


@blueprint.route("/redemptions/<int:redemption_id>/refund", methods=["POST"])
@allow(*KEEPERS)
@blueprint.arguments(RefundSchema)
@blueprint.response(200, RedemptionSchema)
def refund(values: dict[str, Any], redemption_id: int) -> RedemptionView:
    """Goods were brought back: points and goods come back."""
    session = current_session()
    redemption = refund_redemption(session, current_principal(), redemption_id, reason=values["reason"])
    return views_of(session, [redemption])[0]
