"""`/boards`: public, like the paper in the village."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from services.gateway.clients import ServiceProblem
from services.gateway.pages.answers import errors_of
from services.gateway.pages.boards.presentation import BoardPage, board_state
from services.gateway.pages.services import points
from services.gateway.pages.wording import _
from services.gateway.pages.words import quarter_words
from shared.identity import Role
from shared.settings import settings
from shared.web import allow, current_principal

blueprint = Blueprint("boards", __name__)
_API = "/api/points/boards"
_RAISERS = (Role.RESIDENT, Role.CADRE, Role.SUPERVISOR, Role.GRID_MEMBER)


@blueprint.get("/boards")
@allow(Role.PUBLIC)
def index() -> str:
    """All boards that are public today, by quarter, the newest first."""
    quarters: dict[str, list[dict[str, str]]] = {}
    for board in _boards():
        words, kind = board_state(board)
        line = {"code": board["village_code"], "village": board["village"], "state_words": words, "state_kind": kind}
        quarters.setdefault(board["quarter"], []).append(line)
    listed = [
        {"quarter": quarter, "words": quarter_words(quarter), "boards": boards}
        for quarter, boards in sorted(quarters.items(), reverse=True)
    ]
    return render_template("boards/index.html", quarters=listed)


@blueprint.get("/boards/newest")
@allow(Role.PUBLIC)
def newest() -> Response:
    """The newest board; where there is none, the list that says so."""
    boards = sorted(_boards(), key=lambda board: (board["quarter"], board["village_code"]))
    if not boards:
        return redirect(url_for("boards.index"), code=303)
    quarter = boards[-1]["quarter"]
    first = next(board for board in boards if board["quarter"] == quarter)
    return redirect(url_for("boards.show", quarter=quarter, code=first["village_code"]), code=303)


@blueprint.get("/boards/<quarter>/<code>")
@allow(Role.PUBLIC)
def show(quarter: str, code: str) -> str:
    """One board: every household by group with masked names, 红榜 and 进步榜, digest and QR."""
    data = points.get(f"{_API}/{quarter}/{code}", current_principal()).data
    address = settings().gateway_public_url + url_for("boards.show", quarter=quarter, code=code)
    return render_template("boards/show.html", board=BoardPage(data, address))


@blueprint.get("/boards/<quarter>/<code>/objection")
@allow(*_RAISERS)
def show_objection(quarter: str, code: str) -> str:
    """The form of an objection."""
    return _objection(quarter, code, {}, "")


@blueprint.post("/boards/<quarter>/<code>/objection")
@allow(*_RAISERS)
def send_objection(quarter: str, code: str) -> Response | tuple[str, int]:
    """Say that the board is wrong; the village answers in writing."""
    principal, form = current_principal(), request.form
    body: dict[str, Any] = {"text": form.get("text", ""), "raiser_name": principal.name}
    if principal.household_id is not None and principal.has(Role.RESIDENT):
        body["household"] = principal.household_id
    path = f"/api/points/quarters/{quarter}/villages/{code}/objections"
    try:
        points.post(path, principal, body, idempotency_key=form.get("idempotency_key"))
    except ServiceProblem as problem:
        return _objection(quarter, code, errors_of(problem), form.get("text", "")), 422
    flash(_("异议收到了。村里会书面答复，答复会出现在“消息”里。"), "done")
    return redirect(url_for("boards.show", quarter=quarter, code=code), code=303)


def _objection(quarter: str, code: str, errors: dict[str, list[str]], text: str) -> str:
    data = points.get(f"{_API}/{quarter}/{code}", current_principal()).data
    key = request.form.get("idempotency_key")
    return render_template(
        "boards/objection.html", village=data["village"], quarter=quarter, code=code, errors=errors, text=text, key=key
    )


def _boards() -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = points.get(_API, current_principal()).data["items"]
    return items
