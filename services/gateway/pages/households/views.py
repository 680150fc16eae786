"""`/household` for one's own, `/households/…` for those who look after it."""

from __future__ import annotations

from flask import Blueprint, render_template, request, url_for

from services.gateway.pages.households.found import ACCOUNT_READERS, search_households
from services.gateway.pages.households.presentation import StatementPage
from services.gateway.pages.services import points
from shared.errors import NotFound
from shared.identity import Role
from shared.web import allow, current_principal

blueprint = Blueprint("households", __name__)
_ENTRIES = 60


@blueprint.get("/household")
@allow(Role.RESIDENT)
def own() -> str:
    """A resident's own household."""
    household_id = current_principal().household_id
    if household_id is None:
        raise NotFound("您的账号还没有登记在哪一户，请联系村干部。")
    return _statement(household_id, staff=False)


@blueprint.get("/households/<int:household_id>")
@allow(*ACCOUNT_READERS)
def statement(household_id: int) -> str:
    """A household's statement for staff; the service checks whose it is."""
    return _statement(household_id, staff=True)


@blueprint.get("/households")
@allow(*ACCOUNT_READERS)
def index() -> str:
    """Search by name, pinyin, initials, card number or phone tail."""
    query, cursor = request.args.get("q", "").strip(), request.args.get("cursor")
    found, following = search_households(current_principal(), query, cursor) if query else ([], None)
    return render_template(
        "households/index.html",
        query=query,
        households=found,
        next_href=url_for("households.index", q=query, cursor=following) if following else None,
    )


def _statement(household_id: int, *, staff: bool) -> str:
    principal = current_principal()
    path = f"/api/points/households/{household_id}"
    quarter = request.args.get("quarter")
    account = points.get(f"{path}/account", principal).data
    page = points.get(
        f"{path}/statement", principal, quarter=quarter, cursor=request.args.get("cursor"), limit=_ENTRIES
    ).data
    # Corrections of earlier quarters stand among a quarter's entries: each is explained by its own quarter.
    origins = {entry["origin_quarter"] for entry in page["items"] if entry["event"]}
    explained = {
        event["event"]: event
        for origin in sorted(origins)
        for event in points.get(f"{path}/explain", principal, quarter=origin).data["events"]
    }
    shown = StatementPage(account, page["items"], explained, quarter, page["next_cursor"], staff)
    return render_template("households/statement.html", open_entry=request.args.get("entry"), **shown.variables())
