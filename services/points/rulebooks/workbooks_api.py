"""HTTP of rulebooks as workbooks: parse, call the domain, dump."""

from __future__ import annotations

from typing import Any

from flask import Response

from services.points.rulebooks.adoption import ADOPTERS
from services.points.rulebooks.drafts import EDITORS, rulebook_by_revision
from services.points.rulebooks.importing import LinesImport, import_lines, keep_workbook, lines_error_workbook
from services.points.rulebooks.workbook_schemas import (
    LinesErrorArguments,
    LinesFileSchema,
    LinesFormSchema,
    LinesImportSchema,
)
from services.points.rulebooks.workbooks import export_lines, lines_template
from shared.errors import Invalid
from shared.files import XLSX, StoredFile, headers_of
from shared.identity import Role
from shared.web import (
    Blueprint,
    allow,
    conditional,
    current_principal,
    current_session,
    expected_version,
    set_version,
    writing,
)

blueprint = Blueprint("rulebook_workbooks", __name__, url_prefix="/api/points", description="积分细则的导入和导出")


@blueprint.route("/rulebooks/template.xlsx")
@allow(*EDITORS)
@blueprint.download(XLSX)
def template() -> Response:
    """An empty workbook with drop-downs."""
    return _workbook("积分细则空表.xlsx", lines_template(current_session(), current_principal()))


@blueprint.route("/rulebooks/<int:revision>/lines.xlsx")
@allow(*EDITORS, *ADOPTERS, Role.AUDITOR, Role.SUPERVISOR)
@blueprint.download(XLSX)
@writing
def export(revision: int) -> Response:
    """The lines of a revision as a workbook; who made it is kept."""
    session, actor = current_session(), current_principal()
    return _workbook(*export_lines(session, actor, rulebook_by_revision(session, actor, revision)))


@blueprint.route("/rulebooks/<int:revision>/lines", methods=["POST"])
@allow(*EDITORS)
@conditional(required=False)
@blueprint.arguments(LinesFormSchema, location="form")
@blueprint.arguments(LinesFileSchema, location="files")
@blueprint.response(200, LinesImportSchema)
def take_lines(values: dict[str, Any], files: dict[str, Any], revision: int) -> LinesImport:
    """Put the lines of a workbook in a draft, all or none; with `dry_run` only compare them."""
    session, actor, file = current_session(), current_principal(), files["file"]
    book = rulebook_by_revision(session, actor, revision)
    if file is None and values["sent"] is None:
        raise Invalid("请选一张 Excel 表。", errors={"file": ["请选一张 Excel 表。"]})
    sent = values["sent"]
    if file is not None:
        sent = keep_workbook(session, file.read(), name=file.filename or "积分细则.xlsx")
    dry_run = values["dry_run"]
    version = 0 if dry_run else expected_version()
    taken = import_lines(session, actor, book, file=sent, dry_run=dry_run, expected_version=version)
    set_version(book.version)
    return taken


@blueprint.route("/rulebooks/<int:revision>/lines/errors.xlsx")
@allow(*EDITORS)
@blueprint.arguments(LinesErrorArguments, location="query")
@blueprint.download(XLSX)
def download_errors(values: dict[str, Any], revision: int) -> Response:
    """A workbook that was sent, with the reasons beside the wrong rows."""
    session, actor = current_session(), current_principal()
    return _workbook(
        *lines_error_workbook(session, actor, rulebook_by_revision(session, actor, revision), file=values["file"])
    )


def _workbook(name: str, content: bytes) -> Response:
    return Response(content, headers=headers_of(StoredFile("", len(content), XLSX, name)))
