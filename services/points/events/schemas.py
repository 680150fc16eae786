"""Schemas of the events' API. Points and quantities are decimal strings, ids strings."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, ValidationError, fields, validate

from services.points.events.declarations import MOST_AT_ONCE
from services.points.events.reviews import Verdict
from shared.amounts import Hundredths
from shared.models.points import EventState, Mode, Review
from shared.quarters import format_quarter, parse_quarter
from shared.web import Id, PageArguments

_CHOOSE_RULE = "请选择条目。"


class Quarter(fields.Field[int]):
    """marshmallow field: `2026Q3` in JSON, the quarter's number in Python."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        return None if value is None else format_quarter(value)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int:
        try:
            return parse_quarter(str(value))
        except ValueError as error:
            raise ValidationError("2026Q3 是 2026 年第三季度，请照这样写。") from error


class DeclarationSchema(Schema):
    """One declared event."""

    household_id = Id(required=True, data_key="household")
    rule = fields.String(
        required=True, validate=validate.Length(1, 20, error=_CHOOSE_RULE), error_messages={"required": _CHOOSE_RULE}
    )
    occurred_on = fields.Date(required=True)
    quantity = Hundredths(load_default=100)
    chosen = Hundredths(load_default=None, allow_none=True)
    note = fields.String(load_default="", validate=validate.Length(max=400))
    witness = fields.String(load_default="", validate=validate.Length(max=60))
    evidence_file = fields.String(load_default=None, allow_none=True, validate=validate.Length(equal=64))


class DeclarationsSchema(Schema):
    """Many declared events, all or none."""

    rows = fields.List(
        fields.Nested(DeclarationSchema), required=True, validate=validate.Length(min=1, max=MOST_AT_ONCE)
    )


class EvidenceFileSchema(Schema):
    """A photo (JPG, PNG, WEBP) or a PDF scan."""

    file = fields.Raw(required=True, metadata={"type": "string", "format": "binary"})


class EvidenceSchema(Schema):
    """What was received; `sha256` is what a declaration names as `evidence_file`."""

    sha256 = fields.String(required=True)
    size = fields.Integer(required=True)
    media_type = fields.String(required=True)
    name = fields.String(required=True)


class ReviewSchema(Schema):
    """A reviewer's verdict."""

    verdict = fields.Enum(Verdict, by_value=True, required=True)
    chosen = Hundredths(load_default=None, allow_none=True)
    reason = fields.String(load_default="", validate=validate.Length(max=400))


class ReasonSchema(Schema):
    """Why something is taken back."""

    reason = fields.String(load_default="", validate=validate.Length(max=400))


class EventArguments(PageArguments):
    """What a list is narrowed to."""

    village = fields.String(load_default=None)
    household_id = Id(load_default=None, data_key="household")
    quarter = Quarter(load_default=None)
    state = fields.Enum(EventState, by_value=True, load_default=None)
    rule = fields.String(load_default=None)
    mine = fields.Boolean(load_default=False, metadata={"description": "只要轮到自己审核的"})
    declared_by_me = fields.Boolean(load_default=False, metadata={"description": "只要自己申报的"})
    evidence_file = fields.String(load_default=None, validate=validate.Length(equal=64))
    order = fields.String(load_default="newest", validate=validate.OneOf(["oldest", "newest"]))


class EventSchema(Schema):
    """An event with the line that scores it and what the ledger holds for it."""

    id = fields.String(attribute="Event.id")
    village = fields.String(attribute="village_code")
    household = fields.String(attribute="Event.household_id")
    household_number = fields.Integer()
    head_name = fields.String()
    rule = fields.String(attribute="code")
    title = fields.String(allow_none=True)
    category = fields.String(allow_none=True)
    unit = fields.String(allow_none=True)
    mode = fields.Enum(Mode, by_value=True, allow_none=True)
    minimum = Hundredths(allow_none=True)
    maximum = Hundredths(allow_none=True)
    review = fields.Enum(Review, by_value=True, allow_none=True)
    occurred_on = fields.Date(attribute="Event.occurred_on")
    quarter = Quarter(attribute="Event.quarter")
    quantity = Hundredths(attribute="Event.quantity")
    chosen = Hundredths(attribute="Event.chosen", allow_none=True)
    state = fields.Enum(EventState, by_value=True, attribute="Event.state")
    points = Hundredths(allow_none=True, metadata={"description": "记账的分值；还没有记账时为空"})
    note = fields.String(attribute="Event.note", allow_none=True)
    witness = fields.String(attribute="Event.witness", allow_none=True)
    evidence_file = fields.String(attribute="Event.evidence_file", allow_none=True)
    evidence_type = fields.String(allow_none=True, metadata={"description": "凭据的文件类型；没有附时为空"})
    same_photo = fields.Integer(metadata={"description": "用了同一张照片的其他记录条数，供审核人留意"})
    declarer = fields.String(allow_none=True)
    declared_by = fields.String(attribute="Event.declared_by", allow_none=True)
    declared_at = fields.AwareDateTime(attribute="Event.declared_at")
    reviewer = fields.String(allow_none=True)
    reviewed_at = fields.AwareDateTime(attribute="Event.reviewed_at", allow_none=True)
    second_reviewer = fields.String(allow_none=True)
    state_reason = fields.String(attribute="Event.state_reason", allow_none=True)
    version = fields.Integer(attribute="Event.version")


class EventListSchema(Schema):
    """The events that one call declared."""

    items = fields.List(fields.Nested(EventSchema))


class WaitingSchema(Schema):
    """待办 of a reviewer."""

    to_review = fields.Integer()
    to_review_again = fields.Integer()
    oldest_at = fields.AwareDateTime(allow_none=True)
