"""`/people/{id}/forget`: who has left is forgotten, after a page that says what goes and what stays."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from services.gateway.clients import ServiceProblem
from services.gateway.pages.answers import errors_of
from services.gateway.pages.services import intake
from services.gateway.pages.wording import _
from shared.errors import NotFound
from shared.identity import Role
from shared.web import allow, current_principal

_API = "/api/intake/people"


def add_routes(blueprint: Blueprint) -> None:
    """Give the topic's blueprint the pages of forgetting."""
    path = "/people/<int:person_id>/forget"
    blueprint.add_url_rule(path, "show_forget", show)
    blueprint.add_url_rule(path, "forget", forget, methods=["POST"])


@allow(Role.ADMIN)
def show(person_id: int) -> str:
    """What goes and what stays, and what comes first for somebody who lives or serves here."""
    return _show(person_id, {}, {})


@allow(Role.ADMIN)
def forget(person_id: int) -> Response | tuple[str, int]:
    """Delete; a second time there is nothing left to do."""
    body = {"reason": request.form.get("reason", "").strip()}
    try:
        intake.post(f"{_API}/{person_id}/forget", current_principal(), body)
    except ServiceProblem as problem:
        return _show(person_id, request.form, errors_of(problem)), 422
    flash(_("个人信息已删除。其他地方的记录几分钟内跟着删除。"), "done")
    return redirect(url_for("people.show", person_id=person_id), code=303)


def _show(person_id: int, form: Any, errors: dict[str, list[str]]) -> str:
    person = intake.get(f"{_API}/{person_id}", current_principal()).data
    if person["forgotten_on"]:
        raise NotFound(_("这个人的个人信息已经删除了。"))
    return render_template(
        "people/forget.html",
        person=person,
        duties=[f"{each['village_name']} {each['title'] or each['kind_words']}".strip() for each in person["duties"]],
        form=form,
        errors=errors,
    )
