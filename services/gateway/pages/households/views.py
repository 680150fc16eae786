"""`/household` for one's own, `/households/…` for those who look after it."""

from __future__ import annotations

from flask import Blueprint, render_template, request, url_for

from services.gateway.pages.households.presentation import StatementPage, found_household
from services.gateway.pages.navigation import STAFF
from services.gateway.pages.services import intake, points
from shared.errors import NotFound
from shared.identity import Role
from shared.web import allow, current_principal

blueprint = Blueprint("households", __name__)


@blueprint.get("/household")
@allow(Role.RESIDENT)
def own() -> str:
    """A resident's own household."""
    household_id = current_principal().household_id
    if household_id is None:
        raise NotFound("您的账号还没有登记在哪一户，请联系村干部。")
    return _statement(household_id, staff=False)


@blueprint.get("/households/<int:household_id>")
@allow(*STAFF)
def statement(household_id: int) -> str:
    """A household's statement for staff; the service checks whose it is."""
    return _statement(household_id, staff=True)


@blueprint.get("/households")
@allow(*STAFF)
def index() -> str:
    """Search by name, pinyin, initials, card number or phone tail."""
    query, cursor = request.args.get("q", "").strip(), request.args.get("cursor")
    items, following = [], None
    if query:
        data = intake.get("/api/intake/households", current_principal(), q=query, cursor=cursor, limit=20).data
        items, following = data["items"], data["next_cursor"]
    return render_template(
        "households/index.html",
        query=query,
        households=[found_household(item) for item in items],
        next_href=url_for("households.index", q=query, cursor=following) if following else None,
    )


def _statement(household_id: int, *, staff: bool) -> str:
    principal = current_principal()
    path = f"/api/points/households/{household_id}"
    quarter, cursor = request.args.get("quarter"), request.args.get("cursor")
    account = points.get(f"{path}/account", principal).data
    entries = points.get(f"{path}/statement", principal, quarter=quarter, cursor=cursor, limit=60).data
    explained = points.get(f"{path}/explain", principal, quarter=quarter, cursor=cursor, limit=60).data
    page = StatementPage(account, entries, explained, quarter=quarter, staff=staff)
    return render_template("households/statement.html", page_of=page, **page.variables())
