"""Schemas of households and residents."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from services.intake.households.opening import Secret
from shared.web import Id, PageArguments, WholeNumber


class HouseholdListArguments(PageArguments):
    """Search: `query` is a name, pinyin, initials, card number or the last four digits of a phone."""

    query = fields.String(load_default="", validate=validate.Length(max=60))
    village = fields.String(load_default=None)
    group_id = Id(load_default=None)
    ended = fields.Boolean(load_default=False, metadata={"description": "也列出已注销的户"})


class HouseholdSchema(Schema):
    """A household as lists show it."""

    id = fields.String()
    village = fields.String(attribute="village_code")
    village_name = fields.String()
    group_id = fields.String()
    group_name = fields.String()
    neighbours_id = fields.String(allow_none=True)
    number = fields.Integer()
    card_number = fields.String()
    head_name = fields.String()
    address = fields.String()
    valid_from = fields.Date()
    valid_to = fields.Date(allow_none=True)
    version = fields.Integer()


class NewResidentSchema(Schema):
    """A resident to be registered."""

    name = fields.String(required=True, validate=validate.Length(1, 60))
    relation = fields.String(required=True, validate=validate.Length(1, 20))
    identity_number = fields.String(load_default="", validate=validate.Length(max=40))
    phone = fields.String(load_default="", validate=validate.Length(max=40))
    birth_year = WholeNumber(load_default=None, allow_none=True, validate=validate.Range(1900, 2100))
    care_labels = fields.List(fields.String(validate=validate.Length(1, 20)), load_default=list)


class NewHouseholdSchema(Schema):
    """A household to be registered; number and card are given out where they are missing."""

    village = fields.String(required=True)
    group_id = Id(required=True)
    neighbours_id = Id(load_default=None, allow_none=True)
    number = WholeNumber(load_default=None, allow_none=True, validate=validate.Range(1, 1_000_000))
    card_number = fields.String(load_default=None, allow_none=True)
    address = fields.String(load_default="", validate=validate.Length(max=200))
    residents = fields.List(
        fields.Nested(NewResidentSchema), required=True, validate=validate.Length(1, 40, error="一户有 1 到 40 人。")
    )


class HouseholdChangeSchema(Schema):
    """What may change of a household."""

    group_id = Id(required=True)
    neighbours_id = Id(load_default=None, allow_none=True)
    address = fields.String(load_default="", validate=validate.Length(max=200))


class LastDaySchema(Schema):
    """The last day on which it holds."""

    last_day = fields.Date(required=True)


class ResidentSchema(Schema):
    """A resident with masked numbers."""

    id = fields.String()
    person_id = fields.String()
    name = fields.String()
    relation = fields.String()
    birth_year = fields.Integer(allow_none=True)
    identity_masked = fields.String()
    phone_masked = fields.String()
    care_labels = fields.List(fields.String())
    valid_from = fields.Date()
    version = fields.Integer()


class ResidentsSchema(Schema):
    """The residents of a household."""

    items = fields.List(fields.Nested(ResidentSchema))


class PersonChangeSchema(Schema):
    """Only what is given changes; an empty text takes it away."""

    name = fields.String(validate=validate.Length(1, 60))
    phone = fields.String(validate=validate.Length(max=40))
    identity_number = fields.String(validate=validate.Length(max=40))
    care_labels = fields.List(fields.String(validate=validate.Length(1, 20)))
    relation = fields.String(validate=validate.Length(1, 20))


class NewHeadSchema(Schema):
    """Who is the head from now on, and what the former one is to the new one."""

    person_id = Id(required=True)
    former_relation = fields.String(required=True, validate=validate.Length(max=20))


class OpenSchema(Schema):
    """What is opened, and why."""

    secret = fields.Enum(Secret, by_value=True, required=True)
    purpose = fields.String(required=True, validate=validate.Length(max=200))


class OpenedSecretSchema(Schema):
    """The full value."""

    value = fields.String(required=True)


class PersonMadeSchema(Schema):
    """Whose record it is."""

    person_id = fields.String(required=True)
    version = fields.Integer(required=True)


class ResidentListArguments(PageArguments):
    """Search: `query` is a name, pinyin, initials or the last four digits of a phone."""

    query = fields.String(load_default="", validate=validate.Length(max=60))
    village = fields.String(load_default=None)


class ResidentLineSchema(Schema):
    """A person with the household."""

    id = fields.String()
    person_id = fields.String()
    name = fields.String()
    relation = fields.String()
    birth_year = fields.Integer(allow_none=True)
    phone_masked = fields.String()
    household_id = fields.String()
    head_name = fields.String()
    village = fields.String(attribute="village_code")
    village_name = fields.String()


class ResidentOfHouseholdSchema(NewResidentSchema):
    """A resident to be registered in a household."""

    household_id = Id(required=True)
