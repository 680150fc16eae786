"""Schemas of the township's own words."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

_LINE = validate.Length(max=120)
_PHONE = validate.Length(max=20)


class TownshipSchema(Schema):
    """What the public page says of the township."""

    code = fields.String(dump_only=True)
    name = fields.String(required=True, validate=validate.Length(1, 60), attribute="words.name")
    phone = fields.String(load_default="", validate=_PHONE, attribute="words.phone")
    opening_hours = fields.String(load_default="", validate=_LINE, attribute="words.opening_hours")
    reception_hours = fields.String(load_default="", validate=_LINE, attribute="words.reception_hours")
    reception_place = fields.String(load_default="", validate=_LINE, attribute="words.reception_place")
    reception_phone = fields.String(load_default="", validate=_PHONE, attribute="words.reception_phone")
    reception_weekdays = fields.List(
        fields.Integer(strict=True, validate=validate.Range(1, 7)),
        load_default=list,
        validate=validate.Length(max=7),
        attribute="words.reception_weekdays",
    )
    store_hours = fields.String(load_default="", validate=_LINE, attribute="words.store_hours")
    version = fields.Integer(dump_only=True)
