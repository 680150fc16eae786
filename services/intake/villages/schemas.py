"""Schemas of villages and grids."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from shared.models.registry import GridLevel
from shared.web import Id, PageArguments


class VillageSchema(Schema):
    """A village by its 12-digit code."""

    code = fields.String(required=True, validate=validate.Length(max=20))
    name = fields.String(required=True, validate=validate.Length(1, 60))
    phone = fields.String(load_default="", validate=validate.Length(max=20))
    valid_from = fields.Date(load_default=None, allow_none=True)
    valid_to = fields.Date(load_default=None, allow_none=True)
    successor = fields.String(dump_only=True, allow_none=True)
    version = fields.Integer(dump_only=True)


class VillageListArguments(PageArguments):
    """Villages of today; `all` includes those to come and those that were merged."""

    all = fields.Boolean(load_default=False)


class VillageChangeSchema(Schema):
    """What may change of a village. `valid_to` is the first day on which it is no more, `successor` a code."""

    name = fields.String(required=True, validate=validate.Length(1, 60))
    phone = fields.String(load_default="", validate=validate.Length(max=20))
    valid_to = fields.Date(load_default=None, allow_none=True)
    successor = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=20))


class GridListArguments(PageArguments):
    """Grids of one village."""

    village = fields.String(required=True)
    level = fields.Enum(GridLevel, by_value=True, load_default=None)


class GridSchema(Schema):
    """A grid; `parent_id` is the one around it."""

    id = fields.String(dump_only=True)
    village = fields.String(required=True, load_only=True)
    level = fields.Enum(GridLevel, by_value=True, required=True)
    parent_id = Id(load_default=None, allow_none=True, as_string=True)
    code = fields.String(required=True, validate=validate.Length(1, 20))
    name = fields.String(required=True, validate=validate.Length(1, 60))
    version = fields.Integer(dump_only=True)


class NewGridsSchema(Schema):
    """Several grids of one level inside one grid, by their names; their codes are given out."""

    level = fields.Enum(GridLevel, by_value=True, required=True)
    parent_id = Id(load_default=None, allow_none=True, as_string=True)
    names = fields.List(
        fields.String(validate=validate.Length(1, 60)),
        required=True,
        validate=validate.Length(1, 60, error="一次可以添加 1 到 60 个。"),
    )


class GridsSchema(Schema):
    """The grids of one level of a village."""

    items = fields.List(fields.Nested(GridSchema))


class GridChangeSchema(Schema):
    """A grid's new name."""

    name = fields.String(required=True, validate=validate.Length(1, 60))
