"""Messages that petitions receives from other services."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from marshmallow import Schema, fields, validate

from shared.messages.base import Message, message_class
from shared.topology import Queue


class _OpenPetitionV1(Schema):
    source = fields.String(required=True, validate=validate.Length(1, 80))
    source_version = fields.Integer(required=True, strict=True)
    township_id = fields.Integer(required=True, strict=True)
    village_id = fields.Integer(required=True, allow_none=True, strict=True)
    received_on = fields.Date(required=True)
    complains_of_official = fields.Boolean(required=True)
    sealed = fields.String(required=True)


@message_class(name="petitions.open_petition", queue=Queue.PETITIONS, version=1, accepts={1: _OpenPetitionV1()})
@dataclass(frozen=True, slots=True)
class OpenPetition(Message):
    """A demand that is a petition. `received_on` is the demand's first day of receipt: the 15 days do not start anew.

    `sealed` is base64 of JSON sealed to the petitions service's public key: `{petitioner_name, phone, identity_number,
    text, place, track_code}`, each a string, empty where unknown. Nothing of it lies readable in a queue or an outbox.
    """

    source: str
    source_version: int
    township_id: int
    village_id: int | None
    received_on: date
    complains_of_official: bool
    sealed: str


class _RemindOfClocksV1(Schema):
    """Carries nothing: what is due stands in the clocks."""


@message_class(name="petitions.remind_of_clocks", queue=Queue.PETITIONS, version=1, accepts={1: _RemindOfClocksV1()})
@dataclass(frozen=True, slots=True)
class RemindOfClocks(Message):
    """Each morning: remind the people of clocks that end in 7 or 3 days, today, or have ended."""
