"""Schemas of imports and exports."""

from __future__ import annotations

import json
from typing import Any

from flask_smorest.fields import Upload
from marshmallow import Schema, fields, validate

from shared.models.intake import RegistryImport
from shared.models.intake_kinds import ImportKind, ImportState
from shared.pace import Phase, eta_seconds, reading_phase

STATE_WORDS = {
    ImportState.WAITING: "排队中",
    ImportState.RUNNING: "处理中",
    ImportState.CHECKED: "已检查，还没有导入",
    ImportState.REFUSED: "有错误，没有导入",
    ImportState.DONE: "已导入",
    ImportState.FAILED: "读不了，没有导入",
}


def phase_of(found: RegistryImport) -> Phase:
    """What is being done to an import now."""
    if found.state not in {ImportState.WAITING, ImportState.RUNNING}:
        return Phase.RESTING
    return reading_phase(found.started_at, found.done, found.total)


def eta_of(found: RegistryImport) -> int | None:
    """How long the reading takes yet."""
    return eta_seconds(found.started_at, found.done, found.total) if phase_of(found) is Phase.READING else None


class ImportFormSchema(Schema):
    """The fields beside the file. `dry_run` checks only."""

    kind = fields.Enum(ImportKind, by_value=True, required=True)
    dry_run = fields.Boolean(load_default=True)


class ImportFileSchema(Schema):
    """The workbook."""

    file = Upload(required=True)


class ImportErrorSchema(Schema):
    """One wrong cell."""

    row = fields.Integer()
    column = fields.String()
    detail = fields.String()


class ImportSchema(Schema):
    """How far an import is, and what it found."""

    id = fields.String()
    kind = fields.Enum(ImportKind, by_value=True)
    state = fields.Enum(ImportState, by_value=True)
    state_words = fields.Function(lambda found: STATE_WORDS[found.state])
    phase = fields.Function(lambda found: phase_of(found).value, metadata={"type": "string", "enum": list(Phase)})
    dry_run = fields.Boolean()
    file_name = fields.String()
    total = fields.Integer()
    done = fields.Integer()
    eta_seconds = fields.Function(eta_of, metadata={"type": "integer", "nullable": True})
    created = fields.Integer()
    changed = fields.Integer()
    unchanged = fields.Integer()
    error_rows = fields.Integer()
    errors = fields.Method("list_errors")
    has_error_workbook = fields.Function(lambda found: found.error_file_sha256 is not None)
    detail = fields.String()
    created_at = fields.AwareDateTime()
    finished_at = fields.AwareDateTime(allow_none=True)

    def list_errors(self, found: RegistryImport) -> list[dict[str, Any]]:
        """The first hundred; the error workbook holds all."""
        errors: list[dict[str, Any]] = json.loads(found.errors)
        return errors


class CommitSchema(Schema):
    """Row numbers as Excel shows them, when only some are to be imported."""

    rows = fields.List(
        fields.Integer(strict=True, validate=validate.Range(1, 10_000_000)),
        load_default=None,
        allow_none=True,
        validate=validate.Length(1, 200_000),
    )


class ExportSchema(Schema):
    """Which village, and what for."""

    village = fields.String(required=True)
    purpose = fields.String(required=True, validate=validate.Length(2, 200))
