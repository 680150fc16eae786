"""Schemas of people."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from services.intake.offices.schemas import DutySchema
from shared.web import Id, PageArguments


class PersonListArguments(PageArguments):
    """Search: `query` is a name, pinyin, initials or the last four digits of a phone; `officials`: with a duty."""

    query = fields.String(load_default="", validate=validate.Length(max=60))
    officials = fields.Boolean(load_default=False)


class PersonSchema(Schema):
    """A person with masked numbers, and the duties of today."""

    id = fields.String()
    name = fields.String()
    birth_year = fields.Integer(allow_none=True)
    identity_masked = fields.String()
    phone_masked = fields.String()
    household_id = fields.String(allow_none=True)
    head_name = fields.String()
    village_name = fields.String()
    duties = fields.List(fields.Nested(DutySchema))
    forgotten_on = fields.Date(allow_none=True)
    version = fields.Integer()


class NewPersonSchema(Schema):
    """A person to be registered."""

    name = fields.String(required=True, validate=validate.Length(1, 60))
    identity_number = fields.String(load_default="", validate=validate.Length(max=40))
    phone = fields.String(load_default="", validate=validate.Length(max=40))


class PersonDetailsSchema(Schema):
    """Only what is given changes; an empty text takes it away."""

    name = fields.String(validate=validate.Length(1, 60))
    phone = fields.String(validate=validate.Length(max=40))
    identity_number = fields.String(validate=validate.Length(max=40))


class KinshipListArguments(Schema):
    """Whose declarations; without a person one's own."""

    person_id = Id(load_default=None)


class NewKinshipSchema(Schema):
    """The household of a relative; without a person one declares for oneself."""

    household_id = Id(required=True)
    person_id = Id(load_default=None, allow_none=True)


class KinshipSchema(Schema):
    """A declared relative."""

    id = fields.String()
    person_id = fields.String()
    household_id = fields.String()
    head_name = fields.String()
    village_name = fields.String()
    declared_at = fields.AwareDateTime()


class KinshipsSchema(Schema):
    """All that a person has declared."""

    items = fields.List(fields.Nested(KinshipSchema))


class ForgettingSchema(Schema):
    """Why somebody's personal data is deleted before its time, for instance 本人申请."""

    reason = fields.String(required=True, validate=validate.Length(max=200))
