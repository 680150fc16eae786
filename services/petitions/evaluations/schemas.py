"""Schemas of following and evaluating."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from services.petitions.procedure.schemas import ClockSchema
from shared.models.petition_kinds import Grade

_NUMBER = validate.Length(1, 40)


class SlipSchema(Schema):
    """Number and code, as they stand on the slip; blanks and small letters are forgiven."""

    number = fields.String(required=True, validate=_NUMBER)
    code = fields.String(required=True, validate=_NUMBER)


class AnswerSchema(SlipSchema):
    """The petitioner's answer. `assisted_by` names who helped."""

    grade = fields.Enum(Grade, by_value=True, required=True)
    words = fields.String(load_default="", validate=validate.Length(max=1000))
    assisted_by = fields.String(load_default="", validate=validate.Length(max=60))


class ProgressStepSchema(Schema):
    """A step as it is told to the petitioner."""

    text = fields.String(required=True)
    on = fields.Date(required=True)


class ProgressSchema(Schema):
    """How far a petition is."""

    number = fields.String(required=True)
    state = fields.String(required=True)
    received_on = fields.Date(required=True)
    steps = fields.List(fields.Nested(ProgressStepSchema), required=True)
    clocks = fields.List(fields.Nested(ClockSchema), required=True)
    evaluable = fields.Boolean(required=True)
    grade = fields.Enum(Grade, by_value=True, allow_none=True, required=True)
    grade_text = fields.String(required=True)


class GivenSchema(Schema):
    """What was said of the handling."""

    grade = fields.Enum(Grade, by_value=True, required=True)
    grade_text = fields.String(required=True)
    evaluated_on = fields.Date(required=True)


class RatesArguments(Schema):
    """The period of receipt, both days included."""

    first = fields.Date(required=True)
    last = fields.Date(required=True)


class RatesSchema(Schema):
    """Counts, each rate with its denominator."""

    received = fields.Integer(required=True)
    accepted = fields.Integer(required=True)
    concluded = fields.Integer(required=True)
    to_be_evaluated = fields.Integer(required=True)
    evaluated = fields.Integer(required=True)
    satisfied = fields.Integer(required=True)
    basically_satisfied = fields.Integer(required=True)
    dissatisfied = fields.Integer(required=True)
    satisfaction_text = fields.String(required=True)
