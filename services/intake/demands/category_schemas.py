"""Schemas of the categories of demands."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from shared.web import Id


class CategoryListArguments(Schema):
    """Which categories are listed."""

    all = fields.Boolean(load_default=False)


class CategorySchema(Schema):
    """A category as a form offers it."""

    id = fields.String(dump_only=True)
    code = fields.String(required=True, validate=validate.Regexp(r"[a-z0-9_]{1,20}\Z"))
    name = fields.String(required=True, validate=validate.Length(1, 40))
    limit_days = fields.Integer(required=True, strict=True)
    office_id = Id(load_default=None, allow_none=True)
    rule_code = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=20))
    position = fields.Integer(load_default=0, strict=True, validate=validate.Range(0, 1000))
    is_active = fields.Boolean(load_default=True)
    version = fields.Integer(dump_only=True)
