"""Messages that the gateway receives from the services."""

from __future__ import annotations

from dataclasses import dataclass

from marshmallow import Schema, fields, validate

from shared.messages.base import Message, message_class
from shared.topology import Queue


class _NotifyV1(Schema):
    source = fields.String(required=True, validate=validate.Length(1, 80))
    source_version = fields.Integer(required=True, strict=True)
    withdrawn = fields.Boolean(required=True)
    township_id = fields.Integer(required=True, strict=True)
    person_ids = fields.List(fields.Integer(strict=True), required=True)
    household_ids = fields.List(fields.Integer(strict=True), required=True)
    title = fields.String(required=True, validate=validate.Length(1, 60))
    text = fields.String(required=True, validate=validate.Length(max=400))
    link = fields.String(required=True, validate=validate.Length(max=200))
    urgent = fields.Boolean(required=True)


@message_class(name="gateway.notify", queue=Queue.GATEWAY, version=1, accepts={1: _NotifyV1()})
@dataclass(frozen=True, slots=True)
class Notify(Message):
    """Someone should know: 消息 on the page. `link` is a path of the gateway's pages. Never petition texts."""

    source: str
    source_version: int
    withdrawn: bool
    township_id: int
    person_ids: list[int]
    household_ids: list[int]
    title: str
    text: str
    link: str
    urgent: bool


class _ForgetLoginsV1(Schema):
    """Nothing: what is over is in the rows."""


@message_class(name="gateway.forget_logins", queue=Queue.GATEWAY, version=1, accepts={1: _ForgetLoginsV1()})
@dataclass(frozen=True, slots=True)
class ForgetLogins(Message):
    """Scheduled: delete sessions that are over and tries to log in that count no more."""
