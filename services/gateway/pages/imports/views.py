"""`/events/imports`: a workbook of events, checked in the background, released by another person."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from services.gateway.clients import ServiceProblem, Upload
from services.gateway.pages.answers import errors_of
from services.gateway.pages.imports.presentation import ImportPage, import_line
from services.gateway.pages.services import points
from services.gateway.pages.todo import Ask, AskGroup, ask_source
from services.gateway.pages.wording import _
from services.gateway.pages.words import day_in, day_words
from shared.identity import Principal, Role
from shared.settings import settings
from shared.web import allow, current_principal

blueprint = Blueprint("imports", __name__)
_IMPORTERS = (Role.CADRE, Role.ADMIN)
_READERS = (*_IMPORTERS, Role.AUDITOR)
_API = "/api/points/imports"


@blueprint.get("/events/imports")
@allow(*_READERS)
def show_form() -> str:
    """The form, what the sheet must hold, and the sheets so far."""
    return _form({})


@blueprint.post("/events/imports")
@allow(*_IMPORTERS)
def send() -> Response | tuple[str, int]:
    """Hand a sheet in; checking goes on in the background."""
    sent = request.files.get("file")
    if sent is None or not sent.filename:
        return _form({"file": [_("请先选一张 Excel 表。")]}), 422
    fields = {"dry_run": "true" if request.form.get("dry_run") == "yes" else "false"}
    upload = Upload(sent.filename, sent.read(), sent.mimetype or "application/octet-stream")
    try:
        answer = points.request(
            "POST",
            _API,
            current_principal(),
            files={"file": upload},
            fields=fields,
            idempotency_key=request.form.get("idempotency_key"),
        )
    except ServiceProblem as problem:
        return _form(errors_of(problem, general="file")), 422
    return redirect(url_for("imports.show", import_id=answer.data["id"]), code=303)


@blueprint.get("/events/imports/<int:import_id>")
@allow(*_READERS)
def show(import_id: int) -> str:
    """Progress, what was wrong with which row, and the release."""
    return _show(import_id, "")


@blueprint.post("/events/imports/<int:import_id>/release")
@allow(*_IMPORTERS)
def release(import_id: int) -> Response | tuple[str, int]:
    """Let the waiting rows be posted."""
    try:
        points.post(f"{_API}/{import_id}/release", current_principal(), {})
    except ServiceProblem as problem:
        return _show(import_id, problem.detail), problem.status
    flash(_("已放行，正在记账。发现错的可以在“积分记录”里逐条作废。"), "done")
    return redirect(url_for("imports.show", import_id=import_id), code=303)


def _form(errors: dict[str, list[str]]) -> str:
    batches = points.get(_API, current_principal(), limit=20).data["items"]
    return render_template(
        "imports/form.html",
        errors=errors,
        key=request.form.get("idempotency_key"),
        limit=settings().upload_limit_bytes // 1024 // 1024,
        template_href=f"{_API}/template.xlsx",
        imports=[import_line(batch) for batch in batches],
    )


def _show(import_id: int, problem: str) -> str:
    batch = ImportPage(points.get(f"{_API}/{import_id}", current_principal()).data)
    return render_template("imports/show.html", batch=batch, problem=problem)


@ask_source(*_IMPORTERS)
def sheets_to_release(principal: Principal) -> list[AskGroup]:
    """Sheets of others that wait for a second person."""
    asks = []
    for line in points.get(_API, principal, limit=50).data["items"]:
        if line["state"] != "declared":
            continue
        batch = ImportPage(points.get(f"{_API}/{line['id']}", principal).data)
        if batch.can_release:
            title = _("%(name)s：%(n)s 行", name=batch.file_name, n=batch.waiting)
            since = day_in(line["imported_at"])
            said = _("%(day)s 交来", day=day_words(since))
            asks.append(Ask(title, _("抽看并放行"), url_for("imports.show", import_id=batch.id), since, detail=said))
    return [AskGroup(_("导入的积分等放行"), asks)]
