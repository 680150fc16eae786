"""`/registry/offices`: the offices of the township, their phones and what they handle."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from services.gateway.clients import ServiceProblem
from services.gateway.pages.answers import errors_of
from services.gateway.pages.people.officials import head_of_office, officials_of
from services.gateway.pages.registry.sections import READERS, sections
from services.gateway.pages.services import intake
from services.gateway.pages.wording import _
from shared.identity import Role
from shared.web import allow, current_principal, current_session

_API = "/api/intake/offices"


def add_routes(blueprint: Blueprint) -> None:
    """Give the topic's blueprint the pages of offices."""
    blueprint.add_url_rule("/registry/offices", "offices", index)
    blueprint.add_url_rule("/registry/offices/new", "new_office", new)
    blueprint.add_url_rule("/registry/offices/new", "create_office", create, methods=["POST"])
    blueprint.add_url_rule("/registry/offices/<int:office_id>", "edit_office", edit)
    blueprint.add_url_rule("/registry/offices/<int:office_id>", "change_office", change, methods=["POST"])


@allow(*READERS)
def index() -> str:
    """All offices in the township's own order."""
    principal = current_principal()
    may_change = principal.has(Role.ADMIN)
    return render_template(
        "registry/offices.html",
        sections=sections(principal),
        offices=[
            {**each, "href": url_for("registry.edit_office", office_id=each["id"]) if may_change else ""}
            for each in intake.get(_API, principal).data["items"]
        ],
        may_change=may_change,
    )


@allow(Role.ADMIN)
def new() -> str:
    """The form of a new office."""
    return _form(None, {}, {})


@allow(Role.ADMIN)
def create() -> Response | tuple[str, int]:
    """Add an office."""
    form = request.form
    try:
        made = intake.post(
            _API, current_principal(), _body(form), idempotency_key=form.get("idempotency_key")
        ).data  # fmt: skip
    except ServiceProblem as problem:
        return _form(None, form, errors_of(problem)), 422
    flash(_("已添加%(name)s。", name=made["name"]), "done")
    return redirect(url_for("registry.offices"), code=303)


@allow(Role.ADMIN)
def edit(office_id: int) -> str:
    """The form with what is known of the office."""
    return _form(office_id, {}, {})


@allow(Role.ADMIN)
def change(office_id: int) -> Response | tuple[str, int]:
    """Change an office."""
    form = request.form
    try:
        intake.request(
            "PUT",
            f"{_API}/{office_id}",
            current_principal(),
            json=_body(form),
            version=form.get("version", type=int),
        )
    except ServiceProblem as problem:
        return _form(office_id, form, errors_of(problem)), 422
    flash(_("已改好。"), "done")
    return redirect(url_for("registry.offices"), code=303)


def _body(form: Any) -> dict[str, Any]:
    body: dict[str, Any] = {name: form.get(name, "").strip() for name in ("code", "name", "phone", "handles")}
    body["position"] = form.get("position", "").strip() or 0
    body["head_id"] = form.get("head_id") or None
    return body


def _form(office_id: int | None, form: Any, errors: dict[str, list[str]]) -> str:
    principal, session = current_principal(), current_session()
    office: dict[str, Any] = {}
    if office_id is not None:
        office = intake.get(f"{_API}/{office_id}", principal).data
        office["head_id"] = head_of_office(session, principal.township_id, office_id)
    return render_template(
        "registry/office_form.html",
        office=office,
        values=form or office,
        errors=errors,
        people=[("", _("还没有负责人")), *officials_of(session, principal.township_id)],
    )
