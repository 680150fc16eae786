"""HTTP of imports into the registry, and of exports in the same shape."""

from __future__ import annotations

from typing import Any

from flask import Response
from sqlalchemy import select

from services.intake.imports.exports import export_village, template
from services.intake.imports.imports import commit_import, error_workbook, import_by_id, list_imports, start_import
from services.intake.imports.schemas import CommitSchema, ExportSchema, ImportFileSchema, ImportFormSchema, ImportSchema
from services.intake.imports.workbooks import COLUMNS, NAMES, RELATIONS
from services.intake.roles import REGISTRY_WRITERS
from services.intake.villages.villages import list_villages
from shared.errors import NotFound
from shared.files import XLSX, StoredFile, headers_of
from shared.identity.scope import village_by_code
from shared.models.intake import RegistryImport
from shared.models.intake_kinds import ImportKind
from shared.models.registry import Office
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

blueprint = Blueprint("imports", __name__, url_prefix="/api/intake", description="台账导入和导出")


@blueprint.route("/imports", methods=["POST"])
@allow(*REGISTRY_WRITERS)
@blueprint.arguments(ImportFormSchema, location="form")
@blueprint.arguments(ImportFileSchema, location="files")
@blueprint.response(202, ImportSchema)
@idempotent(lambda session, actor, made: _located(import_by_id(session, actor, int(made))))
def start(values: dict[str, Any], files: dict[str, Any]) -> tuple[RegistryImport, dict[str, str]]:
    """Upload a workbook; a dry run checks only. Poll `Location`."""
    file = files["file"]
    started = start_import(
        current_session(), current_principal(), content=file.read(), name=file.filename or "表.xlsx", **values
    )
    return _located(started)


@blueprint.route("/imports")
@allow(*REGISTRY_WRITERS)
@blueprint.arguments(PageArguments, location="query")
@blueprint.response(200, page_schema(ImportSchema))
def list_own(values: dict[str, Any]) -> Page[RegistryImport]:
    """Imports, the newest first."""
    return page_of(current_session(), list_imports(current_principal()), [RegistryImport.id], descending=True, **values)


@blueprint.route("/imports/<int:import_id>")
@allow(*REGISTRY_WRITERS)
@blueprint.response(200, ImportSchema)
def show(import_id: int) -> RegistryImport:
    """How far an import is."""
    return import_by_id(current_session(), current_principal(), import_id)


@blueprint.route("/imports/<int:import_id>/commit", methods=["POST"])
@allow(*REGISTRY_WRITERS)
@blueprint.arguments(CommitSchema)
@blueprint.response(202, ImportSchema)
def commit(values: dict[str, Any], import_id: int) -> tuple[RegistryImport, dict[str, str]]:
    """Import what was checked, or some of its rows."""
    session, actor = current_session(), current_principal()
    return _located(commit_import(session, actor, import_by_id(session, actor, import_id), values["rows"]))


@blueprint.route("/imports/<int:import_id>/errors.xlsx")
@allow(*REGISTRY_WRITERS)
@blueprint.download(XLSX)
def download_errors(import_id: int) -> Response:
    """The workbook as it came, with the reasons beside the rows."""
    session = current_session()
    return _workbook(*error_workbook(session, import_by_id(session, current_principal(), import_id)))


@blueprint.route("/imports/templates/<kind>.xlsx")
@allow(*REGISTRY_WRITERS)
@blueprint.download(XLSX)
def download_template(kind: str) -> Response:
    """An empty workbook with drop-downs."""
    if kind not in list(ImportKind):
        raise NotFound("没有这种模板。")
    wanted = ImportKind(kind)
    session, township_id = current_session(), current_principal().township_id
    choices = {
        "village": [village.name for village in session.scalars(list_villages(township_id))],
        "relation": list(RELATIONS),
        "office": list(session.scalars(select(Office.name).where(Office.township_id == township_id))),
    }
    content = template(COLUMNS[wanted], NAMES[wanted], choices)
    return _workbook(f"{NAMES[wanted]}模板.xlsx", content)


@blueprint.route("/exports", methods=["POST"])
@allow(*REGISTRY_WRITERS)
@blueprint.arguments(ExportSchema)
@blueprint.download(XLSX)
def export(values: dict[str, Any]) -> Response:
    """A village's households and residents with full numbers, in the shape of the import."""
    session, actor = current_session(), current_principal()
    village = village_by_code(session, actor, values["village"], *REGISTRY_WRITERS)
    return _workbook(*export_village(session, actor, village, values["purpose"]))


def _located(found: RegistryImport) -> tuple[RegistryImport, dict[str, str]]:
    return found, {"Location": f"/api/intake/imports/{found.id}"}


def _workbook(name: str, content: bytes) -> Response:
    return Response(content, headers=headers_of(StoredFile("", len(content), XLSX, name)))
