"""`/people`: who works for the township; one person with duties and account."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from services.gateway.accounts.accounts import accounts_of_people
from services.gateway.clients import ServiceProblem
from services.gateway.pages.answers import errors_of
from services.gateway.pages.people import accounts, duties, forgetting, relatives
from services.gateway.pages.people.person import show_person
from services.gateway.pages.people.presentation import person_line
from services.gateway.pages.registry.sections import sections
from services.gateway.pages.services import intake
from services.gateway.pages.wording import _
from shared.identity import Role
from shared.web import allow, current_principal, current_session

blueprint = Blueprint("people", __name__)
duties.add_routes(blueprint)
accounts.add_routes(blueprint)
relatives.add_routes(blueprint)
forgetting.add_routes(blueprint)
_API = "/api/intake/people"


@blueprint.get("/people")
@allow(Role.ADMIN)
def index() -> str:
    """Those with a duty; a search finds every person of the township."""
    principal = current_principal()
    query = request.args.get("q", "").strip()
    page = intake.get(
        _API, principal, query=query, officials=None if query else True, cursor=request.args.get("cursor"), limit=50
    ).data
    held = accounts_of_people(current_session(), principal, [int(each["id"]) for each in page["items"]])
    following = page["next_cursor"]
    return render_template(
        "people/index.html",
        sections=sections(principal),
        query=query,
        people=[person_line(each, held.get(int(each["id"]))) for each in page["items"]],
        next_href=url_for("people.index", q=query or None, cursor=following) if following else None,
    )


@blueprint.get("/people/new")
@allow(Role.ADMIN)
def new() -> str:
    """The form of somebody who lives in no household of the township."""
    return render_template("people/new.html", form=request.args, errors={})


@blueprint.post("/people/new")
@allow(Role.ADMIN)
def create() -> Response | tuple[str, int]:
    """Register a person."""
    form = request.form
    body = {name: form.get(name, "").strip() for name in ("name", "identity_number", "phone")}
    try:
        made = intake.post(_API, current_principal(), body, idempotency_key=form.get("idempotency_key")).data
    except ServiceProblem as problem:
        return render_template("people/new.html", form=form, errors=errors_of(problem)), 422
    flash(_("已登记 %(name)s。接着给职责、建账号。", name=made["name"]), "done")
    return redirect(url_for("people.show", person_id=made["id"]), code=303)


@blueprint.get("/people/<int:person_id>")
@allow(Role.ADMIN)
def show(person_id: int) -> str:
    """One person: what they are responsible for, and how they log in."""
    return show_person(person_id)


@blueprint.get("/people/<int:person_id>/edit")
@allow(Role.ADMIN)
def edit(person_id: int) -> str:
    """The form with what is known; numbers stay masked and change only where a new one is typed."""
    return _edit(person_id, {}, {})


@blueprint.post("/people/<int:person_id>/edit")
@allow(Role.ADMIN)
def change(person_id: int) -> Response | tuple[str, int]:
    """Change a person."""
    form = request.form
    body = {"name": form.get("name", "").strip()}
    for name in ("identity_number", "phone"):
        if form.get(f"no_{name}") == "yes":
            body[name] = ""
        elif form.get(name, "").strip():
            body[name] = form[name].strip()
    version = form.get("version", type=int)
    try:
        intake.request("PATCH", f"{_API}/{person_id}", current_principal(), json=body, version=version)
    except ServiceProblem as problem:
        return _edit(person_id, form, errors_of(problem)), 422
    flash(_("已改好。"), "done")
    return redirect(url_for("people.show", person_id=person_id), code=303)


def _edit(person_id: int, form: Any, errors: dict[str, list[str]]) -> str:
    person = intake.get(f"{_API}/{person_id}", current_principal()).data
    return render_template("people/edit.html", person=person, values=form or person, errors=errors)
