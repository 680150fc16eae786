"""`/revisions/<revision>/import`: the lines of a draft from a workbook, looked at before they take its place."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from services.gateway.clients import ServiceProblem, Upload
from services.gateway.pages.answers import errors_of
from services.gateway.pages.revisions.books import API, EDITORS, STALE, Errors, form_version, read_draft
from services.gateway.pages.services import points
from services.gateway.pages.wording import _
from shared.settings import settings
from shared.web import allow, current_principal


def add_importing(blueprint: Blueprint) -> None:
    """Give the topic's blueprint the pages of the import."""
    blueprint.add_url_rule("/revisions/<int:revision>/import", "ask_import", show)
    blueprint.add_url_rule("/revisions/<int:revision>/import", "check_import", check, methods=["POST"])
    blueprint.add_url_rule("/revisions/<int:revision>/import/lines", "import_lines", take, methods=["POST"])
    blueprint.add_url_rule("/revisions/<int:revision>/import/errors.xlsx", "import_errors", download_errors)
    blueprint.add_url_rule("/revisions/template.xlsx", "template", download_template)


@allow(*EDITORS)
def show(revision: int) -> str:
    """The form, and what becomes of the draft's present lines."""
    return _form(revision, {})


@allow(*EDITORS)
def check(revision: int) -> str | tuple[str, int]:
    """What the sheet would change, or which rows are wrong; nothing is changed yet."""
    sent = request.files.get("file")
    if sent is None or not sent.filename:
        return _form(revision, {"file": [_("请先选一张 Excel 表。")]}), 422
    upload = Upload(sent.filename, sent.read(), sent.mimetype or "application/octet-stream")
    draft = read_draft(revision)
    try:
        checked = points.request(
            "POST",
            f"{API}/{revision}/lines",
            current_principal(),
            files={"file": upload},
            fields={"dry_run": "true"},
        ).data
    except ServiceProblem as problem:
        return _form(revision, errors_of(problem, general="file")), 422
    return _checked(draft, checked, {})


@allow(*EDITORS)
def take(revision: int) -> AnyResponse | tuple[str, int]:
    """Put the lines of a checked sheet in the draft."""
    draft, fields = read_draft(revision), {"sent": request.form.get("sent", "")}
    principal, path = current_principal(), f"{API}/{revision}/lines"
    try:
        taken = points.request("POST", path, principal, fields=fields, version=form_version()).data
    except ServiceProblem as problem:
        if problem.kind != STALE:
            return _form(revision, errors_of(problem, general="file")), 422
        again = points.request("POST", path, principal, fields={**fields, "dry_run": "true"}).data
        return _checked(draft, again, errors_of(problem)), 422
    if not taken["imported"]:
        return _checked(draft, taken, {}), 422
    flash(_("已按表格换好条目，现在共 %(n)s 条。请看一看合规检查。", n=taken["rows_total"]), "done")
    return redirect(url_for("revisions.show", revision=revision), code=303)


@allow(*EDITORS)
def download_errors(revision: int) -> Response:
    """The sheet as it came, with the reasons beside the wrong rows."""
    return handed_on(f"{API}/{revision}/lines/errors.xlsx", file=request.args.get("file", ""))


@allow(*EDITORS)
def download_template() -> Response:
    """An empty sheet with drop-downs."""
    return handed_on(f"{API}/template.xlsx")


def handed_on(path: str, **query: str) -> Response:
    """A file of the points service, as it is."""
    answer = points.get(path, current_principal(), **query)
    kept = ("Content-Type", "Content-Disposition", "Content-Security-Policy", "X-Content-Type-Options")
    headers = {name: answer.headers[name] for name in kept if name in answer.headers}
    return Response(answer.content, headers={**headers, "Cache-Control": "private, no-store"})


def _form(revision: int, errors: Errors) -> str:
    return render_template(
        "revisions/import.html",
        book=read_draft(revision),
        limit=settings().upload_limit_bytes // 1024 // 1024,
        errors=errors,
    )


def _checked(draft: dict[str, Any], checked: dict[str, Any], errors: Errors) -> str:
    """What would change: lines that change or go by their titles in the draft; new ones stand in the sheet."""
    titles = {rule["code"]: f"{rule['code']} {rule['title']}" for rule in draft["rules"]}
    return render_template(
        "revisions/import_checked.html",
        book=draft,
        checked=checked,
        counts=[
            (_("新增"), len(checked["added"]), "", False),
            (_("改动"), len(checked["changed"]), "", False),
            (_("去掉"), len(checked["removed"]), "", False),
            (_("不变"), checked["unchanged"], "", False),
        ],
        added="、".join(checked["added"]),
        changed="；".join(titles.get(code, code) for code in checked["changed"]),
        removed="；".join(titles.get(code, code) for code in checked["removed"]),
        errors=errors,
    )
