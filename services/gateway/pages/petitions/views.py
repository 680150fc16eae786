"""`/petitions/progress`: following and evaluating with number and code, without login."""

from __future__ import annotations

from flask import Blueprint, flash, render_template, request

from services.gateway.clients import ServiceProblem
from services.gateway.pages.answers import errors_of
from services.gateway.pages.petitions import acts, filing, work
from services.gateway.pages.petitions.presentation import clock_rows
from services.gateway.pages.services import petitions
from services.gateway.pages.wording import _
from services.gateway.pages.words import day_words
from shared.identity import Role
from shared.web import allow, current_principal

blueprint = Blueprint("petitions", __name__)
work.add_routes(blueprint)
filing.add_routes(blueprint)
acts.add_routes(blueprint)
GRADES = (("satisfied", "满意"), ("basically_satisfied", "基本满意"), ("dissatisfied", "不满意"))


@blueprint.get("/petitions/progress")
@allow(Role.PUBLIC)
def track() -> str:
    """Where number and code are typed."""
    return render_template("petitions/follow.html", number=request.args.get("number", ""), code="", errors={})


@blueprint.post("/petitions/progress")
@allow(Role.PUBLIC)
def follow() -> str | tuple[str, int]:
    """How far it is; a POST, so that the code stands in no address and no log."""
    return _followed({})


@blueprint.post("/petitions/evaluation")
@allow(Role.PUBLIC)
def evaluate() -> str | tuple[str, int]:
    """满意, 基本满意 or 不满意. What was typed comes back when it is refused."""
    form = request.form
    if not form.get("grade"):
        return _followed({"grade": [_("请选满意、基本满意或不满意。")]})
    body = {name: form.get(name, "") for name in ("number", "code", "grade", "words", "assisted_by")}
    try:
        petitions.post(
            "/api/petitions/evaluations", current_principal(), body, idempotency_key=form.get("idempotency_key")
        )
    except ServiceProblem as problem:
        return _followed(errors_of(problem))
    flash(_("您的评价已记下，谢谢。"), "done")
    return _followed({})


def _followed(errors: dict[str, list[str]]) -> str | tuple[str, int]:
    form = request.form
    slip = {"number": form.get("number", "").strip(), "code": form.get("code", "").strip()}
    missing = {
        name: [sentence]
        for name, sentence in (("number", _("请填写回执上的编号。")), ("code", _("请填写 8 位查询码。")))
        if not slip[name]
    }
    if missing:
        return render_template("petitions/follow.html", **slip, errors=missing), 422
    try:
        told = petitions.post("/api/petitions/track", current_principal(), slip).data
    except ServiceProblem as problem:
        return render_template("petitions/follow.html", **slip, errors=errors_of(problem)), problem.status
    steps = [
        {"title": each["text"], "when": day_words(each["on"]), "text": "", "state": "done"} for each in told["steps"]
    ]
    shown = render_template(
        "petitions/followed.html",
        petition=told,
        slip=slip,
        steps=steps,
        clocks=clock_rows(told["clocks"]),
        grades=GRADES,
        form=form,
        errors=errors,
    )
    return (shown, 422) if errors else shown
