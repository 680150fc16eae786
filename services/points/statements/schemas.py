"""Schemas of accounts, statements and explanations. Amounts are decimal strings, ids strings."""

from __future__ import annotations

from marshmallow import Schema, fields

from shared.amounts import Hundredths
from shared.models.points import EntryKind, EventState
from shared.quarters import Quarter
from shared.web import Id, PageArguments


class QuarterSumSchema(Schema):
    """What was booked in a quarter."""

    quarter = Quarter(required=True)
    points = Hundredths(required=True)


class AccountSchema(Schema):
    """A household's account."""

    household = fields.String(attribute="household.id", required=True)
    number = fields.Integer(attribute="household.number", required=True)
    head_name = fields.String(attribute="household.head_name", required=True)
    card_number = fields.String(attribute="household.card_number", required=True)
    group = fields.String(attribute="group_name", required=True)
    village_code = fields.String(attribute="village.code", required=True)
    village = fields.String(attribute="village.name", required=True)
    balance = Hundredths(required=True)
    reserved = Hundredths(required=True)
    available = Hundredths(required=True)
    quarters = fields.List(fields.Nested(QuarterSumSchema), required=True)


class StatementArguments(PageArguments):
    """Entries of one booked quarter, or of all."""

    quarter = Quarter(load_default=None)


class EntrySchema(Schema):
    """One entry of a statement."""

    id = fields.String(required=True)
    kind = fields.Enum(EntryKind, by_value=True, required=True)
    amount = Hundredths(required=True)
    quarter = Quarter(required=True)
    origin_quarter = Quarter(required=True)
    booked_at = fields.AwareDateTime(required=True)
    title = fields.String(required=True)
    occurred_on = fields.Date(required=True)
    event = fields.String(attribute="event_id", allow_none=True, required=True)
    rule_code = fields.String(allow_none=True, required=True)
    quantity = Hundredths(allow_none=True, required=True)
    unit = fields.String(allow_none=True, required=True)
    note = fields.String(allow_none=True, required=True)
    recalculation = fields.String(attribute="recalculation_id", allow_none=True, required=True)
    reason = fields.String(allow_none=True, required=True)


class ExplainArguments(Schema):
    """Events of one origin quarter (default: the newest with events), or one event."""

    quarter = Quarter(load_default=None)
    event = Id(load_default=None)


class ChangeSchema(Schema):
    """One entry that an event has."""

    entry = fields.String(attribute="entry_id", required=True)
    booked_on = fields.Date(required=True)
    amount = Hundredths(required=True)
    recalculation = fields.String(attribute="recalculation_id", allow_none=True, required=True)
    sentence = fields.String(required=True)


class ExplanationSchema(Schema):
    """Why an event has its points: three sentences, and the numbers that made it."""

    event = fields.String(attribute="event_id", required=True)
    state = fields.Enum(EventState, by_value=True, required=True)
    occurred_on = fields.Date(required=True)
    quarter = Quarter(required=True)
    rule_code = fields.String(required=True)
    title = fields.String(required=True)
    category = fields.String(required=True)
    unit = fields.String(required=True)
    revision = fields.Integer(required=True)
    wording = fields.String(required=True)
    quantity = Hundredths(required=True)
    raw = Hundredths(attribute="amounts.raw", required=True)
    ruled = Hundredths(attribute="amounts.ruled", required=True)
    scored = Hundredths(attribute="amounts.scored", required=True)
    declared_by = fields.String(required=True)
    reviewed_by = fields.List(fields.String(), required=True)
    note = fields.String(required=True)
    changes = fields.List(fields.Nested(ChangeSchema), required=True)
    sentences = fields.List(fields.String(), required=True)


class ExplanationListSchema(Schema):
    """The explanations of a quarter's events, the newest first; those without points too."""

    quarter = Quarter(required=True, allow_none=True)
    events = fields.List(fields.Nested(ExplanationSchema), required=True)
