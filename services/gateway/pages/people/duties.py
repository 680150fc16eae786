"""Duties: who is responsible for what, given and ended; rights begin and end with them."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from services.gateway.clients import ServiceProblem
from services.gateway.pages.answers import errors_of
from services.gateway.pages.people.officials import officials_of
from services.gateway.pages.people.presentation import DUTIES_DO, duty_line, kind_lines, kind_words
from services.gateway.pages.place import villages_of_principal
from services.gateway.pages.registry.grids import grids_of
from services.gateway.pages.registry.sections import READERS, sections
from services.gateway.pages.services import intake
from services.gateway.pages.wording import _
from services.gateway.pages.words import day_words
from shared.calendar import today
from shared.errors import NotFound
from shared.identity import Principal, Role
from shared.models.registry import VILLAGE_DUTIES, DutyKind
from shared.web import allow, current_principal, current_session

_API = "/api/intake/duties"
Option = tuple[str, str]


def add_routes(blueprint: Blueprint) -> None:
    """Give the topic's blueprint the pages of duties."""
    blueprint.add_url_rule("/people/duties", "duties", index)
    blueprint.add_url_rule("/people/<int:person_id>/duties/new", "new_duty", new)
    blueprint.add_url_rule("/people/<int:person_id>/duties/new", "give_duty", give, methods=["POST"])
    blueprint.add_url_rule("/people/duties/<int:duty_id>/end", "show_end", show_end)
    blueprint.add_url_rule("/people/duties/<int:duty_id>/end", "end_duty", end, methods=["POST"])


@allow(*READERS)
def index() -> str:
    """Who has which duty where, today or ever, of one village or one kind."""
    principal = current_principal()
    village, kind = request.args.get("village", ""), request.args.get("kind", "")
    ever = request.args.get("all") == "1"
    page = intake.get(
        _API,
        principal,
        village=village,
        kind=kind if kind in {each.value for each in DutyKind} else None,
        all=ever or None,
        cursor=request.args.get("cursor"),
        limit=100,
    ).data
    chosen: dict[str, Any] = {"village": village or None, "kind": kind or None, "all": "1" if ever else None}
    following = page["next_cursor"]
    return render_template(
        "people/duties.html",
        sections=sections(principal),
        lines=[duty_line(each) for each in page["items"]],
        villages=[("", _("全部村和乡镇")), *_villages(principal, *READERS)],
        kinds=[("", _("全部职责")), *((each.value, kind_words(each)) for each in DUTIES_DO)],
        village=village,
        kind=kind,
        ever=ever,
        may_change=principal.has(Role.ADMIN),
        next_href=url_for("people.duties", **chosen, cursor=following) if following else None,
    )


@allow(Role.ADMIN)
def new(person_id: int) -> str:
    """First which kind, then where and since when."""
    return _new(person_id, request.args, {})


@allow(Role.ADMIN)
def give(person_id: int) -> Response | tuple[str, int]:
    """Give the duty; the rights hold from its first day."""
    form = request.form
    village, _separator, grid = form.get("place", "").partition(":")
    body = {
        "person_id": person_id,
        "kind": form.get("kind", ""),
        "village": village or None,
        "grid_id": int(grid) if grid.isdigit() else None,
        "office_id": form.get("office_id", type=int),
        "title": form.get("title", "").strip(),
        "valid_from": form.get("valid_from") or None,
        "valid_to": form.get("valid_to") or None,
    }
    try:
        made = intake.post(_API, current_principal(), body, idempotency_key=form.get("idempotency_key")).data
    except ServiceProblem as problem:
        return _new(person_id, form, errors_of(problem, {"village": "place", "grid_id": "place"})), 422
    flash(_("已给 %(name)s “%(what)s”的职责。", name=made["person_name"], what=made["kind_words"]), "done")
    return redirect(url_for("people.show", person_id=person_id), code=303)


@allow(Role.ADMIN)
def show_end(duty_id: int) -> str:
    """The last day, and who goes on with the open work."""
    return _end(duty_id, {}, {})


@allow(Role.ADMIN)
def end(duty_id: int) -> Response | tuple[str, int]:
    """End a duty; open demands move to the successor."""
    form = request.form
    body = {"last_day": form.get("last_day", ""), "successor_id": form.get("successor_id", type=int)}
    version = form.get("version", type=int)
    principal = current_principal()
    try:
        duty = intake.get(f"{_API}/{duty_id}", principal).data
        done = intake.request("POST", f"{_API}/{duty_id}/end", principal, json=body, version=version).data
    except ServiceProblem as problem:
        return _end(duty_id, form, errors_of(problem)), 422
    told = _("这项职责到 %(day)s为止。", day=day_words(done["valid_to"]))
    if done["demands_moved"]:
        told += _("%(n)s 件没办完的诉求已交给接手的人。", n=done["demands_moved"])
    flash(told, "done")
    return redirect(url_for("people.show", person_id=duty["person_id"]), code=303)


def _new(person_id: int, form: Any, errors: dict[str, list[str]]) -> str:
    principal = current_principal()
    person = intake.get(f"/api/intake/people/{person_id}", principal).data
    chosen = form.get("kind", "")
    if chosen not in {each.value for each in DutyKind}:
        return render_template("people/duty_kinds.html", person=person, kinds=kind_lines(person_id))
    kind = DutyKind(chosen)
    return render_template(
        "people/duty_new.html",
        person=person,
        kind=kind,
        kind_words=kind_words(kind),
        text=DUTIES_DO[kind],
        places=_places(principal, kind),
        offices=_offices(principal) if kind is DutyKind.HANDLER else [],
        form=form,
        valid_from=form.get("valid_from") or today().isoformat(),
        errors=errors,
    )


def _end(duty_id: int, form: Any, errors: dict[str, list[str]]) -> str:
    principal = current_principal()
    duty = intake.get(f"{_API}/{duty_id}", principal).data
    line = duty_line(duty)
    if line["is_over"]:
        raise NotFound(_("这项职责已经结束了。"))
    others = [each for each in officials_of(current_session(), principal.township_id) if each[0] != duty["person_id"]]
    return render_template(
        "people/duty_end.html",
        duty=duty,
        line=line,
        last_day=form.get("last_day", today().isoformat()),
        people=[("", _("没有没办完的，或以后再派")), *others],
        form=form,
        errors=errors,
    )


def _places(principal: Principal, kind: DutyKind) -> list[Option]:
    """Villages; for a grid member their grids, as `code:grid`."""
    if kind not in VILLAGE_DUTIES:
        return []
    villages = _villages(principal, Role.ADMIN)
    if kind is not DutyKind.GRID_MEMBER:
        return [("", _("请选择")), *villages]
    options = [("", _("请选择"))]
    for code, name in villages:
        grids = {grid["id"]: grid for grid in grids_of(principal, code)}
        for grid in grids.values():
            above = grids.get(grid["parent_id"] or "")
            words = f"{above['name']} {grid['name']}" if above else grid["name"]
            options.append((f"{code}:{grid['id']}", f"{name} {words}"))
    return options


def _villages(principal: Principal, *roles: Role) -> list[Option]:
    return [(each.code, each.name) for each in villages_of_principal(current_session(), principal, *roles)]


def _offices(principal: Principal) -> list[Option]:
    found = intake.get("/api/intake/offices", principal).data["items"]
    return [("", _("请选择")), *((each["id"], each["name"]) for each in found)]
