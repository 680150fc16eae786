"""`/boards`: public, like the paper in the village."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, render_template, url_for
from werkzeug.wrappers import Response

from services.gateway.pages.boards.presentation import BoardPage, board_state
from services.gateway.pages.services import points
from services.gateway.pages.words import quarter_words
from shared.identity import Role
from shared.settings import settings
from shared.web import allow, current_principal

blueprint = Blueprint("boards", __name__)
_API = "/api/points/boards"


@blueprint.get("/boards")
@allow(Role.PUBLIC)
def index() -> str:
    """All boards that are public today, by quarter, the newest first."""
    quarters: dict[str, list[dict[str, str]]] = {}
    for board in _boards():
        words, kind = board_state(board)
        line = {"code": board["village"], "village": board["village_name"], "state_words": words, "state_kind": kind}
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
    boards = sorted(_boards(), key=lambda board: (board["quarter"], board["village"]))
    if not boards:
        return redirect(url_for("boards.index"), code=303)
    quarter = boards[-1]["quarter"]
    first = next(board for board in boards if board["quarter"] == quarter)
    return redirect(url_for("boards.show", quarter=quarter, code=first["village"]), code=303)


@blueprint.get("/boards/<quarter>/<code>")
@allow(Role.PUBLIC)
def show(quarter: str, code: str) -> str:
    """One board: every household by group with masked names, 红榜 and 进步榜, digest and QR."""
    data = points.get(f"{_API}/{quarter}/{code}", current_principal()).data
    address = settings().gateway_public_url + url_for("boards.show", quarter=quarter, code=code)
    return render_template("boards/show.html", board=BoardPage(data, address))


def _boards() -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = points.get(_API, current_principal()).data["items"]
    return items
