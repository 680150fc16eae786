"""Schemas of quarters and boards. Points are decimal strings; on a public board null means below zero (“–”)."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from shared.amounts import Hundredths
from shared.models.points import ObjectionState, QuarterState
from shared.quarters import Quarter
from shared.web import Id, PageArguments


class QuartersArguments(Schema):
    """Filter of the list of quarters."""

    village = fields.String(load_default=None, validate=validate.Length(equal=12))


class QuarterLineSchema(Schema):
    """A line of the list of quarters."""

    village_code = fields.String(required=True)
    village = fields.String(required=True)
    quarter = Quarter(required=True)
    state = fields.Enum(QuarterState, by_value=True, required=True)
    revision = fields.Integer(required=True)
    objections_until = fields.Date(allow_none=True, required=True)


class QuarterListSchema(Schema):
    """All quarters that someone answers for."""

    items = fields.List(fields.Nested(QuarterLineSchema), required=True)


class LeftoverSchema(Schema):
    """An event that was not reviewed when the quarter was tallied."""

    event = fields.String(attribute="event_id", required=True)
    title = fields.String(required=True)
    household = fields.String(required=True)
    household_number = fields.Integer(required=True)
    occurred_on = fields.Date(required=True)


class QuarterSchema(Schema):
    """One quarter of one village."""

    village_code = fields.String(required=True)
    village = fields.String(required=True)
    quarter = Quarter(attribute="row.quarter", required=True)
    state = fields.Enum(QuarterState, by_value=True, attribute="row.state", required=True)
    revision = fields.Integer(required=True)
    unreviewed = fields.Integer(required=True)
    open_objections = fields.Integer(required=True)
    objection_days = fields.Integer(attribute="row.objection_days", required=True)
    objections_until = fields.Date(attribute="row.objections_until", allow_none=True, required=True)
    tallied_at = fields.AwareDateTime(attribute="row.tallied_at", allow_none=True, required=True)
    published_at = fields.AwareDateTime(attribute="row.published_at", allow_none=True, required=True)
    closed_at = fields.AwareDateTime(attribute="row.closed_at", allow_none=True, required=True)
    leftovers = fields.List(fields.Nested(LeftoverSchema), required=True)
    version = fields.Integer(attribute="row.version", required=True)


class PublishSchema(Schema):
    """How many days objections are heard; default: the quarter's (7)."""

    objection_days = fields.Integer(load_default=None, allow_none=True, strict=True)


class NewObjectionSchema(Schema):
    """What is wrong on a board."""

    text = fields.String(required=True, validate=validate.Length(1, 1000))
    household = Id(load_default=None, allow_none=True)
    event = Id(load_default=None, allow_none=True)
    raiser_name = fields.String(load_default="", validate=validate.Length(max=60))


class AnswerSchema(Schema):
    """The written answer; `posting` carries out what was upheld."""

    upheld = fields.Boolean(required=True)
    answer = fields.String(required=True, validate=validate.Length(1, 1000))
    posting = Id(load_default=None, allow_none=True)


class ObjectionSchema(Schema):
    """An objection and its answer."""

    id = fields.String(required=True)
    quarter = Quarter(required=True)
    household = fields.String(attribute="household_id", allow_none=True, required=True)
    event = fields.String(attribute="event_id", allow_none=True, required=True)
    raiser_name = fields.String(required=True)
    text = fields.String(required=True)
    raised_at = fields.AwareDateTime(required=True)
    state = fields.Enum(ObjectionState, by_value=True, required=True)
    answer = fields.String(required=True)
    answered_at = fields.AwareDateTime(allow_none=True, required=True)
    posting = fields.String(attribute="posting_id", allow_none=True, required=True)
    version = fields.Integer(required=True)


class ObjectionsArguments(PageArguments):
    """Pages of objections."""


class BoardsArguments(Schema):
    """Filter of the list of boards."""

    quarter = Quarter(load_default=None)


class BoardArguments(Schema):
    """Which edition; default: the last."""

    edition = fields.Integer(load_default=None, validate=validate.OneOf([1, 2]))


class BoardSummarySchema(Schema):
    """A line of the list of boards."""

    village_code = fields.String(required=True)
    village = fields.String(required=True)
    quarter = Quarter(required=True)
    edition = fields.Integer(required=True)
    state = fields.Enum(QuarterState, by_value=True, required=True)
    published_at = fields.AwareDateTime(required=True)
    public_until = fields.Date(required=True)


class BoardListSchema(Schema):
    """The boards that are public today."""

    items = fields.List(fields.Nested(BoardSummarySchema), required=True)


class BoardLineSchema(Schema):
    """One household on the wall."""

    name = fields.String(required=True)
    number = fields.Integer(required=True)
    points = Hundredths(allow_none=True, required=True)
    marked = fields.Boolean(required=True)


class BoardGroupSchema(Schema):
    """A villagers' group."""

    name = fields.Function(lambda group: group[0])
    rows = fields.Function(lambda group: BoardLineSchema(many=True).dump(group[1]))


class HonourSchema(Schema):
    """A line of the red list or of the list of progress."""

    rank = fields.Integer(required=True)
    name = fields.String(required=True)
    group = fields.String(required=True)
    points = Hundredths(required=True)
    gain = Hundredths(allow_none=True, required=True)


class CategorySumSchema(Schema):
    """The village's sum of a category."""

    code = fields.String(required=True)
    name = fields.String(required=True)
    points = Hundredths(required=True)


class CorrectionSchema(Schema):
    """What was booked for an earlier quarter."""

    what = fields.String(required=True)
    origin_quarter = Quarter(required=True)
    households = fields.Integer(required=True)
    points = Hundredths(required=True)


class BoardSchema(Schema):
    """One edition of a board."""

    village_code = fields.String(required=True)
    village = fields.String(required=True)
    quarter = Quarter(required=True)
    edition = fields.Integer(required=True)
    revision = fields.Integer(required=True)
    trial = fields.Boolean(required=True)
    state = fields.Enum(QuarterState, by_value=True, required=True)
    objections_until = fields.Date(allow_none=True, required=True)
    objections_open = fields.Boolean(required=True)
    published_at = fields.AwareDateTime(required=True)
    public_until = fields.Date(required=True)
    groups = fields.List(fields.Nested(BoardGroupSchema), required=True)
    red_list = fields.List(fields.Nested(HonourSchema), required=True)
    progress_list = fields.List(fields.Nested(HonourSchema), required=True)
    category_sums = fields.List(fields.Nested(CategorySumSchema), required=True)
    corrections = fields.List(fields.Nested(CorrectionSchema), required=True)
    seq = fields.Integer(attribute="posting_seq", required=True)
    digest = fields.String(attribute="posting_digest", required=True)
