"""`/petitions/<number>/acts/<action>`: one act of the procedure a page, with what the table asks for."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from services.gateway.clients import ServiceProblem
from services.gateway.pages.answers import errors_of
from services.gateway.pages.petitions.presentation import line
from services.gateway.pages.petitions.work import API, READERS, REGISTRARS, show_petition
from services.gateway.pages.services import petitions
from services.gateway.pages.wording import _
from shared.calendar import today
from shared.errors import Conflict
from shared.web import allow, current_principal

# After these the petition belongs to somebody else, and does not exist for whoever did it.
_LEAVING = frozenset({"seal", "hand_over"})


def add_routes(blueprint: Blueprint) -> None:
    """Give the topic's blueprint the pages of acts."""
    blueprint.add_url_rule("/petitions/<string:number>/acts/<string:action>", "act_form", act_form)
    blueprint.add_url_rule("/petitions/<string:number>/acts/<string:action>", "act", act, methods=["POST"])
    blueprint.add_url_rule("/petitions/<string:number>/people", "assign", assign, methods=["POST"])
    blueprint.add_url_rule("/petitions/<string:number>/recusal", "recuse", recuse, methods=["POST"])
    blueprint.add_url_rule("/petitions/<string:number>/code", "show_code", show_code, methods=["POST"])


@allow(*REGISTRARS)
def act_form(number: str, action: str) -> str:
    """The form of one act. Raises Conflict where the petition does not stand so that it could be done."""
    return _form(number, action, {"on": today().isoformat()}, {})


@allow(*REGISTRARS)
def act(number: str, action: str) -> Response | tuple[str, int]:
    """Do it. What was typed comes back when it is refused."""
    form = request.form
    body: dict[str, Any] = {name: form[name] for name in form if name not in _PLUMBING and form[name].strip()}
    version = form.get("version", "")
    try:
        done = petitions.request(
            "POST",
            f"{API}/{number}/actions",
            current_principal(),
            json={**body, "action": action},
            idempotency_key=form.get("idempotency_key"),
            version=int(version) if version.isdigit() else None,
        ).data
    except ServiceProblem as problem:
        return _form(number, action, form, errors_of(problem)), 422
    if action in _LEAVING:
        flash(_("已移交，由接手的人继续办理。"), "done")
        return redirect(url_for("petitions.index"), code=303)
    flash(_("已记下，信访 %(number)s 现在是“%(state)s”。", number=number, state=done["state_text"]), "done")
    return redirect(url_for("petitions.show", number=number), code=303)


@allow(*REGISTRARS)
def assign(number: str) -> Response | tuple[str, int]:
    """Let one more person work on it."""
    person = request.form.get("person_id", "")
    if not person.isdigit():
        return show_petition(number, errors={"person_id": [_("请选一名经办人。")]}), 422
    try:
        petitions.post(f"{API}/{number}/assignments", current_principal(), {"person_id": int(person)})
    except ServiceProblem as problem:
        return show_petition(number, errors={"person_id": [problem.detail]}), 422
    flash(_("已加上经办人。"), "done")
    return redirect(url_for("petitions.show", number=number), code=303)


@allow(*READERS)
def recuse(number: str) -> Response:
    """Withdraw for a direct interest."""
    petitions.post(f"{API}/{number}/recusals", current_principal())
    flash(_("已回避，这件信访事项不再由您办理。"), "done")
    return redirect(url_for("petitions.index"), code=303)


@allow(*READERS)
def show_code(number: str) -> str | tuple[str, int]:
    """The petitioner's code once more, to write it on paper."""
    try:
        code = petitions.post(f"{API}/{number}/codes", current_principal()).data["code"]
    except ServiceProblem as problem:
        return show_petition(number, errors=errors_of(problem)), 422
    return show_petition(number, code=code)


_PLUMBING = frozenset({"csrf_token", "idempotency_key", "version"})


def _form(number: str, action: str, form: Any, errors: dict[str, list[str]]) -> str:
    detail = petitions.get(f"{API}/{number}", current_principal()).data
    possible = next((each for each in detail["possible"] if each["action"] == action), None)
    if possible is None or not possible["allowed"]:
        state = detail["petition"]["state_text"]
        raise Conflict(_("这件信访事项现在是“%(state)s”，不能办这一步。请返回看看现在可以办什么。", state=state))
    return render_template(
        "petitions/act.html",
        petition=line(detail["petition"]),
        act=possible,
        form=form,
        errors=errors,
        key=form.get("idempotency_key"),
    )
