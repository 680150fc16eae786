"""`/registry/categories`: what kinds of demands people may choose, with time limits and the usual office."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from services.gateway.clients import ServiceProblem
from services.gateway.pages.answers import errors_of
from services.gateway.pages.registry.sections import sections
from services.gateway.pages.services import intake
from services.gateway.pages.wording import _
from shared.identity import Principal, Role
from shared.web import allow, current_principal

_API = "/api/intake/demand_categories"


def add_routes(blueprint: Blueprint) -> None:
    """Give the topic's blueprint the pages of demand categories."""
    blueprint.add_url_rule("/registry/categories", "categories", index)
    blueprint.add_url_rule("/registry/categories/usual", "usual_categories", take_usual, methods=["POST"])
    blueprint.add_url_rule("/registry/categories/new", "new_category", new)
    blueprint.add_url_rule("/registry/categories/new", "create_category", create, methods=["POST"])
    blueprint.add_url_rule("/registry/categories/<int:category_id>", "edit_category", edit)
    blueprint.add_url_rule("/registry/categories/<int:category_id>", "change_category", change, methods=["POST"])


@allow(Role.ADMIN)
def index() -> str:
    """All categories in the order in which people see them."""
    principal = current_principal()
    offices = dict(_offices(principal))
    return render_template(
        "registry/categories.html",
        sections=sections(principal),
        categories=[
            {
                "href": url_for("registry.edit_category", category_id=each["id"]),
                "name": each["name"],
                "limit": _("%(days)s 个工作日", days=each["limit_days"]),
                "office": offices.get(str(each["office_id"] or ""), ""),
                "state": "" if each["is_active"] else _("已停用"),
            }
            for each in intake.get(_API, principal, all=True).data
        ],
    )


@allow(Role.ADMIN)
def take_usual() -> Response:
    """Begin with the usual categories."""
    taken = intake.post(f"{_API}/usual", current_principal()).data
    flash(_("现在有 %(n)s 个类别，时限和办公室可以逐个改。", n=len(taken)), "done")
    return redirect(url_for("registry.categories"), code=303)


@allow(Role.ADMIN)
def new() -> str:
    """The form of a new category."""
    return _form(None, {}, {})


@allow(Role.ADMIN)
def create() -> Response | tuple[str, int]:
    """Add a category."""
    form = request.form
    try:
        made = intake.post(
            _API, current_principal(), _body(form), idempotency_key=form.get("idempotency_key")
        ).data  # fmt: skip
    except ServiceProblem as problem:
        return _form(None, form, errors_of(problem)), 422
    flash(_("已添加“%(name)s”。", name=made["name"]), "done")
    return redirect(url_for("registry.categories"), code=303)


@allow(Role.ADMIN)
def edit(category_id: int) -> str:
    """The form with what is known of the category."""
    return _form(category_id, {}, {})


@allow(Role.ADMIN)
def change(category_id: int) -> Response | tuple[str, int]:
    """Change a category, or take it off the list; demands of it stay as they are."""
    form = request.form
    try:
        intake.request(
            "PUT",
            f"{_API}/{category_id}",
            current_principal(),
            json=_body(form),
            version=form.get("version", type=int),
        )
    except ServiceProblem as problem:
        return _form(category_id, form, errors_of(problem)), 422
    flash(_("已改好。"), "done")
    return redirect(url_for("registry.categories"), code=303)


def _body(form: Any) -> dict[str, Any]:
    """The body of the API; a number that can't be read goes on as it was typed, and is refused at its field."""
    return {
        "code": form.get("code", "").strip().lower(),
        "name": form.get("name", "").strip(),
        "limit_days": _number(form.get("limit_days", "")),
        "office_id": form.get("office_id") or None,
        "rule_code": form.get("rule_code", "").strip() or None,
        "position": _number(form.get("position", "") or "0"),
        "is_active": form.get("is_active") == "yes",
    }


def _number(text: str) -> int | str:
    return int(text) if text.strip().isascii() and text.strip().isdigit() else text


def _offices(principal: Principal) -> list[tuple[str, str]]:
    return [(each["id"], each["name"]) for each in intake.get("/api/intake/offices", principal).data["items"]]


def _form(category_id: int | None, form: Any, errors: dict[str, list[str]]) -> str:
    principal = current_principal()
    category: dict[str, Any] = {"is_active": True}
    if category_id is not None:
        category = intake.get(f"{_API}/{category_id}", principal).data
    return render_template(
        "registry/category_form.html",
        category=category,
        values=form or category,
        is_active=form.get("is_active") == "yes" if form else category["is_active"],
        errors=errors,
        offices=[("", _("派单时再定")), *_offices(principal)],
    )
