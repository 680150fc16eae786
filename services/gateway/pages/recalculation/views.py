"""`/recalculation`: the township admin's bulk job."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from services.gateway.clients import ServiceProblem
from services.gateway.pages.answers import errors_of
from services.gateway.pages.place import villages_of
from services.gateway.pages.recalculation.presentation import RunPage, mode_words, run_state, waiting_groups
from services.gateway.pages.services import points
from services.gateway.pages.todo import Ask, AskGroup, ask_source
from services.gateway.pages.wording import _
from services.gateway.pages.words import day_in, day_words, quarter_words, signed_points
from shared.calendar import today
from shared.identity import Principal, Role
from shared.quarters import format_quarter, quarter_of
from shared.web import allow, current_principal, current_session

blueprint = Blueprint("recalculation", __name__)
_READERS = (Role.ADMIN, Role.AUDITOR)
_API = "/api/points/recalculations"


@blueprint.get("/recalculation")
@allow(*_READERS)
def index() -> str:
    """What waits and why, the form of a preview, and the runs so far."""
    return _index({}, {})


@blueprint.post("/recalculation/preview")
@allow(Role.ADMIN)
def preview() -> Response | tuple[str, int]:
    """Begin a preview."""
    form = request.form
    body: dict[str, Any] = {"mode": "preview", "full": form.get("full") == "yes"}
    if villages := form.getlist("villages"):
        body["villages"] = villages
    if quarters := form.getlist("quarters"):
        body["quarters"] = quarters
    if revision := form.get("revision"):
        body["revision"] = int(revision)
    try:
        answer = points.post(_API, current_principal(), body, idempotency_key=form.get("idempotency_key"))
    except ServiceProblem as problem:
        return _index(errors_of(problem), form), 422
    return redirect(url_for("recalculation.show", run_id=answer.data["id"]), code=303)


@blueprint.get("/recalculation/<int:run_id>")
@allow(*_READERS)
def show(run_id: int) -> str:
    """Progress, then the result."""
    return _show(run_id, {}, "")


@blueprint.get("/recalculation/<int:run_id>/villages/<code>")
@allow(*_READERS)
def village(run_id: int, code: str) -> str:
    """Households of a village with their events: which, old, new, why."""
    cursor = request.args.get("cursor")
    answer = points.get(f"{_API}/{run_id}/differences", current_principal(), village=code, cursor=cursor, limit=50)
    run = RunPage(points.get(f"{_API}/{run_id}", current_principal()).data)
    name = next((each["name"] for each in run.villages if each["code"] == code), code)
    following = answer.data.get("next_cursor")
    return render_template(
        "recalculation/village.html",
        run_id=run_id,
        village=name,
        households=[_household(row) for row in answer.data["items"]],
        next_href=url_for("recalculation.village", run_id=run_id, code=code, cursor=following) if following else None,
    )


@blueprint.post("/recalculation/<int:run_id>/notices")
@allow(Role.ADMIN)
def send_notices(run_id: int) -> Response | tuple[str, int]:
    """Tell the losers the reason."""
    reason = request.form.get("reason", "")
    try:
        answer = points.post(
            f"{_API}/{run_id}/notices",
            current_principal(),
            {"reason": reason},
            idempotency_key=request.form.get("idempotency_key"),
        )
    except ServiceProblem as problem:
        return _show(run_id, errors_of(problem), reason), 422
    sent = answer.data["notices_sent"]
    flash(_("已把原因告诉 %(count)s 户，他们在“消息”里能看到。", count=sent), "done")
    return redirect(url_for("recalculation.show", run_id=run_id), code=303)


@blueprint.post("/recalculation/<int:run_id>/apply")
@allow(Role.ADMIN)
def apply(run_id: int) -> Response | tuple[str, int]:
    """Apply what the preview showed."""
    principal = current_principal()
    shown = RunPage(points.get(f"{_API}/{run_id}", principal).data)
    body = {
        "mode": "apply",
        "preview": run_id,
        "villages": [each["code"] for each in shown.villages],
        "quarters": list(shown.data["quarters"]),
    }
    if shown.data["revision"] is not None:
        body["revision"] = shown.data["revision"]
    try:
        answer = points.post(_API, principal, body, idempotency_key=request.form.get("idempotency_key"))
    except ServiceProblem as problem:
        return _show(run_id, errors_of(problem), ""), 422
    return redirect(url_for("recalculation.show", run_id=answer.data["id"]), code=303)


@blueprint.post("/recalculation/<int:run_id>/cancel")
@allow(Role.ADMIN)
def cancel(run_id: int) -> Response:
    """Stop between two villages."""
    points.post(f"{_API}/{run_id}/cancel", current_principal())
    flash(_("已停下。算完的村保留，剩下的村随时可以接着算。"), "soon")
    return redirect(url_for("recalculation.show", run_id=run_id), code=303)


@blueprint.post("/recalculation/<int:run_id>/resume")
@allow(Role.ADMIN)
def resume(run_id: int) -> Response:
    """Go on with what is left."""
    points.post(f"{_API}/{run_id}/resume", current_principal())
    return redirect(url_for("recalculation.show", run_id=run_id), code=303)


def _show(run_id: int, errors: dict[str, list[str]], reason: str) -> str:
    run = RunPage(points.get(f"{_API}/{run_id}", current_principal()).data)
    return render_template("recalculation/show.html", run=run, simulated=_simulated(run), errors=errors, reason=reason)


def _simulated(run: RunPage) -> int | None:
    """The draft that a preview has tried out: it can't be applied. None for any other run."""
    revision = run.data["revision"]
    if revision is None or not run.is_preview:
        return None
    books = points.get("/api/points/rulebooks", current_principal(), limit=100).data["items"]
    drafts = [book["revision"] for book in books if book["state"] == "draft"]
    return revision if revision in drafts else None


def _household(row: dict[str, Any]) -> dict[str, Any]:
    events = [
        {
            "title": event["title"],
            "when": day_words(event["occurred_on"]),
            "held": event["held"],
            "scored": event["scored"],
            "reason": event["why"],
        }
        for event in row["events"]
    ]
    return {"name": row["head_name"], "group": row["group"], "change": row["change"], "events": events}


def _index(errors: dict[str, list[str]], form: Any) -> str:
    principal = current_principal()
    answer = points.get(f"{_API}", principal, limit=20, cursor=request.args.get("cursor")).data
    waiting = points.get(f"{_API}/waiting", principal).data["villages"]
    books = points.get("/api/points/rulebooks", principal).data["items"]
    quarters = sorted({quarter for each in waiting for quarter in each["quarters"]} | set(_recent_quarters()))
    chosen_villages = form.getlist("villages") if form else [each["code"] for each in waiting]
    chosen_quarters = form.getlist("quarters") if form else []
    return render_template(
        "recalculation/index.html",
        errors=errors,
        waiting=len(waiting),
        waiting_groups=waiting_groups(waiting),
        village_options=[(each.code, each.name) for each in villages_of(current_session(), principal.township_id)],
        chosen_villages=chosen_villages,
        quarter_options=[(quarter, quarter_words(quarter)) for quarter in quarters],
        chosen_quarters=chosen_quarters,
        revision_options=[("", _("各村采用的那一版"))] + [(book["revision"], _revision_words(book)) for book in books],
        chosen_revision=form.get("revision", "") if form else "",
        full=bool(form) and form.get("full") == "yes",
        key=form.get("idempotency_key") if form else None,
        runs=[_line(run) for run in answer["items"]],
        next_href=url_for("recalculation.index", cursor=answer["next_cursor"]) if answer["next_cursor"] else None,
    )


def _revision_words(book: dict[str, Any]) -> str:
    words = _("第 %(n)s 版 %(title)s", n=book["revision"], title=book["title"])
    return words if book["state"] == "published" else _("%(words)s（草稿，只能试算）", words=words)


def _line(run: dict[str, Any]) -> dict[str, Any]:
    words, kind = run_state(run["state"])
    summary = (
        _("%(total)s 个村，没有变动", total=run["total"])
        if run["state"] == "done" and not run["changed"]
        else _(
            "%(total)s 个村，%(changed)s 条有变动，%(up)s，%(down)s",
            total=run["total"],
            changed=run["changed"],
            up=signed_points(run["points_up"]),
            down=signed_points(run["points_down"]),
        )
    )
    return {
        "id": run["id"],
        "mode_words": mode_words(run["mode"]),
        "state_words": words,
        "state_kind": kind,
        "created_at": run["created_at"],
        "summary": summary,
    }


def _recent_quarters() -> list[str]:
    now = quarter_of(today())
    return [format_quarter(quarter) for quarter in range(now - 4, now + 1)]


@ask_source(Role.ADMIN)
def villages_waiting(principal: Principal) -> list[AskGroup]:
    """Villages whose adopted revision is not the one that their quarters are scored by."""
    waiting = points.get(f"{_API}/waiting", principal).data["villages"]
    if not waiting:
        return []
    names = "、".join(each["name"] for each in waiting[:4])
    title = _("%(count)s 个村等重算：%(names)s", count=len(waiting), names=names)
    since = min(day_in(each["since"]) for each in waiting)
    detail = _("%(day)s 采用了新的修订", day=day_words(since))
    ask = Ask(title, _("先看重算预览"), url_for("recalculation.index"), since, detail=detail)
    return [AskGroup(_("积分重算"), [ask])]
