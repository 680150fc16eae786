"""Members of a household by hand: added, changed, moved out."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from services.gateway.clients import ServiceProblem
from services.gateway.pages.answers import errors_of
from services.gateway.pages.registry.sections import WRITERS
from services.gateway.pages.services import intake
from services.gateway.pages.wording import _
from shared.calendar import today
from shared.errors import NotFound
from shared.identity import Principal
from shared.web import allow, current_principal

API = "/api/intake/households"
HEAD = "户主"


def add_routes(blueprint: Blueprint) -> None:
    """Give the topic's blueprint the pages of members."""
    members = "/registry/households/<int:household_id>/residents"
    one = f"{members}/<int:person_id>"
    blueprint.add_url_rule(f"{members}/new", "new_resident", new_resident)
    blueprint.add_url_rule(f"{members}/new", "create_resident", create_resident, methods=["POST"])
    blueprint.add_url_rule(one, "edit_resident", edit_resident)
    blueprint.add_url_rule(one, "change_resident", change_resident, methods=["POST"])
    blueprint.add_url_rule(f"{one}/move_out", "show_move_out", show_move_out)
    blueprint.add_url_rule(f"{one}/move_out", "move_out", move_out, methods=["POST"])


@allow(*WRITERS)
def new_resident(household_id: int) -> str:
    """The form of a new member."""
    return _resident(household_id, None, {}, {})


@allow(*WRITERS)
def create_resident(household_id: int) -> Response | tuple[str, int]:
    """Add a member."""
    form = request.form
    body = {**person_of(form), "relation": form.get("relation", "").strip()}
    path = f"{API}/{household_id}/residents"
    try:
        intake.post(path, current_principal(), body, idempotency_key=form.get("idempotency_key"))
    except ServiceProblem as problem:
        return _resident(household_id, None, form, errors_of(problem)), 422
    flash(_("已添加 %(name)s。", name=body["name"]), "done")
    return _back(household_id)


@allow(*WRITERS)
def edit_resident(household_id: int, person_id: int) -> str:
    """The form with what is known of a member; numbers stay masked and change only where a new one is typed."""
    return _resident(household_id, person_id, {}, {})


@allow(*WRITERS)
def change_resident(household_id: int, person_id: int) -> Response | tuple[str, int]:
    """Change a member."""
    form = request.form
    person = person_of(form)
    body: dict[str, Any] = {"name": person["name"], "care_labels": person["care_labels"]}
    for name in ("identity_number", "phone"):
        if form.get(f"no_{name}") == "yes":
            body[name] = ""
        elif person[name]:
            body[name] = person[name]
    if form.get("relation") is not None:
        body["relation"] = form["relation"].strip()
    try:
        intake.request(
            "PATCH",
            f"{API}/{household_id}/residents/{person_id}",
            current_principal(),
            json=body,
            version=form.get("version", type=int),
        )
    except ServiceProblem as problem:
        return _resident(household_id, person_id, form, errors_of(problem)), 422
    flash(_("已改好。"), "done")
    return _back(household_id)


@allow(*WRITERS)
def show_move_out(household_id: int, person_id: int) -> str:
    """Until which day the member belongs to the household."""
    return _move_out(household_id, person_id, {}, {})


@allow(*WRITERS)
def move_out(household_id: int, person_id: int) -> Response | tuple[str, int]:
    """The member has moved out, died or married elsewhere."""
    body = {"last_day": request.form.get("last_day", "")}
    try:
        intake.post(f"{API}/{household_id}/residents/{person_id}/move_out", current_principal(), body)
    except ServiceProblem as problem:
        return _move_out(household_id, person_id, request.form, errors_of(problem)), 422
    flash(_("已办迁出。需要时可以在另一户再添加。"), "done")
    return _back(household_id)


def members_of(principal: Principal, household_id: int) -> list[dict[str, Any]]:
    """The present members, the head first."""
    found: list[dict[str, Any]] = intake.get(f"{API}/{household_id}/residents", principal).data["items"]
    return found


def person_of(form: Any) -> dict[str, Any]:
    """Name, numbers and care labels as they were typed; labels are parted by 、or a comma."""
    person: dict[str, Any] = {name: form.get(name, "").strip() for name in ("name", "identity_number", "phone")}
    labels = form.get("care_labels", "").replace("，", "、").replace(",", "、").split("、")
    return {**person, "care_labels": [label.strip() for label in labels if label.strip()]}


def _resident(household_id: int, person_id: int | None, form: Any, errors: dict[str, list[str]]) -> str:
    member: dict[str, Any] = {}
    principal = current_principal()
    if person_id is not None:
        member = _member(principal, household_id, person_id)
    known = {**member, "care_labels": "、".join(member.get("care_labels", []))}
    return render_template(
        "registry/resident_form.html",
        household=intake.get(f"{API}/{household_id}", principal).data,
        member=member,
        is_head=member.get("relation") == HEAD,
        values=form or known,
        errors=errors,
    )


def _move_out(household_id: int, person_id: int, form: Any, errors: dict[str, list[str]]) -> str:
    principal = current_principal()
    return render_template(
        "registry/move_out.html",
        household=intake.get(f"{API}/{household_id}", principal).data,
        member=_member(principal, household_id, person_id),
        last_day=form.get("last_day", today().isoformat()),
        errors=errors,
    )


def _member(principal: Principal, household_id: int, person_id: int) -> dict[str, Any]:
    for each in members_of(principal, household_id):
        if each["person_id"] == str(person_id):
            return each
    raise NotFound(_("这一户里没有这个人。"))


def _back(household_id: int) -> Response:
    return redirect(url_for("registry.household", household_id=household_id), code=303)
