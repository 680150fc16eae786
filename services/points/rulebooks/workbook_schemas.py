"""Schemas of the API of rulebooks as workbooks."""

from __future__ import annotations

from marshmallow import Schema, fields, validate


class LinesFormSchema(Schema):
    """How a workbook of lines is taken: only compared with the draft, or put in its place.

    `sent` names the workbook of an earlier check by its SHA-256, instead of sending it again.
    """

    dry_run = fields.Boolean(load_default=False)
    sent = fields.String(load_default=None, validate=validate.Regexp(r"[0-9a-f]{64}\Z"))


class LinesFileSchema(Schema):
    """The workbook."""

    file = fields.Raw(load_default=None, metadata={"type": "string", "format": "binary"})


class LinesErrorArguments(Schema):
    """Which workbook, by its SHA-256."""

    file = fields.String(required=True, validate=validate.Regexp(r"[0-9a-f]{64}\Z"))


class WrongLineSchema(Schema):
    """A row that can't be taken: its number as Excel shows it, and how to mend it."""

    row = fields.Integer(required=True)
    sentence = fields.String(required=True)


class LinesImportSchema(Schema):
    """A workbook beside the draft. Codes of the lines that come, change and go; all or nothing is taken."""

    dry_run = fields.Boolean(required=True)
    imported = fields.Boolean(required=True)
    file = fields.String(required=True)
    file_name = fields.String(required=True)
    rows_total = fields.Integer(required=True)
    wrong = fields.List(fields.Nested(WrongLineSchema), required=True)
    added = fields.List(fields.String(), required=True)
    changed = fields.List(fields.String(), required=True)
    removed = fields.List(fields.String(), required=True)
    unchanged = fields.Integer(required=True)
    notes = fields.String(required=True)
    version = fields.Integer(required=True)
