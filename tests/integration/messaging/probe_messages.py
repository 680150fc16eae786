"""Messages that only tests send, to services that exist."""

from __future__ import annotations

from dataclasses import dataclass

from marshmallow import Schema, fields

from shared.messages.base import Message, message_class
from shared.topology import Queue


class _ProbeV1(Schema):
    key = fields.String(required=True)
    deed = fields.String(required=True)
    path = fields.String(required=True)


class _ProbeV2(Schema):
    key = fields.String(required=True)
    deed = fields.String(required=True)
    path = fields.String(required=True)
    times = fields.Integer(load_default=1, strict=True)


@message_class(name="points.probe", queue=Queue.POINTS, version=2, accepts={1: _ProbeV1(), 2: _ProbeV2()})
@dataclass(frozen=True, slots=True)
class Probe(Message):
    """Leaves an audit row named `key` in points; `deed` says what else happens, `path` is a file to talk through."""

    key: str
    deed: str = "work"
    path: str = ""
    times: int = 1


class _EchoV1(Schema):
    key = fields.String(required=True)


@message_class(name="intake.probe_echo", queue=Queue.INTAKE, version=1, accepts={1: _EchoV1()})
@dataclass(frozen=True, slots=True)
class ProbeEcho(Message):
    """What the handler of a Probe with the deed `echo` sends on: leaves an audit row in intake."""

    key: str
