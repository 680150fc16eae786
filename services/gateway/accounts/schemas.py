"""Accounts and card PINs in the API."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from shared.web import Id, PageArguments


class AccountSchema(Schema):
    """An account as admins see it."""

    id = fields.String(required=True)
    person_id = fields.String(required=True)
    person_name = fields.String(required=True)
    username = fields.String(required=True)
    must_change = fields.Boolean(required=True)
    second_factor = fields.Boolean(required=True)
    is_demo = fields.Boolean(required=True)
    disabled_at = fields.AwareDateTime(allow_none=True)
    last_login_at = fields.AwareDateTime(allow_none=True)
    temporary_password = fields.String(
        allow_none=True, metadata={"description": "只在新建和重置的答复里出现一次，交给本人，首次登录必须修改"}
    )


class NewAccountSchema(Schema):
    """A new account for a registered person."""

    person_id = Id(required=True)
    username = fields.String(required=True, validate=validate.Length(2, 40))


class AccountListArguments(PageArguments):
    """Accounts whose user name begins with `username`."""

    username = fields.String(load_default=None, validate=validate.Length(max=40))


class PasswordSchema(Schema):
    """The owner's new password."""

    current = fields.String(required=True, validate=validate.Length(1, 128))
    password = fields.String(required=True, validate=validate.Length(1, 128))


class EnrolmentSchema(Schema):
    """What an authenticator app needs, as text and as a QR code's content."""

    secret = fields.String(required=True)
    uri = fields.String(required=True)


class CodeSchema(Schema):
    """The six digits that the app shows."""

    code = fields.String(required=True, validate=validate.Length(6, 10))


class PinSchema(Schema):
    """A card's new PIN, shown this once."""

    card = fields.String(required=True)
    pin = fields.String(required=True)
