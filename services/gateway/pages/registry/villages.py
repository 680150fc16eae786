"""`/registry/villages`: villages, and what a merger does to them."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from services.gateway.clients import ServiceProblem
from services.gateway.pages.answers import errors_of
from services.gateway.pages.registry.grids import grid_tree
from services.gateway.pages.registry.sections import READERS, sections
from services.gateway.pages.services import intake
from services.gateway.pages.wording import _
from services.gateway.pages.words import day_words
from shared.calendar import today
from shared.identity import Principal, Role
from shared.web import allow, current_principal

API = "/api/intake/villages"
_MOST = 200


def add_routes(blueprint: Blueprint) -> None:
    """Give the topic's blueprint the pages of villages."""
    blueprint.add_url_rule("/registry/villages", "villages", index)
    blueprint.add_url_rule("/registry/villages/new", "new_village", new)
    blueprint.add_url_rule("/registry/villages/new", "create_village", create, methods=["POST"])
    blueprint.add_url_rule("/registry/villages/<code>", "village", show)
    blueprint.add_url_rule("/registry/villages/<code>/edit", "edit_village", edit)
    blueprint.add_url_rule("/registry/villages/<code>/edit", "change_village", change, methods=["POST"])


@allow(*READERS)
def index() -> str:
    """All villages, those that were merged at the end."""
    principal = current_principal()
    found = all_villages(principal)
    return render_template(
        "registry/villages.html",
        sections=sections(principal),
        villages=sorted((_line(each) for each in found), key=lambda line: line["ended"]),
        may_change=principal.has(Role.ADMIN),
    )


@allow(*READERS)
def show(code: str) -> str:
    """One village with its grids as a tree."""
    principal = current_principal()
    return render_template(
        "registry/village.html",
        village=_line(intake.get(f"{API}/{code}", principal).data),
        areas=grid_tree(principal, code),
        may_change=principal.has(Role.ADMIN),
    )


@allow(Role.ADMIN)
def new() -> str:
    """The form of a new village."""
    return _new({}, {})


@allow(Role.ADMIN)
def create() -> Response | tuple[str, int]:
    """Add a village; its grids follow on its own page."""
    form = request.form
    body = {"code": "".join(form.get("code", "").split()), "name": form.get("name", "").strip()}
    body["phone"] = form.get("phone", "").strip()
    if form.get("valid_from"):
        body["valid_from"] = form["valid_from"]
    try:
        made = intake.post(API, current_principal(), body, idempotency_key=form.get("idempotency_key")).data
    except ServiceProblem as problem:
        return _new(form, errors_of(problem)), 422
    flash(_("已添加%(name)s。接着添加它的片和组。", name=made["name"]), "done")
    return redirect(url_for("registry.village", code=made["code"]), code=303)


@allow(Role.ADMIN)
def edit(code: str) -> str:
    """The form with what is known of the village."""
    return _edit(code, {}, {})


@allow(Role.ADMIN)
def change(code: str) -> Response | tuple[str, int]:
    """Another name or phone, or the day of a merger."""
    form = request.form
    body = {
        "name": form.get("name", "").strip(),
        "phone": form.get("phone", "").strip(),
        "valid_to": form.get("valid_to") or None,
        "successor": form.get("successor") or None,
    }
    version = form.get("version", type=int)
    try:
        intake.request("PATCH", f"{API}/{code}", current_principal(), json=body, version=version)
    except ServiceProblem as problem:
        return _edit(code, form, errors_of(problem)), 422
    flash(_("已改好。"), "done")
    return redirect(url_for("registry.village", code=code), code=303)


def all_villages(principal: Principal) -> list[dict[str, Any]]:
    """Every village that the township has or had."""
    found: list[dict[str, Any]] = intake.get(API, principal, all=True, limit=_MOST).data["items"]
    return found


def _line(village: dict[str, Any]) -> dict[str, Any]:
    ended = village["valid_to"] is not None and village["valid_to"] <= today().isoformat()
    words = ""
    if village["valid_to"]:
        words = _("%(day)s起撤并", day=day_words(village["valid_to"]))
    return {**village, "ended": ended, "state_words": words, "href": url_for("registry.village", code=village["code"])}


def _new(form: Any, errors: dict[str, list[str]]) -> str:
    return render_template("registry/village_new.html", form=form, errors=errors)


def _edit(code: str, form: Any, errors: dict[str, list[str]]) -> str:
    principal = current_principal()
    village = intake.get(f"{API}/{code}", principal).data
    others = [each for each in all_villages(principal) if each["code"] != code and not each["valid_to"]]
    return render_template(
        "registry/village_edit.html",
        village=village,
        values=form or village,
        errors=errors,
        successors=[("", _("没有并入别的村")), *((each["code"], each["name"]) for each in others)],
    )
