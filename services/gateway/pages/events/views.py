"""`/events`: the list, declaring, reviewing, voiding."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from services.gateway.clients import ServiceProblem
from services.gateway.pages.answers import errors_of
from services.gateway.pages.events.declaring import DECLARERS, add_declaring
from services.gateway.pages.events.presentation import (
    event_facts,
    event_line,
    evidence_words,
    flags_of,
    household_words,
    range_words,
    title_of,
    twin_line,
)
from services.gateway.pages.services import points
from services.gateway.pages.todo import Ask, AskGroup, ask_source
from services.gateway.pages.wording import _
from services.gateway.pages.words import day_in, day_words
from shared.identity import Principal, Role
from shared.web import allow, current_principal

blueprint = Blueprint("events", __name__)
add_declaring(blueprint)
_READERS = (Role.GRID_MEMBER, Role.CADRE, Role.ADMIN, Role.AUDITOR, Role.SUPERVISOR, Role.JUDGE)
_REVIEWERS = (Role.CADRE, Role.JUDGE, Role.ADMIN)
_VOIDERS = (Role.CADRE, Role.ADMIN)
_API = "/api/points/events"
_SHOWN = 10
_MINE = "mine"


@blueprint.get("/events")
@allow(*_READERS)
def index() -> str:
    """Events by state; first what waits for a review."""
    principal, cursor = current_principal(), request.args.get("cursor")
    state = request.args.get("state", "declared")
    tabs = [
        ("declared", _("待审核")),
        ("reviewed", _("待复审")),
        ("posted", _("已记账")),
        ("rejected", _("未通过")),
        ("voided", _("已作废")),
    ]
    if principal.has(*DECLARERS):
        tabs.append((_MINE, _("我申报的")))
    if state not in dict(tabs):
        state = "declared"
    wanted: dict[str, Any] = {"declared_by_me": True} if state == _MINE else {"state": state}
    data = points.get(_API, principal, **wanted, cursor=cursor, limit=30).data
    may_act = principal.has(*_REVIEWERS)
    following = data["next_cursor"]
    return render_template(
        "events/index.html",
        tabs=[(words, url_for("events.index", state=name), name == state) for name, words in tabs],
        events=[
            event_line(
                event,
                may_review=may_act,
                may_void=principal.has(*_VOIDERS),
                may_withdraw=_is_own(principal, event) and principal.has(*DECLARERS),
            )
            for event in data["items"]
        ],
        empty_words=_("这里没有记录。用“申报积分”记下一件事，或者用表格导入。"),
        may_declare=principal.has(*DECLARERS),
        may_import=principal.has(*_VOIDERS),
        next_href=url_for("events.index", state=state, cursor=following) if following else None,
    )


@blueprint.get("/events/<int:event_id>/review")
@allow(*_REVIEWERS)
def review(event_id: int) -> str:
    """One event with what to look at, and the verdict."""
    return _review(event_id, {})


@blueprint.post("/events/<int:event_id>/review")
@allow(*_REVIEWERS)
def send_review(event_id: int) -> Response | tuple[str, int]:
    """Let it pass, or give it back with a reason; then the next one that waits."""
    form = request.form
    if form.get("decision") not in {"approve", "reject"}:
        return _review(event_id, {"decision": [_("请先选“同意记账”或“退回”。")]}), 422
    body = {"verdict": form["decision"], "reason": form.get("reason", "")}
    if form.get("chosen", "").strip():
        body["chosen"] = form["chosen"].strip()
    try:
        done = points.post(f"{_API}/{event_id}/review", current_principal(), body).data
    except ServiceProblem as problem:
        return _review(event_id, errors_of(problem, {"verdict": "decision"})), 422
    if done["state"] == "rejected":
        flash(_("已退回“%(title)s”，申报的人会看到原因。", title=title_of(done)), "done")
    elif done["state"] == "reviewed":
        flash(_("已初审：%(title)s。这一条要两个人审，等另一个人复审以后才记账。", title=title_of(done)), "done")
    else:
        flash(_("已审核：%(title)s。记错了可以作废，原记录仍然保留。", title=title_of(done)), "done")
    return redirect(url_for("events.index"), code=303)


@blueprint.post("/events/<int:event_id>/withdraw")
@allow(*DECLARERS)
def withdraw(event_id: int) -> Response:
    """Take back what one has declared, before anybody has reviewed it."""
    done = points.post(f"{_API}/{event_id}/withdraw", current_principal(), {"reason": ""}).data
    flash(_("已撤回“%(title)s”。要改，就重新申报一次。", title=title_of(done)), "done")
    return redirect(url_for("events.index", state=_MINE), code=303)


@blueprint.get("/events/<int:event_id>/void")
@allow(*_VOIDERS)
def void(event_id: int) -> str:
    """Why a posted event is taken back."""
    return _void(event_id, {})


@blueprint.post("/events/<int:event_id>/void")
@allow(*_VOIDERS)
def send_void(event_id: int) -> Response | tuple[str, int]:
    """Take a posted event back."""
    try:
        body = {"reason": request.form.get("reason", "")}
        done = points.post(f"{_API}/{event_id}/void", current_principal(), body).data
    except ServiceProblem as problem:
        return _void(event_id, errors_of(problem)), 422
    flash(_("已作废“%(title)s”，分数已用一条更正冲回。", title=title_of(done)), "done")
    return redirect(url_for("events.index", state="posted"), code=303)


def _review(event_id: int, errors: dict[str, list[str]]) -> str:
    principal = current_principal()
    event = points.get(f"{_API}/{event_id}", principal).data
    shown = {
        "id": event["id"],
        "title": title_of(event),
        "household": household_words(event),
        "facts": event_facts(event),
        "evidence": evidence_words(event),
        "evidence_href": f"{_API}/{event_id}/evidence",
        "flags": flags_of(event),
        "twins": [twin_line(twin) for twin in _twins(principal, event)],
        "range": range_words(event),
    }
    return render_template("events/review.html", event=shown, values=request.form, errors=errors)


def _is_own(principal: Principal, event: dict[str, Any]) -> bool:
    return principal.person_id is not None and event["declared_by"] == str(principal.person_id)


def _twins(principal: Principal, event: dict[str, Any]) -> list[dict[str, Any]]:
    """The other events with the same photo, as far as this person may see them."""
    if not event["same_photo"]:
        return []
    found = points.get(_API, principal, evidence_file=event["evidence_file"], limit=_SHOWN).data["items"]
    return [twin for twin in found if twin["id"] != event["id"]]


def _void(event_id: int, errors: dict[str, list[str]]) -> str:
    event = points.get(f"{_API}/{event_id}", current_principal()).data
    shown = {
        "id": event["id"],
        "title": title_of(event),
        "household": household_words(event),
        "occurred_on": event["occurred_on"],
    }
    return render_template("events/void.html", event=shown, errors=errors, reason=request.form.get("reason", ""))


@ask_source(*_REVIEWERS)
def events_to_review(principal: Principal) -> list[AskGroup]:
    """Declared events that wait for a review; the group counts all of them."""
    waiting = points.get(f"{_API}/waiting", principal).data
    count = waiting["to_review"] + waiting["to_review_again"]
    if not count:
        return []
    asks = []
    for event in points.get(_API, principal, mine=True, order="oldest", limit=_SHOWN).data["items"]:
        title = _("%(what)s：%(who)s", what=title_of(event), who=household_words(event))
        since = day_in(event["declared_at"])
        said = _("%(day)s %(who)s申报", day=day_words(since), who=event["declarer"] or "")
        asks.append(Ask(title, _("审核这一条"), url_for("events.review", event_id=event["id"]), since, detail=said))
    return [AskGroup(_("积分等审核"), asks, more=max(0, count - len(asks)), all_href=url_for("events.index"))]
