"""Schemas of the recalculation's API. Points are decimal strings, ids strings, villages their codes."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from shared.amounts import Hundredths
from shared.models.points import RecalculationMode, RecalculationState, ShardState
from shared.quarters import Quarter
from shared.web import Id, PageArguments


class RunOrderSchema(Schema):
    """What to recalculate. Without `quarters`: those in which a village waits, or all."""

    villages = fields.List(
        fields.String(validate=validate.Length(equal=12)),
        load_default=None,
        allow_none=True,
        validate=validate.Length(1),
    )
    quarters = fields.List(Quarter(), load_default=None, allow_none=True, validate=validate.Length(1, 80))
    revision = fields.Integer(load_default=None, allow_none=True, strict=True, validate=validate.Range(1, 1_000_000))
    full = fields.Boolean(load_default=False)
    mode = fields.Enum(RecalculationMode, by_value=True, required=True)
    preview = Id(load_default=None, allow_none=True)


class RunsArguments(PageArguments):
    """Filters of the list of runs."""

    mode = fields.Enum(RecalculationMode, by_value=True, load_default=None)


class DifferencesArguments(PageArguments):
    """Filters of a run's differences; `losing` true for households that lose, false for those that gain."""

    village = fields.String(load_default=None)
    household = Id(load_default=None)
    losing = fields.Boolean(load_default=None)


class NoticesSchema(Schema):
    """The reason that the losers read; empty: the published reason of the correction."""

    reason = fields.String(load_default="", validate=validate.Length(max=400))


class VillageProgressSchema(Schema):
    """One village of a run."""

    code = fields.String(required=True)
    name = fields.String(required=True)
    state = fields.Enum(ShardState, by_value=True, required=True)
    attempts = fields.Integer(required=True)
    households = fields.Integer(required=True)
    events = fields.Integer(required=True)
    changed = fields.Integer(required=True)
    points_up = Hundredths(required=True)
    points_down = Hundredths(required=True)
    changed_since_preview = fields.Integer(required=True)
    error = fields.String(required=True)
    refusal = fields.String(required=True)


class RunSchema(Schema):
    """How far a run is: what `Location` is polled for, and all that a page shows."""

    id = fields.String(attribute="run.id", required=True)
    mode = fields.Enum(RecalculationMode, by_value=True, attribute="run.mode", required=True)
    state = fields.Enum(RecalculationState, by_value=True, attribute="run.state", required=True)
    revision = fields.Integer(allow_none=True, required=True)
    quarters = fields.List(Quarter(), required=True)
    full = fields.Boolean(attribute="run.full", required=True)
    preview = fields.String(attribute="run.preview_id", allow_none=True, required=True)
    done = fields.Integer(required=True)
    total = fields.Integer(required=True)
    parked = fields.Integer(required=True)
    eta_seconds = fields.Integer(allow_none=True, required=True)
    errors = fields.List(fields.String(), required=True)
    villages = fields.List(fields.Nested(VillageProgressSchema), required=True)
    households = fields.Function(lambda progress: progress.total_of("households"))
    events = fields.Function(lambda progress: progress.total_of("events"))
    changed = fields.Function(lambda progress: progress.total_of("changed"))
    changed_since_preview = fields.Function(lambda progress: progress.total_of("changed_since_preview"))
    points_up = Hundredths(required=True)
    points_down = Hundredths(required=True)
    losers = fields.Integer(allow_none=True, required=True)
    notices_sent_at = fields.AwareDateTime(attribute="run.notices_sent_at", allow_none=True, required=True)
    notices_sent = fields.Integer(attribute="run.notices_sent", required=True)
    applied = fields.String(attribute="applied_id", allow_none=True, required=True)
    created_at = fields.AwareDateTime(attribute="run.created_at", required=True)
    finished_at = fields.AwareDateTime(attribute="run.finished_at", allow_none=True, required=True)
    expires_at = fields.AwareDateTime(attribute="run.expires_at", allow_none=True, required=True)
    version = fields.Integer(attribute="run.version", required=True)


class RunLineSchema(Schema):
    """A line of the list of runs."""

    id = fields.String(attribute="run.id", required=True)
    mode = fields.Enum(RecalculationMode, by_value=True, attribute="run.mode", required=True)
    state = fields.Enum(RecalculationState, by_value=True, attribute="run.state", required=True)
    full = fields.Boolean(attribute="run.full", required=True)
    preview = fields.String(attribute="run.preview_id", allow_none=True, required=True)
    villages = fields.List(fields.String(), required=True)
    done = fields.Integer(required=True)
    total = fields.Integer(required=True)
    changed = fields.Integer(required=True)
    points_up = Hundredths(required=True)
    points_down = Hundredths(required=True)
    created_at = fields.AwareDateTime(attribute="run.created_at", required=True)
    finished_at = fields.AwareDateTime(attribute="run.finished_at", allow_none=True, required=True)


class WaitingVillageSchema(Schema):
    """A village that has adopted a newer revision than its quarters are scored by."""

    code = fields.String(required=True)
    name = fields.String(required=True)
    quarters = fields.List(Quarter(), required=True)
    held_revision = fields.Integer(required=True)
    adopted_revision = fields.Integer(required=True)
    correction = fields.Boolean(required=True)
    reason = fields.String(required=True)
    since = fields.AwareDateTime(required=True)


class WaitingListSchema(Schema):
    """All villages that wait."""

    villages = fields.List(fields.Nested(WaitingVillageSchema), required=True)


class EventDifferenceSchema(Schema):
    """One event: old, new, why."""

    event = fields.String(attribute="event_id", required=True)
    rule_code = fields.String(required=True)
    title = fields.String(required=True)
    occurred_on = fields.Date(required=True)
    quantity = Hundredths(required=True)
    quarter = Quarter(required=True)
    held = Hundredths(required=True)
    scored = Hundredths(required=True)
    why = fields.String(required=True)


class HouseholdDifferenceSchema(Schema):
    """One household: the sum of its differences, and the events that make it up."""

    household = fields.String(attribute="household_id", required=True)
    number = fields.Integer(required=True)
    head_name = fields.String(required=True)
    group = fields.String(required=True)
    village_code = fields.String(required=True)
    village = fields.String(required=True)
    change = Hundredths(required=True)
    events = fields.List(fields.Nested(EventDifferenceSchema), required=True)
