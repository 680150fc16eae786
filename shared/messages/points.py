"""Messages that points receives from other services."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from marshmallow import Schema, fields, validate

from shared.amounts import Hundredths
from shared.messages.base import Message, message_class
from shared.topology import Queue


class _RecordEventV1(Schema):
    source = fields.String(required=True, validate=validate.Length(1, 80))
    source_version = fields.Integer(required=True, strict=True)
    withdrawn = fields.Boolean(required=True)
    household_id = fields.Integer(required=True, strict=True)
    rule_code = fields.String(required=True, validate=validate.Length(1, 20))
    occurred_on = fields.Date(required=True)
    quantity = Hundredths(required=True)
    note = fields.String(required=True, validate=validate.Length(max=400))
    declared_by = fields.Integer(required=True, allow_none=True)
    declarer_name = fields.String(required=True, validate=validate.Length(max=60))


@message_class(name="points.record_event", queue=Queue.POINTS, version=1, accepts={1: _RecordEventV1()})
@dataclass(frozen=True, slots=True)
class RecordEvent(Message):
    """A confirmed demand, visit, attendance or volunteer hour earns points.

    `source` names the record (`intake.demand:17`); the receiver keeps the highest `source_version`, so that a
    withdrawal may arrive first. `quantity` in hundredths. `declared_by` is the confirming person's id.
    """

    source: str
    source_version: int
    withdrawn: bool
    household_id: int
    rule_code: str
    occurred_on: date
    quantity: int
    note: str
    declared_by: int | None
    declarer_name: str


class _MatterDecidedV1(Schema):
    source = fields.String(required=True, validate=validate.Length(1, 80))
    source_version = fields.Integer(required=True, strict=True)
    withdrawn = fields.Boolean(required=True)
    village_id = fields.Integer(required=True, strict=True)
    number = fields.String(required=True, validate=validate.Length(1, 60))
    decided_on = fields.Date(required=True)
    revision = fields.Integer(required=True, strict=True)


@message_class(name="points.matter_decided", queue=Queue.POINTS, version=1, accepts={1: _MatterDecidedV1()})
@dataclass(frozen=True, slots=True)
class MatterDecided(Message):
    """A village has decided (四议两公开) on a revision of the rulebook: the proof behind an adoption.

    `number` is the resolution's, as it stands on paper. The receiver keeps the highest `source_version`.
    """

    source: str
    source_version: int
    withdrawn: bool
    village_id: int
    number: str
    decided_on: date
    revision: int
