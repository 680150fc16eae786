"""The session in the API."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema


class LoginSchema(Schema):
    """Either `username` and `password` (and `code`, where there is a second factor), or `card` and `pin`."""

    username = fields.String(validate=validate.Length(1, 40))
    password = fields.String(validate=validate.Length(1, 128))
    code = fields.String(validate=validate.Length(1, 10))
    card = fields.String(validate=validate.Length(1, 20))
    pin = fields.String(validate=validate.Length(1, 10))

    @validates_schema
    def require_one_way(self, data: dict[str, Any], **_options: Any) -> None:
        """One of the two pairs, whole."""
        wanted = ("card", "pin") if "card" in data or "pin" in data else ("username", "password")
        missing = {name: ["这一项必须填写。"] for name in wanted if not data.get(name)}
        if missing:
            raise ValidationError(missing)
        if "card" in data and "username" in data:
            raise ValidationError({"card": ["账号和卡号只能填一种。"]})


class DemoLoginSchema(Schema):
    """The button of a demo account."""

    username = fields.String(required=True, validate=validate.Length(1, 40))


class GrantSchema(Schema):
    """One right, and where it holds; without a village it holds in the whole township."""

    role = fields.String(required=True)
    village_id = fields.String(allow_none=True)
    grid_id = fields.String(allow_none=True)
    office_id = fields.String(allow_none=True)


class SessionSchema(Schema):
    """Who is logged in. `csrf_token` goes into `X-CSRF-Token` of every request that changes something."""

    signed_in = fields.Boolean(required=True)
    name = fields.String(required=True)
    township_id = fields.String(required=True)
    person_id = fields.String(allow_none=True)
    household_id = fields.String(allow_none=True)
    grants = fields.List(fields.Nested(GrantSchema), required=True)
    pending = fields.List(
        fields.String(validate=validate.OneOf(["set_password", "set_second_factor"])),
        required=True,
        metadata={"description": "要先做完这些，职责才生效"},
    )
    csrf_token = fields.String(allow_none=True)
    expires_at = fields.AwareDateTime(allow_none=True)
