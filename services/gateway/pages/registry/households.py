"""Households by hand: a new one with its head, another head, the end of one."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from services.gateway.clients import ServiceProblem
from services.gateway.pages.answers import errors_of
from services.gateway.pages.place import villages_of_principal
from services.gateway.pages.registry.grids import group_options, neighbour_options
from services.gateway.pages.registry.residents import API, HEAD, members_of, person_of
from services.gateway.pages.registry.sections import WRITERS
from services.gateway.pages.services import intake
from services.gateway.pages.wording import _
from shared.calendar import today
from shared.web import allow, current_principal, current_session


def add_routes(blueprint: Blueprint) -> None:
    """Give the topic's blueprint the pages of a household's beginning, head and end."""
    one = "/registry/households/<int:household_id>"
    blueprint.add_url_rule("/registry/households/new", "new_household", new_household)
    blueprint.add_url_rule("/registry/households/new", "create_household", create_household, methods=["POST"])
    blueprint.add_url_rule(f"{one}/head", "show_head", show_head)
    blueprint.add_url_rule(f"{one}/head", "replace_head", replace_head, methods=["POST"])
    blueprint.add_url_rule(f"{one}/end", "show_end", show_end)
    blueprint.add_url_rule(f"{one}/end", "end_household", end_household, methods=["POST"])


@allow(*WRITERS)
def new_household() -> str:
    """First the village, then the group, the address and the head; the others are added afterwards."""
    return _new_household(request.args, {})


@allow(*WRITERS)
def create_household() -> Response | tuple[str, int]:
    """Register a household with its head."""
    form = request.form
    if not form.get("group_id", "").isdigit():
        return _new_household(form, {"group_id": [_("请选择在哪个组。")]}), 422
    body = {
        "village": form.get("village", ""),
        "group_id": int(form["group_id"]),
        "neighbours_id": form.get("neighbours_id", type=int),
        "address": form.get("address", "").strip(),
        "residents": [{**person_of(form), "relation": HEAD}],
    }
    try:
        made = intake.post(API, current_principal(), body, idempotency_key=form.get("idempotency_key")).data
    except ServiceProblem as problem:
        names = {f"residents.0.{name}": name for name in ("name", "identity_number", "phone", "care_labels")}
        return _new_household(form, errors_of(problem, names)), 422
    told = _("已登记%(name)s户，户号 %(number)s。接着添加户内成员。", name=made["head_name"], number=made["number"])
    flash(told, "done")
    return redirect(url_for("registry.household", household_id=made["id"]), code=303)


@allow(*WRITERS)
def show_head(household_id: int) -> str:
    """Who is to be the head."""
    return _head(household_id, {}, {})


@allow(*WRITERS)
def replace_head(household_id: int) -> Response | tuple[str, int]:
    """Another member becomes the head."""
    form = request.form
    if not form.get("person_id", "").isdigit():
        return _head(household_id, form, {"person_id": [_("请选择新户主。")]}), 422
    body = {"person_id": int(form["person_id"]), "former_relation": form.get("former_relation", "")}
    version = form.get("version", type=int)
    try:
        intake.request("POST", f"{API}/{household_id}/head", current_principal(), json=body, version=version)
    except ServiceProblem as problem:
        return _head(household_id, form, errors_of(problem)), 422
    flash(_("户主已更换，榜和户卡从现在起用新户主的名字。"), "done")
    return redirect(url_for("registry.household", household_id=household_id), code=303)


@allow(*WRITERS)
def show_end(household_id: int) -> str:
    """What the end of a household means, and its last day."""
    return _end(household_id, {}, {})


@allow(*WRITERS)
def end_household(household_id: int) -> Response | tuple[str, int]:
    """The household is no more."""
    form = request.form
    body, version = {"last_day": form.get("last_day", "")}, form.get("version", type=int)
    try:
        intake.request("POST", f"{API}/{household_id}/end", current_principal(), json=body, version=version)
    except ServiceProblem as problem:
        return _end(household_id, form, errors_of(problem)), 422
    flash(_("这一户已注销，积分和办过的事都还查得到。"), "done")
    return redirect(url_for("registry.household", household_id=household_id), code=303)


def _new_household(form: Any, errors: dict[str, list[str]]) -> str:
    principal = current_principal()
    villages = villages_of_principal(current_session(), principal, *WRITERS)
    chosen = form.get("village", "") or (villages[0].code if len(villages) == 1 else "")
    village = next((each for each in villages if each.code == chosen), None)
    return render_template(
        "registry/household_new.html",
        village=village,
        villages=villages,
        groups=group_options(principal, village.code) if village else [],
        neighbours=neighbour_options(principal, village.code) if village else [],
        form=form,
        errors=errors,
    )


def _head(household_id: int, form: Any, errors: dict[str, list[str]]) -> str:
    principal = current_principal()
    others = [each for each in members_of(principal, household_id) if each["relation"] != HEAD]
    return render_template(
        "registry/head.html",
        household=intake.get(f"{API}/{household_id}", principal).data,
        others=[(each["person_id"], each["name"], each["relation"]) for each in others],
        form=form,
        errors=errors,
    )


def _end(household_id: int, form: Any, errors: dict[str, list[str]]) -> str:
    return render_template(
        "registry/household_end.html",
        household=intake.get(f"{API}/{household_id}", current_principal()).data,
        last_day=form.get("last_day", today().isoformat()),
        errors=errors,
    )
