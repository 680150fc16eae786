"""Schemas of offices and duties."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from shared.models.registry import DutyKind
from shared.web import Id, PageArguments, WholeNumber


class OfficeSchema(Schema):
    """An office. Who heads it is shown inside; a head's party status never is."""

    id = fields.String(dump_only=True)
    code = fields.String(required=True, validate=validate.Length(1, 20))
    name = fields.String(required=True, validate=validate.Length(1, 60))
    phone = fields.String(load_default="", validate=validate.Length(max=20))
    handles = fields.String(load_default="", validate=validate.Length(max=400))
    head_id = Id(load_default=None, allow_none=True, as_string=True, load_only=True)
    position = WholeNumber(load_default=0, validate=validate.Range(0, 1000))
    version = fields.Integer(dump_only=True)


class OfficesSchema(Schema):
    """The offices, and the sentence about their heads where it is true of all."""

    items = fields.List(fields.Nested(OfficeSchema))
    heads_sentence = fields.String()


class DutyListArguments(PageArguments):
    """Duties of today; `all` includes ended ones."""

    kind = fields.Enum(DutyKind, by_value=True, load_default=None)
    village = fields.String(load_default=None)
    office_id = Id(load_default=None)
    person_id = Id(load_default=None)
    all = fields.Boolean(load_default=False)


class DutySchema(Schema):
    """A duty with the names that belong to it."""

    id = fields.String()
    person_id = fields.String()
    person_name = fields.String()
    kind = fields.Enum(DutyKind, by_value=True)
    kind_words = fields.String()
    village = fields.String(attribute="village_code")
    village_name = fields.String()
    grid_id = fields.String(allow_none=True)
    grid_name = fields.String()
    office_id = fields.String(allow_none=True)
    office_name = fields.String()
    title = fields.String()
    valid_from = fields.Date()
    valid_to = fields.Date(allow_none=True)
    version = fields.Integer()


class NewDutySchema(Schema):
    """A duty to be given."""

    person_id = Id(required=True)
    kind = fields.Enum(DutyKind, by_value=True, required=True)
    village = fields.String(load_default=None, allow_none=True)
    grid_id = Id(load_default=None, allow_none=True)
    office_id = Id(load_default=None, allow_none=True)
    title = fields.String(load_default="", validate=validate.Length(max=60))
    valid_from = fields.Date(load_default=None, allow_none=True)
    valid_to = fields.Date(load_default=None, allow_none=True)


class EndDutySchema(Schema):
    """The last day, and who goes on with open work."""

    last_day = fields.Date(required=True)
    successor_id = Id(load_default=None, allow_none=True)


class EndedDutySchema(Schema):
    """What has ended, and how many demands moved on."""

    id = fields.String()
    valid_to = fields.Date()
    demands_moved = fields.Integer()
