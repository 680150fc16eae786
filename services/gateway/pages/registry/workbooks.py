"""`/registry/imports`: a workbook in, checked first; a village's workbook out."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from services.gateway.clients import Answer, ServiceProblem, Upload
from services.gateway.pages.answers import errors_of
from services.gateway.pages.phases import eta_words, phase_words
from services.gateway.pages.place import villages_of_principal
from services.gateway.pages.registry.sections import WRITERS, sections
from services.gateway.pages.services import intake
from services.gateway.pages.wording import _, _l
from shared.identity import Role
from shared.settings import settings
from shared.web import allow, current_principal, current_session

_API = "/api/intake/imports"
_KINDS = {"households_residents": _l("户和人"), "duties": _l("职责")}
_MOVING = frozenset({"waiting", "running"})
_COLOURS = {"done": "done", "checked": "soon", "refused": "late", "failed": "late"}


def add_routes(blueprint: Blueprint) -> None:
    """Give the topic's blueprint the pages of workbooks."""
    blueprint.add_url_rule("/registry/imports", "imports", show_form)
    blueprint.add_url_rule("/registry/imports", "send_import", send, methods=["POST"])
    blueprint.add_url_rule("/registry/imports/<int:import_id>", "show_import", show)
    blueprint.add_url_rule("/registry/imports/<int:import_id>/commit", "commit_import", commit, methods=["POST"])
    blueprint.add_url_rule("/registry/imports/<int:import_id>/errors.xlsx", "import_errors", download_errors)
    blueprint.add_url_rule("/registry/templates/<kind>.xlsx", "template", download_template)
    blueprint.add_url_rule("/registry/exports", "export", export, methods=["POST"])


@allow(*WRITERS)
def show_form() -> str:
    """Upload, templates, export, and what was uploaded before."""
    return _form({}, {})


@allow(*WRITERS)
def send() -> AnyResponse | tuple[str, int]:
    """Upload a workbook for a check; nothing is written yet."""
    file, kind = request.files.get("file"), request.form.get("kind", "")
    if file is None or not file.filename:
        return _form(request.form, {"file": [_("请选择要导入的 Excel 表。")]}), 422
    if kind not in _KINDS:
        return _form(request.form, {"kind": [_("请选择这张表登记的是什么。")]}), 422
    try:
        answer = intake.request(
            "POST",
            _API,
            current_principal(),
            files={"file": Upload(file.filename, file.read())},
            fields={"kind": kind, "dry_run": "true"},
            idempotency_key=request.form.get("idempotency_key"),
        )
    except ServiceProblem as problem:
        return _form(request.form, errors_of(problem, general="file")), 422
    return redirect(url_for("registry.show_import", import_id=answer.data["id"]), code=303)


@allow(*WRITERS)
def show(import_id: int) -> str:
    """What the check found, and the act that follows."""
    return _show(import_id, {})


@allow(*WRITERS)
def commit(import_id: int) -> AnyResponse | tuple[str, int]:
    """Import everything, or the rows that are ticked or typed."""
    form = request.form
    body: dict[str, Any] = {}
    if form.get("what") == "rows":
        rows, wrong = _rows(form.get("rows", ""))
        if wrong or not rows:
            sentence = _("请写行号，例如 3-20, 25。看不懂的是：%(part)s", part=wrong or _("没有填"))
            return _show(import_id, {"rows": [sentence]}), 422
        body["rows"] = rows
    try:
        intake.post(f"{_API}/{import_id}/commit", current_principal(), body)
    except ServiceProblem as problem:
        return _show(import_id, errors_of(problem)), 422
    return redirect(url_for("registry.show_import", import_id=import_id), code=303)


@allow(*WRITERS)
def download_errors(import_id: int) -> Response:
    """The workbook with the reasons."""
    return _file(intake.get(f"{_API}/{import_id}/errors.xlsx", current_principal()))


@allow(*WRITERS)
def download_template(kind: str) -> Response:
    """An empty workbook."""
    return _file(intake.get(f"{_API}/templates/{kind}.xlsx", current_principal()))


@allow(*WRITERS)
def export() -> Response | tuple[str, int]:
    """A village's households and residents with full numbers, for a purpose that is kept."""
    form = request.form
    body = {"village": form.get("village", ""), "purpose": form.get("purpose", "").strip()}
    if len(body["purpose"]) < 2:
        return _form(form, {"purpose": [_("请写明导出的用途，会记入日志。")]}), 422
    try:
        return _file(intake.post("/api/intake/exports", current_principal(), body))
    except ServiceProblem as problem:
        return _form(form, errors_of(problem)), 422


def _form(form: Any, errors: dict[str, list[str]]) -> str:
    principal = current_principal()
    found = intake.get(_API, principal, limit=20).data["items"]
    kinds = [
        (kind, str(word)) for kind, word in _KINDS.items() if kind != "duties" or principal.covers_township(Role.ADMIN)
    ]
    return render_template(
        "registry/imports.html",
        sections=sections(principal),
        form=form,
        errors=errors,
        kinds=kinds,
        imports=[_line(each) for each in found],
        villages=[(each.code, each.name) for each in villages_of_principal(current_session(), principal, *WRITERS)],
        limit=settings().upload_limit_bytes // 1024 // 1024,
    )


def _show(import_id: int, errors: dict[str, list[str]]) -> str:
    batch = _line(intake.get(f"{_API}/{import_id}", current_principal()).data)
    return render_template("registry/import.html", batch=batch, errors=errors, rows=request.form.get("rows", ""))


def _line(found: dict[str, Any]) -> dict[str, Any]:
    return {
        **found,
        "kind_words": str(_KINDS[found["kind"]]),
        "is_moving": found["state"] in _MOVING,
        "progress_words": phase_words(found),
        "eta_words": eta_words(found),
        "tag": _COLOURS.get(found["state"], "main"),
        "can_commit": found["state"] == "checked" and not found["error_rows"],
        "can_choose": found["state"] in {"checked", "refused"} and bool(found["error_rows"]),
    }


def _rows(text: str) -> tuple[list[int], str]:
    """Row numbers of `3-20, 25`; and the part that is none."""
    rows: set[int] = set()
    for part in text.replace("，", ",").replace("、", ",").split(","):
        first, _dash, last = part.strip().replace("－", "-").partition("-")
        if not part.strip():
            continue
        if not first.strip().isdigit() or (last.strip() and not last.strip().isdigit()):
            return [], part.strip()
        low, high = int(first), int(last or first)
        if high < low or high - low > 200_000:
            return [], part.strip()
        rows.update(range(low, high + 1))
    return sorted(rows), ""


def _file(answer: Answer) -> Response:
    kept = ("Content-Type", "Content-Disposition", "Content-Security-Policy", "X-Content-Type-Options")
    headers = {name: answer.headers[name] for name in kept if name in answer.headers}
    return Response(answer.content, headers={**headers, "Cache-Control": "private, no-store"})
