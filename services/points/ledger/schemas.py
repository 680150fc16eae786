"""Schemas of accounts, statements and explanations. Points are decimal strings, ids strings."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields

from services.points.events.schemas import Quarter
from shared.amounts import Hundredths
from shared.models.points import EntryKind, PostingKind
from shared.web import PageArguments


class AccountSchema(Schema):
    """A household's account."""

    household = fields.String(attribute="household_id")
    village = fields.String()
    village_name = fields.String()
    number = fields.Integer()
    head_name = fields.String()
    balance = Hundredths()
    reserved = Hundredths()
    available = Hundredths()
    waiting = fields.Integer()


class StatementArguments(PageArguments):
    """Which quarter's bookings; all without."""

    quarter = Quarter(load_default=None)


class StatementLineSchema(Schema):
    """One entry, with the event and the wording of the rule behind it."""

    id = fields.String()
    kind = fields.Enum(EntryKind, by_value=True)
    amount = Hundredths()
    quarter = Quarter()
    origin_quarter = Quarter()
    made_at = fields.AwareDateTime()
    seq = fields.Integer()
    posting_kind = fields.Enum(PostingKind, by_value=True)
    reason = fields.String(allow_none=True)
    event = fields.Method("_event", allow_none=True)
    rule = fields.String(attribute="code", allow_none=True)
    title = fields.String(allow_none=True)
    category = fields.String(allow_none=True)
    unit = fields.String(allow_none=True)
    quantity = Hundredths(allow_none=True)
    occurred_on = fields.Date(allow_none=True)
    note = fields.String(allow_none=True)

    def _event(self, row: Any) -> str | None:
        return str(row.event_id) if row.event_id > 0 else None


class ExplainArguments(Schema):
    """The quarter to explain (of the events' days); default: all, newest first. `event`: that one only."""

    quarter = Quarter(load_default=None)
    event = fields.Integer(load_default=None)


class ExplainedEntrySchema(Schema):
    """One entry of an explained event."""

    kind = fields.Enum(EntryKind, by_value=True)
    amount = Hundredths()
    made_at = fields.AwareDateTime()
    seq = fields.Integer()
    quarter = Quarter()
    sentence = fields.String()


class ExplainedEventSchema(Schema):
    """Why an event has its points."""

    event = fields.String(attribute="event_id")
    rule = fields.String()
    title = fields.String()
    category = fields.String()
    revision = fields.Integer(allow_none=True)
    occurred_on = fields.Date()
    quarter = Quarter()
    quantity = Hundredths()
    unit = fields.String()
    raw = Hundredths()
    ruled = Hundredths()
    scored = Hundredths()
    held = Hundredths()
    sentences = fields.List(fields.String())
    entries = fields.List(fields.Nested(ExplainedEntrySchema))


class ExplanationSchema(Schema):
    """Why a household has its points: every event with its reasons, and the other entries."""

    household = fields.String(attribute="household_id")
    balance = Hundredths()
    sentence = fields.String()
    events = fields.List(fields.Nested(ExplainedEventSchema))
    others = fields.List(fields.Nested(ExplainedEntrySchema))
