"""`/registry/township`: what the township says of itself on its public page."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from services.gateway.clients import ServiceProblem
from services.gateway.pages.answers import errors_of
from services.gateway.pages.registry.sections import sections
from services.gateway.pages.services import intake
from services.gateway.pages.wording import _
from shared.identity import Role
from shared.web import allow, current_principal

_API = "/api/intake/township"
_TEXTS = (
    "name",
    "phone",
    "opening_hours",
    "reception_hours",
    "reception_place",
    "reception_phone",
    "store_hours",
)
_WEEKDAYS = "一二三四五六日"


def add_routes(blueprint: Blueprint) -> None:
    """Give the topic's blueprint the page of the township's own words."""
    blueprint.add_url_rule("/registry/township", "township", show)
    blueprint.add_url_rule("/registry/township", "change_township", change, methods=["POST"])


@allow(Role.ADMIN)
def show() -> str:
    """The form with what is said now."""
    return _form({}, {})


@allow(Role.ADMIN)
def change() -> Response | tuple[str, int]:
    """Say it anew; the public page shows it at once."""
    form = request.form
    body: dict[str, Any] = {name: form.get(name, "").strip() for name in _TEXTS}
    body["reception_weekdays"] = [int(day) for day in form.getlist("reception_weekdays") if day.isdigit()]
    try:
        intake.request("PUT", _API, current_principal(), json=body, version=form.get("version", type=int))
    except ServiceProblem as problem:
        return _form(form, errors_of(problem)), 422
    flash(_("已改好，公开页上已经换成新的。"), "done")
    return redirect(url_for("registry.township"), code=303)


def _form(form: Any, errors: dict[str, list[str]]) -> str:
    principal = current_principal()
    said = intake.get(_API, principal).data
    chosen = form.getlist("reception_weekdays") if form else [str(day) for day in said["reception_weekdays"]]
    return render_template(
        "registry/township.html",
        sections=sections(principal),
        said=said,
        values=form or said,
        weekdays=[(str(day), _("周%(day)s", day=_WEEKDAYS[day - 1])) for day in range(1, 8)],
        chosen=chosen,
        errors=errors,
    )
