"""Schemas of villages and grids."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from shared.models.registry import GridLevel
from shared.web import PageArguments


class VillageSchema(Schema):
    """A village by its 12-digit code."""

    code = fields.String(required=True, validate=validate.Length(max=20))
    name = fields.String(required=True, validate=validate.Length(1, 60))
    phone = fields.String(load_default="", validate=validate.Length(max=20))
    valid_from = fields.Date(load_default=None, allow_none=True)
    valid_to = fields.Date(load_default=None, allow_none=True)
    version = fields.Integer(dump_only=True)


class VillageChangeSchema(Schema):
    """What may change of a village."""

    name = fields.String(required=True, validate=validate.Length(1, 60))
    phone = fields.String(load_default="", validate=validate.Length(max=20))
    valid_to = fields.Date(load_default=None, allow_none=True)


class GridListArguments(PageArguments):
    """Grids of one village."""

    village = fields.String(required=True)
    level = fields.Enum(GridLevel, by_value=True, load_default=None)


class GridSchema(Schema):
    """A grid; `parent_id` is the one around it."""

    id = fields.String(dump_only=True)
    village = fields.String(required=True, load_only=True)
    level = fields.Enum(GridLevel, by_value=True, required=True)
    parent_id = fields.Integer(load_default=None, allow_none=True, as_string=True)
    code = fields.String(required=True, validate=validate.Length(1, 20))
    name = fields.String(required=True, validate=validate.Length(1, 60))
    version = fields.Integer(dump_only=True)


class GridChangeSchema(Schema):
    """A grid's new name."""

    name = fields.String(required=True, validate=validate.Length(1, 60))
