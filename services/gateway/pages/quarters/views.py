"""`/quarters`: tally, publish, close; objections and their answers."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from services.gateway.clients import ServiceProblem
from services.gateway.pages.answers import errors_of
from services.gateway.pages.quarters.presentation import QuarterPage, done_words, quarter_state
from services.gateway.pages.services import points
from services.gateway.pages.todo import Ask, AskGroup, ask_source
from services.gateway.pages.wording import _
from services.gateway.pages.words import day_words, quarter_words
from shared.calendar import today
from shared.errors import NotFound
from shared.identity import Principal, Role
from shared.quarters import last_day, parse_quarter
from shared.web import allow, current_principal

blueprint = Blueprint("quarters", __name__)
_READERS = (Role.CADRE, Role.SUPERVISOR, Role.ADMIN, Role.AUDITOR)
_ACTORS = (Role.CADRE, Role.ADMIN)
_API = "/api/points/quarters"
_OBJECTIONS = 200


@blueprint.get("/quarters")
@allow(*_READERS)
def index() -> str:
    """The quarters of my villages, the newest first."""
    villages: dict[str, dict[str, object]] = {}
    for row in points.get(_API, current_principal()).data["items"]:
        words, kind = quarter_state(row["state"])
        line = {"quarter": row["quarter"], "state_words": words, "state_kind": kind}
        village = villages.setdefault(
            row["village_code"], {"code": row["village_code"], "name": row["village"], "quarters": []}
        )
        village["quarters"].append(line)  # type: ignore[attr-defined]
    return render_template(
        "quarters/index.html", villages=list(villages.values()), may_add_villages=current_principal().has(Role.ADMIN)
    )


@blueprint.get("/quarters/<quarter>/<code>")
@allow(*_READERS)
def show(quarter: str, code: str) -> str:
    """One quarter of one village, its next act, and the objections to its board."""
    return _show(quarter, code, "")


@blueprint.post("/quarters/<quarter>/<code>/<verb>")
@allow(*_ACTORS)
def act(quarter: str, code: str, verb: str) -> Response | tuple[str, int]:
    """Tally, reopen, publish or close."""
    if verb not in {"tally", "reopen", "publish", "close"}:
        raise NotFound(_("没有这种办法。"))
    try:
        points.post(f"{_API}/{quarter}/villages/{code}/{verb}", current_principal())
    except ServiceProblem as problem:
        return _show(quarter, code, problem.detail), problem.status
    flash(done_words(verb), "done")
    return redirect(url_for("quarters.show", quarter=quarter, code=code), code=303)


@blueprint.get("/quarters/<quarter>/<code>/objections/<int:objection_id>")
@allow(*_ACTORS)
def show_answer(quarter: str, code: str, objection_id: int) -> str:
    """The form of the written answer."""
    return _answer(quarter, code, objection_id, {})


@blueprint.post("/quarters/<quarter>/<code>/objections/<int:objection_id>")
@allow(*_ACTORS)
def answer_objection(quarter: str, code: str, objection_id: int) -> Response | tuple[str, int]:
    """Answer an objection in writing."""
    body = {"upheld": request.form.get("upheld") == "yes", "answer": request.form.get("answer", "")}
    try:
        points.post(f"/api/points/objections/{objection_id}/answer", current_principal(), body)
    except ServiceProblem as problem:
        return _answer(quarter, code, objection_id, errors_of(problem)), 422
    flash(_("已书面答复。"), "done")
    return redirect(url_for("quarters.show", quarter=quarter, code=code), code=303)


def _answer(quarter: str, code: str, objection_id: int, errors: dict[str, list[str]]) -> str:
    path = f"{_API}/{quarter}/villages/{code}/objections"
    items = points.get(path, current_principal(), limit=_OBJECTIONS).data["items"]
    objection = next((each for each in items if each["id"] == str(objection_id)), None)
    if objection is None:
        raise NotFound(_("没有这条异议。"))
    return render_template(
        "quarters/answer.html",
        quarter=quarter,
        code=code,
        objection=objection,
        errors=errors,
        upheld=request.form.get("upheld", ""),
        answer=request.form.get("answer", ""),
    )


def _show(quarter: str, code: str, problem: str) -> str:
    principal = current_principal()
    path = f"{_API}/{quarter}/villages/{code}"
    page = QuarterPage(points.get(path, principal).data, may_act=principal.has(*_ACTORS))
    objections = []
    if page.board_href:
        objections = points.get(f"{path}/objections", principal, limit=_OBJECTIONS).data["items"]
    return render_template(
        "quarters/show.html",
        quarter=page,
        problem=problem,
        objections=objections,
        may_answer=principal.has(*_ACTORS),
    )


@ask_source(Role.CADRE)
def quarters_to_move(principal: Principal) -> list[AskGroup]:
    """Quarters that are over and not tallied, tallied and not published, or whose objection period is over."""
    asks = []
    for row in points.get(_API, principal).data["items"]:
        act = _next_act(row)
        if act:
            title = _("%(village)s %(quarter)s", village=row["village"], quarter=quarter_words(row["quarter"]))
            href = url_for("quarters.show", quarter=row["quarter"], code=row["village_code"])
            over = last_day(parse_quarter(row["quarter"]))
            asks.append(Ask(title, act, href, over, detail=_("%(day)s 已结束", day=day_words(over))))
    return [AskGroup(_("季度榜"), asks)]


def _next_act(row: dict[str, str]) -> str:
    if row["state"] == "open" and last_day(parse_quarter(row["quarter"])) < today():
        return _("统计这个季度")
    if row["state"] == "tallied":
        return _("公示这张榜")
    if row["state"] == "published" and row["objections_until"] < today().isoformat():
        return _("定榜（公示到 %(day)s）", day=day_words(row["objections_until"]))
    return ""
