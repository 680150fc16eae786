"""Schemas of the register's API. Petitions are named by number; words come in Chinese beside the values."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from services.petitions.procedure.schemas import ClockSchema, PossibleSchema, StepSchema
from services.petitions.register.openings import Purpose
from shared.models.petition_kinds import Category, Channel, Grade, LegalRoute, State
from shared.web import Id, PageArguments

_LINE = validate.Length(max=120)


class PersonSchema(Schema):
    """A person as they named themselves."""

    name = fields.String(load_default="", validate=validate.Length(max=60))
    phone = fields.String(load_default="", validate=validate.Length(max=30))
    identity_number = fields.String(load_default="", validate=validate.Length(max=30))
    address = fields.String(load_default="", validate=_LINE)


class FilingSchema(Schema):
    """A petition to register. Without `petitioner` it is anonymous; `village` is a code."""

    channel = fields.Enum(Channel, by_value=True, required=True)
    category = fields.Enum(Category, by_value=True, required=True)
    text = fields.String(required=True, validate=validate.Length(max=20000))
    received_on = fields.Date(required=True)
    petitioner = fields.Nested(PersonSchema, load_default=None, allow_none=True)
    representatives = fields.List(fields.Nested(PersonSchema), load_default=list, validate=validate.Length(max=5))
    complains_of_official = fields.Boolean(required=True)
    complained_of = fields.String(load_default="", validate=validate.Length(max=200))
    place = fields.String(load_default="", validate=_LINE)
    village = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=12))
    major = fields.Boolean(load_default=False)
    official_number = fields.String(load_default="", validate=validate.Length(max=40))


class ReceiptSchema(Schema):
    """What the petitioner takes home."""

    number = fields.String(required=True)
    code = fields.String(required=True)
    sealed = fields.Boolean(required=True)
    received_on = fields.Date(required=True)


class SummarySchema(Schema):
    """A petition without its words."""

    number = fields.String(required=True)
    channel = fields.Enum(Channel, by_value=True, required=True)
    channel_text = fields.String(required=True)
    category = fields.Enum(Category, by_value=True, required=True)
    category_text = fields.String(required=True)
    route = fields.Enum(LegalRoute, by_value=True, allow_none=True, required=True)
    route_text = fields.String(required=True)
    state = fields.Enum(State, by_value=True, required=True)
    state_text = fields.String(required=True)
    village = fields.String(allow_none=True, required=True)
    village_name = fields.String(required=True)
    received_on = fields.Date(required=True)
    next_due_on = fields.Date(allow_none=True, required=True)
    major = fields.Boolean(required=True)
    anonymous = fields.Boolean(required=True)
    official_number = fields.String(required=True)
    grade = fields.Enum(Grade, by_value=True, allow_none=True, required=True)
    grade_text = fields.String(required=True)
    version = fields.Integer(required=True)


class DetailSchema(Schema):
    """A petition with its history and clocks, what may follow, and who works on it."""

    petition = fields.Nested(SummarySchema, required=True)
    steps = fields.List(fields.Nested(StepSchema), required=True)
    clocks = fields.List(fields.Nested(ClockSchema), required=True)
    possible = fields.List(fields.Nested(PossibleSchema), required=True)
    assigned = fields.Boolean(required=True)
    ended = fields.Boolean(required=True, metadata={"description": "已经办完，不再加经办人"})
    people = fields.List(fields.String(), required=True)
    repeats = fields.List(fields.String(), required=True)


class ListArguments(PageArguments):
    """Filters of the list: `only_open` leaves out what came to an end."""

    only_open = fields.Boolean(load_default=True)
    state = fields.List(fields.Enum(State, by_value=True), load_default=list)


class PurposeSchema(Schema):
    """What the words are opened for; not asked of whoever works on the petition."""

    purpose = fields.Enum(Purpose, by_value=True, load_default=None, allow_none=True)


class OpenedStepSchema(Schema):
    """A step with all that was said at it."""

    action = fields.String(required=True)
    happened_on = fields.Date(required=True)
    actor_name = fields.String(required=True)
    details = fields.Dict(keys=fields.String(), required=True)
    said = fields.List(fields.String(), required=True)


class OpenedSchema(Schema):
    """A petition's words."""

    text = fields.String(required=True)
    place = fields.String(required=True)
    petitioner = fields.Nested(PersonSchema, allow_none=True, required=True)
    representatives = fields.List(fields.Nested(PersonSchema), required=True)
    complained_of = fields.String(required=True)
    steps = fields.List(fields.Nested(OpenedStepSchema), required=True)
    evaluation_words = fields.String(required=True)


class CodeSchema(Schema):
    """The petitioner's code."""

    code = fields.String(required=True)


class AssignmentSchema(Schema):
    """Who shall work on it too."""

    person_id = Id(required=True)


class PeopleSchema(Schema):
    """Names of the people who work on a petition."""

    people = fields.List(fields.String(), required=True)


class WaitingGroupSchema(Schema):
    """Petitions that wait for the same act."""

    asked = fields.String(required=True)
    title = fields.String(required=True)
    act = fields.String(required=True)
    count = fields.Integer(required=True)
    petitions = fields.List(fields.Nested(SummarySchema), required=True)


class WaitingSchema(Schema):
    """What waits for the caller, by what is asked; oldest due first."""

    groups = fields.List(fields.Nested(WaitingGroupSchema), required=True)


class ChoiceSchema(Schema):
    """One of several values."""

    value = fields.String(required=True)
    text = fields.String(required=True)


class ChoicesSchema(Schema):
    """What the register's form offers."""

    channels = fields.List(fields.Nested(ChoiceSchema), required=True)
    categories = fields.List(fields.Nested(ChoiceSchema), required=True)
    purposes = fields.List(fields.Nested(ChoiceSchema), required=True)
