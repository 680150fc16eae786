"""Schemas of the procedure's API."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from services.petitions.procedure.transitions import Action
from services.petitions.procedure.words import Notice, Result
from shared.models.petition_kinds import Category, ClockKind, LegalRoute, State
from shared.web import WholeNumber

_LINE = validate.Length(max=200)
_TEXT = validate.Length(max=4000)


class ActionSchema(Schema):
    """An act and its values; which are needed says the petition's `possible`. `on` is the day that it happened."""

    action = fields.Enum(Action, by_value=True, required=True)
    on = fields.Date(load_default=None, allow_none=True)
    reason = fields.String(load_default="", validate=_TEXT)
    body = fields.String(load_default="", validate=_LINE)
    notice = fields.Enum(Notice, by_value=True, load_default=None, allow_none=True)
    notice_reason = fields.String(load_default="", validate=_LINE)
    category = fields.Enum(Category, by_value=True, load_default=None, allow_none=True)
    route = fields.Enum(LegalRoute, by_value=True, load_default=None, allow_none=True)
    due_on = fields.Date(load_default=None, allow_none=True)
    review_opinion = fields.String(load_default="", validate=_LINE)
    merged_into = fields.String(load_default="", validate=_LINE)
    days = WholeNumber(load_default=None, allow_none=True)
    result = fields.Enum(Result, by_value=True, load_default=None, allow_none=True)
    agreement = fields.String(load_default="", validate=_TEXT)
    words = fields.String(load_default="", validate=_TEXT)


class MovedSchema(Schema):
    """Where a petition stands after an act."""

    number = fields.String(required=True)
    state = fields.Enum(State, by_value=True, required=True)
    state_text = fields.String(required=True)


class StepSchema(Schema):
    """One act of the history, without what was said at it."""

    action = fields.String(required=True)
    action_text = fields.String(required=True)
    to_state_text = fields.String(required=True)
    happened_on = fields.Date(required=True)
    actor_name = fields.String(required=True)


class ClockSchema(Schema):
    """A time limit; overdue after `due_on_rolled`. `provisional`: the official calendar of that year is not out yet."""

    kind = fields.Enum(ClockKind, by_value=True, required=True)
    text = fields.String(required=True)
    source = fields.String(required=True)
    started_on = fields.Date(required=True)
    due_on = fields.Date(required=True)
    due_on_rolled = fields.Date(required=True)
    provisional = fields.Boolean(required=True)
    extended_days = fields.Integer(required=True)
    satisfied_on = fields.Date(allow_none=True, required=True)
    binding = fields.Boolean(required=True)


class ClocksSchema(Schema):
    """All clocks of a petition in the order in which they started."""

    clocks = fields.List(fields.Nested(ClockSchema), required=True)


class FieldChoiceSchema(Schema):
    """One of several values of a field."""

    value = fields.String(required=True)
    text = fields.String(required=True)


class FieldSchema(Schema):
    """A value that an act asks for."""

    name = fields.String(required=True)
    text = fields.String(required=True)
    kind = fields.String(required=True)
    choices = fields.List(fields.Nested(FieldChoiceSchema), required=True)


class PossibleSchema(Schema):
    """A line of the table from where the petition stands."""

    action = fields.Enum(Action, by_value=True, required=True)
    action_text = fields.String(required=True)
    to_state = fields.Enum(State, by_value=True, required=True)
    to_state_text = fields.String(required=True)
    fields_ = fields.List(fields.Nested(FieldSchema), required=True, attribute="fields", data_key="fields")
    starts = fields.List(fields.String(), required=True)
    stops = fields.List(fields.String(), required=True)
    allowed = fields.Boolean(required=True)
