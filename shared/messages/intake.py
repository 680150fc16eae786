"""Messages that intake receives from other services."""

from __future__ import annotations

from dataclasses import dataclass

from marshmallow import Schema, fields, validate

from shared.messages.base import Message, message_class
from shared.topology import Queue


class _DemandPetitionStateV1(Schema):
    source = fields.String(required=True, validate=validate.Length(1, 80))
    source_version = fields.Integer(required=True, strict=True)
    state = fields.String(
        required=True, validate=validate.OneOf(["registered", "accepted", "delivered", "concluded", "other_end"])
    )


@message_class(
    name="intake.demand_petition_state", queue=Queue.INTAKE, version=1, accepts={1: _DemandPetitionStateV1()}
)
@dataclass(frozen=True, slots=True)
class DemandPetitionState(Message):
    """How far the petition that a demand became is: the state only. `source` is the demand's, as it was sent."""

    source: str
    source_version: int
    state: str


class _RunImportV1(Schema):
    import_id = fields.Integer(required=True, strict=True)
    turn = fields.Integer(required=True, strict=True)


@message_class(name="intake.run_import", queue=Queue.INTAKE_BULK, version=1, accepts={1: _RunImportV1()})
@dataclass(frozen=True, slots=True)
class RunImport(Message):
    """Check a workbook, and import it where that is asked. `turn` is the row's version that asked for it."""

    import_id: int
    turn: int


class _RemindOfDemandsV1(Schema):
    """Carries nothing: what is due stands in the demands."""


@message_class(name="intake.remind_of_demands", queue=Queue.INTAKE, version=1, accepts={1: _RemindOfDemandsV1()})
@dataclass(frozen=True, slots=True)
class RemindOfDemands(Message):
    """Each morning: remind of demands whose time limit ends by tomorrow, or has ended."""
