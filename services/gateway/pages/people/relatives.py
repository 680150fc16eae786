"""`/people/relatives`: whoever reviews points names the households of relatives, and reviews nothing of theirs."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from services.gateway.clients import ServiceProblem
from services.gateway.pages.answers import errors_of
from services.gateway.pages.households.found import search_households
from services.gateway.pages.registry.sections import READERS, sections
from services.gateway.pages.services import intake
from services.gateway.pages.wording import _
from services.gateway.pages.words import moment_words
from shared.identity import Principal, Role
from shared.web import allow, current_principal

_API = "/api/intake/kinships"


def add_routes(blueprint: Blueprint) -> None:
    """Give the topic's blueprint the pages of declared relatives."""
    blueprint.add_url_rule("/people/relatives", "relatives", show)
    blueprint.add_url_rule("/people/relatives", "declare_relative", declare, methods=["POST"])
    blueprint.add_url_rule(
        "/people/<int:person_id>/relatives/<int:kinship_id>/withdraw", "withdraw_relative", withdraw, methods=["POST"]
    )


@allow(*READERS)
def show() -> str:
    """What I have declared, and the search for another household."""
    return _show(request.args.get("q", "").strip(), {})


@allow(*READERS)
def declare() -> Response | tuple[str, int]:
    """Declare a household."""
    form = request.form
    body = {"household_id": form.get("household_id", type=int)}
    try:
        made = intake.post(_API, current_principal(), body, idempotency_key=form.get("idempotency_key")).data
    except ServiceProblem as problem:
        return _show("", errors_of(problem)), 422
    flash(_("已申报%(name)s户。这一户的积分以后由别的同志审核。", name=made["head_name"]), "done")
    return redirect(url_for("people.relatives"), code=303)


@allow(Role.ADMIN)
def withdraw(person_id: int, kinship_id: int) -> Response:
    """Take back what somebody declared by mistake."""
    intake.request("DELETE", f"{_API}/{kinship_id}", current_principal())
    flash(_("已撤回这条亲属申报。"), "done")
    return redirect(url_for("people.show", person_id=person_id), code=303)


def relatives_of(principal: Principal, person_id: int | None = None) -> list[dict[str, Any]]:
    """What a person has declared, the actor's own without one."""
    found = intake.get(_API, principal, person_id=person_id).data["items"]
    return [{**each, "since": moment_words(each["declared_at"])} for each in found]


def _show(query: str, errors: dict[str, list[str]]) -> str:
    principal = current_principal()
    return render_template(
        "people/relatives.html",
        sections=sections(principal),
        relatives=relatives_of(principal),
        query=query,
        found=search_households(principal, query)[0] if query else [],
        errors=errors,
    )
