"""Grids of a village: the tree 片 ⊃ 组 ⊃ 邻, added by their names, renamed."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from services.gateway.clients import ServiceProblem
from services.gateway.pages.answers import errors_of
from services.gateway.pages.services import intake
from services.gateway.pages.wording import _, _l
from shared.errors import NotFound
from shared.identity import Principal, Role
from shared.web import allow, current_principal

_API = "/api/intake/grids"
_LEVELS = {"area": _l("片"), "group": _l("组"), "neighbours": _l("邻")}
_ABOVE = {"group": "area", "neighbours": "group"}
_MOST = 200


def add_routes(blueprint: Blueprint) -> None:
    """Give the topic's blueprint the pages of grids."""
    blueprint.add_url_rule("/registry/villages/<code>/grids/<level>", "new_grids", new)
    blueprint.add_url_rule("/registry/villages/<code>/grids/<level>", "create_grids", create, methods=["POST"])
    blueprint.add_url_rule("/registry/villages/<code>/grids/<int:grid_id>", "edit_grid", edit)
    blueprint.add_url_rule("/registry/villages/<code>/grids/<int:grid_id>", "rename_grid", rename, methods=["POST"])


@allow(Role.ADMIN)
def new(code: str, level: str) -> str:
    """The form of new grids of one level."""
    return _new(code, level, request.args, {})


@allow(Role.ADMIN)
def create(code: str, level: str) -> Response | tuple[str, int]:
    """Add one grid per line."""
    form = request.form
    names = [line.strip() for line in form.get("names", "").splitlines() if line.strip()]
    body: dict[str, Any] = {"level": level, "names": names}
    if level in _ABOVE:
        if not form.get("parent_id", "").isdigit():
            sentence = _("请选择在哪个%(level)s里。", level=_LEVELS[_ABOVE[level]])
            return _new(code, level, form, {"parent_id": [sentence]}), 422
        body["parent_id"] = form["parent_id"]
    if not names:
        return _new(code, level, form, {"names": [_("请写名称，一行一个。")]}), 422
    try:
        intake.post(
            f"/api/intake/villages/{code}/grids",
            current_principal(),
            body,
            idempotency_key=form.get("idempotency_key"),
        )
    except ServiceProblem as problem:
        return _new(code, level, form, _at_names(errors_of(problem))), 422
    flash(_("已添加 %(n)s 个%(level)s。", n=len(names), level=_LEVELS[level]), "done")
    return redirect(url_for("registry.village", code=code), code=303)


@allow(Role.ADMIN)
def edit(code: str, grid_id: int) -> str:
    """The form of a new name."""
    return _edit(code, grid_id, {}, {})


@allow(Role.ADMIN)
def rename(code: str, grid_id: int) -> Response | tuple[str, int]:
    """Give a grid another name; households and duties stay with it."""
    form = request.form
    body, version = {"name": form.get("name", "").strip()}, form.get("version", type=int)
    try:
        intake.request("PATCH", f"{_API}/{grid_id}", current_principal(), json=body, version=version)
    except ServiceProblem as problem:
        return _edit(code, grid_id, form, errors_of(problem)), 422
    flash(_("已改好。"), "done")
    return redirect(url_for("registry.village", code=code), code=303)


def grid_tree(principal: Principal, code: str) -> list[dict[str, Any]]:
    """The areas of a village, each with its groups, each with its 邻."""
    found = grids_of(principal, code)
    below: dict[str | None, list[dict[str, Any]]] = {}
    for grid in found:
        below.setdefault(grid["parent_id"], []).append(grid)

    def branch(grid: dict[str, Any]) -> dict[str, Any]:
        return {**grid, "below": [branch(each) for each in below.get(grid["id"], [])]}

    return [branch(grid) for grid in below.get(None, [])]


def grids_of(principal: Principal, code: str, level: str | None = None) -> list[dict[str, Any]]:
    """All grids of a village, of one level where one is named, in the order in which they were made."""
    found: list[dict[str, Any]] = []
    cursor = None
    while True:
        page = intake.get(_API, principal, village=code, level=level, cursor=cursor, limit=_MOST).data
        found += page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            return sorted(found, key=lambda grid: int(grid["id"]))


def group_options(principal: Principal, code: str) -> list[tuple[str, str]]:
    """The groups of a village, to choose from."""
    return [(grid["id"], grid["name"]) for grid in grids_of(principal, code, "group")]


def neighbour_options(principal: Principal, code: str) -> list[tuple[str, str]]:
    """The 邻 of a village with their groups' names, and none; empty where the village has no 邻."""
    groups = dict(group_options(principal, code))
    found = grids_of(principal, code, "neighbours")
    named = [(grid["id"], f"{groups.get(grid['parent_id'], '')} {grid['name']}".strip()) for grid in found]
    return [("", _("不分邻")), *named] if named else []


def _new(code: str, level: str, form: Any, errors: dict[str, list[str]]) -> str:
    if level not in _LEVELS:
        raise NotFound(_("没有这一级网格。"))
    principal = current_principal()
    village = intake.get(f"/api/intake/villages/{code}", principal).data
    above = _ABOVE.get(level)
    return render_template(
        "registry/grids_new.html",
        village=village,
        level=level,
        level_words=_LEVELS[level],
        above_words=_LEVELS[above] if above else "",
        parents=[(each["id"], each["name"]) for each in grids_of(principal, code, above)] if above else [],
        form=form,
        errors=errors,
    )


def _edit(code: str, grid_id: int, form: Any, errors: dict[str, list[str]]) -> str:
    principal = current_principal()
    return render_template(
        "registry/grid_edit.html",
        village=intake.get(f"/api/intake/villages/{code}", principal).data,
        grid=intake.get(f"{_API}/{grid_id}", principal).data,
        form=form,
        errors=errors,
    )


def _at_names(errors: dict[str, list[str]]) -> dict[str, list[str]]:
    """What is wrong with one line (`names.3`) stands at the field of all lines."""
    found: dict[str, list[str]] = {}
    for name, sentences in errors.items():
        found.setdefault("names" if name.startswith("names") else name, []).extend(sentences)
    return found
