"""Notices in the API."""

from __future__ import annotations

from marshmallow import Schema, fields

from shared.web import PageArguments


class NoticeSchema(Schema):
    """One notice. `link` is a path of the pages."""

    id = fields.String(required=True)
    title = fields.String(required=True)
    text = fields.String(required=True)
    link = fields.String(required=True)
    urgent = fields.Boolean(required=True)
    created_at = fields.AwareDateTime(required=True)
    read_at = fields.AwareDateTime(allow_none=True)


class NoticeListArguments(PageArguments):
    """`unread=true` leaves out what was read."""

    unread = fields.Boolean(load_default=False)


class ReadSchema(Schema):
    """How many notices were marked as read."""

    read = fields.Integer(required=True)
