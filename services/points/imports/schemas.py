"""Schemas of the imports' API."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from shared.amounts import Hundredths
from shared.models.points import ImportState
from shared.pace import Phase
from shared.quarters import Quarter


class ImportFileSchema(Schema):
    """The workbook."""

    file = fields.Raw(required=True, metadata={"type": "string", "format": "binary"})


class ImportFormSchema(Schema):
    """How it is read: only checked, or declared; for one village, or for those that the rows name."""

    dry_run = fields.Boolean(load_default=False)
    village = fields.String(load_default=None, validate=validate.Length(equal=12))


class ReleaseSchema(Schema):
    """Which rows are released; default: all that wait."""

    rows = fields.List(
        fields.Integer(strict=True), load_default=None, allow_none=True, validate=validate.Length(1, 5000)
    )


class SampleRowSchema(Schema):
    """A waiting row to compare with the paper."""

    row = fields.Integer(required=True)
    household = fields.String(required=True)
    household_number = fields.Integer(required=True)
    rule_code = fields.String(required=True)
    occurred_on = fields.Date(required=True)
    quantity = Hundredths(required=True)


class RowErrorSchema(Schema):
    """A wrong row, by Excel's number, and how to mend it."""

    row = fields.Function(lambda error: error[0])
    sentence = fields.Function(lambda error: error[1])


class BatchLineSchema(Schema):
    """A line of the list of imports."""

    id = fields.String(required=True)
    state = fields.Enum(ImportState, by_value=True, required=True)
    dry_run = fields.Boolean(required=True)
    file_name = fields.String(required=True)
    imported_at = fields.AwareDateTime(required=True)
    total = fields.Integer(attribute="rows_total", required=True)
    done = fields.Integer(attribute="rows_done", required=True)
    new = fields.Integer(attribute="rows_new", required=True)
    known = fields.Integer(attribute="rows_known", required=True)
    wrong = fields.Integer(attribute="rows_wrong", required=True)
    released = fields.Integer(attribute="rows_released", required=True)


class BatchSchema(Schema):
    """How far an import is, and what its page shows."""

    id = fields.String(attribute="batch.id", required=True)
    state = fields.Enum(ImportState, by_value=True, attribute="batch.state", required=True)
    dry_run = fields.Boolean(attribute="batch.dry_run", required=True)
    file_name = fields.String(attribute="batch.file_name", required=True)
    imported_at = fields.AwareDateTime(attribute="batch.imported_at", required=True)
    released_at = fields.AwareDateTime(attribute="batch.released_at", allow_none=True, required=True)
    total = fields.Integer(attribute="batch.rows_total", required=True)
    done = fields.Integer(attribute="batch.rows_done", required=True)
    new = fields.Integer(attribute="batch.rows_new", required=True)
    known = fields.Integer(attribute="batch.rows_known", required=True)
    wrong = fields.Integer(attribute="batch.rows_wrong", required=True)
    released = fields.Integer(attribute="batch.rows_released", required=True)
    left = fields.Integer(attribute="batch.rows_left", required=True)
    waiting = fields.Integer(required=True)
    phase = fields.Enum(Phase, by_value=True, required=True)
    eta_seconds = fields.Integer(allow_none=True, required=True)
    problem = fields.String(attribute="batch.problem", required=True)
    errors = fields.List(fields.Nested(RowErrorSchema), required=True)
    has_error_workbook = fields.Function(lambda view: view.batch.error_file is not None)
    sample = fields.List(fields.Nested(SampleRowSchema), required=True)
    is_own = fields.Boolean(required=True)
    can_release = fields.Boolean(required=True)
    version = fields.Integer(attribute="batch.version", required=True)


class ExportSchema(Schema):
    """Whose events of which quarter."""

    village = fields.String(required=True, validate=validate.Length(equal=12))
    quarter = Quarter(required=True)
