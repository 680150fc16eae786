"""Schemas of the store's API. Points are decimal strings, ids strings, quantities whole units."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from shared.amounts import Hundredths
from shared.models.points import LimitPeriod, LotSource, MoveKind, RedemptionState
from shared.web import Id, PageArguments


class ItemFactsSchema(Schema):
    """What a keeper states of an item."""

    name = fields.String(required=True, validate=validate.Length(1, 60))
    unit = fields.String(required=True, validate=validate.Length(1, 10))
    points = Hundredths(load_default=None, allow_none=True, metadata={"description": "不填：价格不变"})
    price_from = fields.Date(load_default=None, allow_none=True)
    photo = fields.String(load_default=None, allow_none=True, validate=validate.Length(equal=64))
    cost_fen = fields.Integer(load_default=None, allow_none=True, strict=True, validate=validate.Range(0, 10_000_000))
    limit_quantity = fields.Integer(load_default=None, allow_none=True, strict=True, validate=validate.Range(1, 1000))
    limit_period = fields.Enum(LimitPeriod, by_value=True, load_default=None, allow_none=True)
    on_offer = fields.Boolean(load_default=True)
    position = fields.Integer(load_default=0, strict=True, validate=validate.Range(0, 10_000))


class NewItemSchema(ItemFactsSchema):
    """A new item of a village's store."""

    village = fields.String(required=True, validate=validate.Length(equal=12))
    code = fields.String(required=True, validate=validate.Regexp(r"[A-Za-z0-9_-]{1,20}\Z"))
    points = Hundredths(required=True)


class ItemSchema(Schema):
    """An item with its price of today; `left` is what can still be reserved."""

    id = fields.String(required=True)
    village = fields.String(attribute="village_code", required=True)
    code = fields.String(required=True)
    name = fields.String(required=True)
    unit = fields.String(required=True)
    points = Hundredths(attribute="price", allow_none=True, required=True)
    photo = fields.String(allow_none=True, required=True)
    cost_fen = fields.Integer(allow_none=True, required=True)
    limit_quantity = fields.Integer(allow_none=True, required=True)
    limit_period = fields.Enum(LimitPeriod, by_value=True, allow_none=True, required=True)
    on_offer = fields.Boolean(required=True)
    on_hand = fields.Integer(required=True)
    reserved = fields.Integer(required=True)
    left = fields.Integer(required=True)
    position = fields.Integer(required=True)
    version = fields.Integer(required=True)


class ItemsArguments(PageArguments):
    """Whose shelf; `all` also shows what is not on offer."""

    village = fields.String(required=True, validate=validate.Length(equal=12))
    all = fields.Boolean(load_default=False)


class NewMoveSchema(Schema):
    """Goods in (`in`, with their source), or losses (`damage`, `expiry`)."""

    item = Id(required=True)
    kind = fields.Enum(MoveKind, by_value=True, required=True)
    quantity = fields.Integer(required=True, strict=True, validate=validate.Range(0, 1_000_000))
    reason = fields.String(load_default="", validate=validate.Length(max=200))
    lot = Id(load_default=None, allow_none=True)
    source = fields.Enum(LotSource, by_value=True, load_default=LotSource.PURCHASE)
    donor = fields.String(load_default="", validate=validate.Length(max=60))
    received_on = fields.Date(load_default=None, allow_none=True)
    expires_on = fields.Date(load_default=None, allow_none=True)
    unit_cost_fen = fields.Integer(
        load_default=None, allow_none=True, strict=True, validate=validate.Range(0, 10_000_000)
    )


class MoveSchema(Schema):
    """A line of the stock ledger: signed changes of what lies on the shelf and of what is reserved."""

    id = fields.String(required=True)
    item = fields.String(attribute="item_id", required=True)
    item_name = fields.String(required=True)
    unit = fields.String(required=True)
    kind = fields.Enum(MoveKind, by_value=True, required=True)
    on_hand = fields.Integer(required=True)
    reserved = fields.Integer(required=True)
    reason = fields.String(required=True)
    lot = fields.String(attribute="lot_id", allow_none=True, required=True)
    redemption = fields.String(attribute="redemption_id", allow_none=True, required=True)
    person = fields.String(attribute="person_id", allow_none=True, required=True)
    person_name = fields.String(allow_none=True, required=True)
    made_at = fields.AwareDateTime(required=True)


class CountSchema(Schema):
    """What was counted on the shelf; a reason where it is not what the ledger says."""

    counted = fields.Integer(required=True, strict=True, validate=validate.Range(0, 1_000_000))
    reason = fields.String(load_default="", validate=validate.Length(max=200))


class CountedSchema(Schema):
    """The item after a count, and the signed difference that was booked (0: the ledger was right)."""

    item = fields.Nested(ItemSchema, required=True)
    difference = fields.Integer(required=True)


class LotSchema(Schema):
    """A delivery. `written_off`: units of it that broke or expired."""

    id = fields.String(attribute="Lot.id", required=True)
    source = fields.Enum(LotSource, by_value=True, attribute="Lot.source", required=True)
    donor = fields.String(attribute="Lot.donor", required=True)
    received_on = fields.Date(attribute="Lot.received_on", required=True)
    expires_on = fields.Date(attribute="Lot.expires_on", allow_none=True, required=True)
    quantity = fields.Integer(attribute="Lot.quantity", required=True)
    unit_cost_fen = fields.Integer(attribute="Lot.unit_cost_fen", allow_none=True, required=True)
    written_off = fields.Integer(required=True)


class NewPriceSchema(Schema):
    """What one unit costs from a day on; default: today."""

    points = Hundredths(required=True)
    effective_from = fields.Date(load_default=None, allow_none=True)


class PriceSchema(Schema):
    """A line of the price list."""

    effective_from = fields.Date(required=True)
    points = Hundredths(required=True)


class PriceListSchema(Schema):
    """An item's prices, the latest first."""

    items = fields.List(fields.Nested(PriceSchema), required=True)


class MovesArguments(PageArguments):
    """Filters of the stock ledger."""

    village = fields.String(required=True, validate=validate.Length(equal=12))
    item = Id(load_default=None)


class ReservationSchema(Schema):
    """What to reserve, for whom. `key` names the redemption for good; default: the request's Idempotency-Key."""

    household = Id(load_default=None, allow_none=True)
    item = Id(required=True)
    quantity = fields.Integer(load_default=1, strict=True, validate=validate.Range(1, 1000))
    key = fields.String(load_default=None, allow_none=True, validate=validate.Length(8, 64))


class RedemptionSchema(Schema):
    """A redemption with the names that a slip shows."""

    id = fields.String(required=True)
    village = fields.String(attribute="village_code", required=True)
    household = fields.String(attribute="household_id", required=True)
    household_number = fields.Integer(required=True)
    head_name = fields.String(required=True)
    item = fields.String(attribute="item_id", required=True)
    item_name = fields.String(required=True)
    unit = fields.String(required=True)
    code = fields.String(required=True)
    quantity = fields.Integer(required=True)
    points = Hundredths(required=True)
    state = fields.Enum(RedemptionState, by_value=True, required=True)
    reserved_at = fields.AwareDateTime(required=True)
    expires_at = fields.AwareDateTime(required=True)
    ended_at = fields.AwareDateTime(allow_none=True, required=True)
    reason = fields.String(required=True)
    fetched_by = fields.String(required=True)
    version = fields.Integer(required=True)


class RedemptionsArguments(PageArguments):
    """Filters of the list; `code` finds the one that a slip shows."""

    village = fields.String(load_default=None, validate=validate.Length(equal=12))
    household = Id(load_default=None)
    state = fields.Enum(RedemptionState, by_value=True, load_default=None)
    code = fields.String(load_default=None, validate=validate.Length(8, 12))


class FulfilmentSchema(Schema):
    """Who fetched for the household, where it was someone else."""

    fetched_by = fields.String(load_default="", validate=validate.Length(max=60))


class CancelSchema(Schema):
    """Why, where someone says so."""

    reason = fields.String(load_default="", validate=validate.Length(max=200))


class RefundSchema(Schema):
    """Why the goods came back."""

    reason = fields.String(load_default="", validate=validate.Length(max=200))


class OpeningDaysSchema(Schema):
    """Weekdays from 1, Monday, to 7, Sunday; none: the village has not said."""

    weekdays = fields.List(
        fields.Integer(strict=True, validate=validate.Range(1, 7)), required=True, validate=validate.Length(max=7)
    )
