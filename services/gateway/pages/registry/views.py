"""`/registry`: finding a household, and who lives in it."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from services.gateway.clients import ServiceProblem
from services.gateway.pages.answers import errors_of
from services.gateway.pages.place import villages_of_principal
from services.gateway.pages.registry import (
    cards,
    categories,
    grids,
    households,
    offices,
    residents,
    township,
    villages,
    workbooks,
)
from services.gateway.pages.registry.grids import group_options, neighbour_options
from services.gateway.pages.registry.residents import HEAD, members_of
from services.gateway.pages.registry.sections import READERS, WRITERS, sections
from services.gateway.pages.services import intake
from services.gateway.pages.wording import _
from shared.identity import Role
from shared.web import allow, current_principal, current_session

MEMBER_READERS = (Role.ADMIN, Role.CADRE, Role.GRID_MEMBER, Role.CLERK, Role.AUDITOR)
OPENERS = (Role.ADMIN, Role.CADRE, Role.CLERK)
blueprint = Blueprint("registry", __name__)
for part in (township, workbooks, villages, grids, offices, categories, households, residents, cards):
    part.add_routes(blueprint)
_API = "/api/intake/households"
_SECRETS = {"identity_number": "身份证号", "phone": "电话"}


@blueprint.get("/registry")
@allow(*READERS)
def index() -> str:
    """One search field, villages as tabs, households in the order of their numbers."""
    principal = current_principal()
    query, village = request.args.get("q", ""), request.args.get("village", "")
    ended = request.args.get("ended") == "1" or None
    kept: dict[str, Any] = {"q": query or None, "ended": ended}
    page = intake.get(
        _API,
        principal,
        query=query,
        village=village or None,
        ended=ended,
        cursor=request.args.get("cursor"),
        limit=50,
    ).data
    following = page["next_cursor"]
    mine = villages_of_principal(current_session(), principal, *READERS)
    tabs = [(_("全部"), url_for("registry.index", **kept), not village)]
    tabs += [(each.name, url_for("registry.index", village=each.code, **kept), each.code == village) for each in mine]
    return render_template(
        "registry/index.html",
        query=query,
        village=village,
        sections=sections(principal),
        tabs=tabs if len(mine) > 1 else [],
        households=page["items"],
        next_href=url_for("registry.index", **kept, village=village or None, cursor=following) if following else None,
        may_change=principal.has(*WRITERS),
        ended_href="" if ended else url_for("registry.index", q=query or None, village=village or None, ended=1),
    )


@blueprint.get("/registry/households/<int:household_id>")
@allow(*READERS)
def household(household_id: int) -> str:
    """One household with its people, numbers masked."""
    return _show(household_id, {}, {})


@blueprint.post("/registry/households/<int:household_id>/open")
@allow(*OPENERS)
def open_value(household_id: int) -> str | tuple[str, int]:
    """One full number, for a purpose that is kept."""
    form = request.form
    secret, person = form.get("secret", ""), form.get("person_id", "")
    purpose = form.get("purpose", "").strip()
    if not purpose or secret not in _SECRETS or not person.isdigit():
        return _show(household_id, {"purpose": [_("请写明查看的用途。")]}, form), 422
    try:
        opened = intake.post(
            f"{_API}/{household_id}/residents/{person}/open",
            current_principal(),
            {"secret": secret, "purpose": purpose},
        ).data
    except ServiceProblem as problem:
        return _show(household_id, errors_of(problem), form), 422
    return _show(household_id, {}, {}, opened={"person_id": person, "secret": secret, "value": opened["value"]})


@blueprint.post("/registry/households/<int:household_id>")
@allow(*WRITERS)
def change(household_id: int) -> Response | tuple[str, int]:
    """Another group or address."""
    form = request.form
    group, version = form.get("group_id", ""), form.get("version", "")
    if not group.isdigit() or not version.isdigit():
        return _show(household_id, {"group_id": [_("请选择在哪个组。")]}, form), 422
    try:
        intake.request(
            "PATCH",
            f"{_API}/{household_id}",
            current_principal(),
            json={
                "group_id": int(group),
                "neighbours_id": form.get("neighbours_id", type=int),
                "address": form.get("address", "").strip(),
            },
            version=int(version),
        )
    except ServiceProblem as problem:
        return _show(household_id, errors_of(problem), form), 422
    flash(_("已改好。"), "done")
    return redirect(url_for("registry.household", household_id=household_id), code=303)


def _show(household_id: int, errors: dict[str, list[str]], form: Any, *, opened: dict[str, str] | None = None) -> str:
    principal = current_principal()
    found = intake.get(f"{_API}/{household_id}", principal).data
    sees_members = principal.has(*MEMBER_READERS)
    members = members_of(principal, household_id) if sees_members else []
    may_change = found["village"] in {
        each.code for each in villages_of_principal(current_session(), principal, *WRITERS)
    }
    return render_template(
        "registry/household.html",
        household=found,
        members=[{**each, "is_head": each["relation"] == HEAD} for each in members],
        sees_members=sees_members,
        may_change=may_change,
        groups=group_options(principal, found["village"]) if may_change else [],
        neighbours=neighbour_options(principal, found["village"]) if may_change else [],
        may_open=principal.has(*OPENERS),
        secrets=list(_SECRETS.items()),
        opened=opened or {},
        form=form,
        errors=errors,
    )
