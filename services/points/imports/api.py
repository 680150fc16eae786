"""HTTP of imports and exports of events: parse, call the domain, dump."""

from __future__ import annotations

from typing import Any

from flask import Response
from sqlalchemy.orm import Session

from services.points.imports.batches import (
    IMPORTERS,
    BatchView,
    batch_in_scope,
    error_workbook,
    release_import,
    select_batches,
    start_import,
    view_of_batch,
)
from services.points.imports.exports import events_template, export_events
from services.points.imports.schemas import (
    BatchLineSchema,
    BatchSchema,
    ExportSchema,
    ImportFileSchema,
    ImportFormSchema,
    ReleaseSchema,
)
from shared.files import XLSX, StoredFile, headers_of
from shared.identity import Principal, Role
from shared.models.points import ImportBatch
from shared.web import (
    Blueprint,
    Page,
    PageArguments,
    allow,
    current_principal,
    current_session,
    idempotent,
    page_of,
    page_schema,
)

URL = "/api/points"
READERS = (*IMPORTERS, Role.AUDITOR)

blueprint = Blueprint("imports", __name__, url_prefix=URL, description="积分记录的导入和导出")


def _answer(session: Session, actor: Principal, batch: ImportBatch) -> tuple[BatchView, dict[str, str]]:
    return view_of_batch(session, actor, batch), {"Location": f"{URL}/imports/{batch.id}"}


def _find(session: Session, actor: Principal, import_id: str) -> tuple[BatchView, dict[str, str]]:
    return _answer(session, actor, batch_in_scope(session, actor, int(import_id)))


@blueprint.route("/imports", methods=["POST"])
@allow(*IMPORTERS)
@blueprint.arguments(ImportFormSchema, location="form")
@blueprint.arguments(ImportFileSchema, location="files")
@blueprint.response(202, BatchSchema)
@idempotent(_find, identify=lambda view: view.batch.id)
def start(values: dict[str, Any], files: dict[str, Any]) -> tuple[BatchView, dict[str, str]]:
    """Upload a workbook of events; poll `Location`."""
    actor, session, file = current_principal(), current_session(), files["file"]
    batch = start_import(
        session,
        actor,
        content=file.read(),
        name=file.filename or "积分记录.xlsx",
        dry_run=values["dry_run"],
        village_code=values["village"],
    )
    return _answer(session, actor, batch)


@blueprint.route("/imports")
@allow(*READERS)
@blueprint.arguments(PageArguments, location="query")
@blueprint.response(200, page_schema(BatchLineSchema))
def list_batches(values: dict[str, Any]) -> Page[ImportBatch]:
    """Imports, the newest first."""
    return page_of(current_session(), select_batches(current_principal()), [ImportBatch.id], descending=True, **values)


@blueprint.route("/imports/<int:import_id>")
@allow(*READERS)
@blueprint.response(200, BatchSchema)
def show(import_id: int) -> BatchView:
    """How far an import is."""
    actor, session = current_principal(), current_session()
    return view_of_batch(session, actor, batch_in_scope(session, actor, import_id))


@blueprint.route("/imports/<int:import_id>/release", methods=["POST"])
@allow(*IMPORTERS)
@blueprint.arguments(ReleaseSchema)
@blueprint.response(202, BatchSchema)
def release(values: dict[str, Any], import_id: int) -> tuple[BatchView, dict[str, str]]:
    """Let another person's rows be posted; poll `Location`."""
    actor, session = current_principal(), current_session()
    return _answer(session, actor, release_import(session, actor, import_id, rows=values["rows"]))


@blueprint.route("/imports/<int:import_id>/errors.xlsx")
@allow(*READERS)
@blueprint.download(XLSX)
def download_errors(import_id: int) -> Response:
    """The workbook as it came, with the reasons beside the wrong rows."""
    session = current_session()
    return _workbook(*error_workbook(session, batch_in_scope(session, current_principal(), import_id)))


@blueprint.route("/imports/template.xlsx")
@allow(*IMPORTERS)
@blueprint.download(XLSX)
def download_template() -> Response:
    """An empty workbook with drop-downs."""
    return _workbook("积分记录模板.xlsx", events_template(current_session(), current_principal()))


@blueprint.route("/exports", methods=["POST"])
@allow(*READERS)
@blueprint.arguments(ExportSchema)
@blueprint.download(XLSX)
def export(values: dict[str, Any]) -> Response:
    """A village's events of a quarter, in the shape of the import."""
    return _workbook(*export_events(current_session(), current_principal(), values["village"], values["quarter"]))


def _workbook(name: str, content: bytes) -> Response:
    return Response(content, headers=headers_of(StoredFile("", len(content), XLSX, name)))
