"""Messages about what is forgotten: each night what is past its time, and people whom the registry has forgotten."""

from __future__ import annotations

from dataclasses import dataclass

from marshmallow import Schema, fields, validate

from shared.messages.base import Message, message_class
from shared.topology import Queue, Service


class _ForgetPastV1(Schema):
    """Carries nothing: how long each kind is kept stands in the settings."""


def _forget_past(service: Service, queue: Queue) -> type[Message]:
    register = message_class(name=f"{service}.forget_past", queue=queue, version=1, accepts={1: _ForgetPastV1()})

    @register
    @dataclass(frozen=True, slots=True)
    class ForgetPast(Message):
        """Each night: forget one batch of what is past its time, and send on what is left."""

    return ForgetPast


FORGET_PAST: dict[Service, type[Message]] = {
    Service.INTAKE: _forget_past(Service.INTAKE, Queue.INTAKE_BULK),
    Service.POINTS: _forget_past(Service.POINTS, Queue.POINTS_BULK),
    Service.PETITIONS: _forget_past(Service.PETITIONS, Queue.PETITIONS_BULK),
    Service.GATEWAY: _forget_past(Service.GATEWAY, Queue.GATEWAY),
}


class _ForgetResidentV1(Schema):
    township_id = fields.Integer(required=True, strict=True)
    person_ids = fields.List(fields.Integer(strict=True), required=True, validate=validate.Length(max=1000))
    household_ids = fields.List(fields.Integer(strict=True), required=True, validate=validate.Length(max=1000))


@dataclass(frozen=True, slots=True)
class ForgetsResidents(Message):
    """The registry has forgotten these people, and these households of which nobody is left."""

    township_id: int
    person_ids: list[int]
    household_ids: list[int]


def _forget_resident(service: Service, queue: Queue) -> type[ForgetsResidents]:
    register = message_class(
        name=f"{service}.forget_resident", queue=queue, version=1, accepts={1: _ForgetResidentV1()}
    )

    @register
    @dataclass(frozen=True, slots=True)
    class ForgetResident(ForgetsResidents):
        """Forget what this service keeps about them beyond ids. A second time there is nothing left to do."""

    return ForgetResident


FORGET_RESIDENT: dict[Service, type[ForgetsResidents]] = {
    Service.POINTS: _forget_resident(Service.POINTS, Queue.POINTS_BULK),
    Service.PETITIONS: _forget_resident(Service.PETITIONS, Queue.PETITIONS_BULK),
    Service.GATEWAY: _forget_resident(Service.GATEWAY, Queue.GATEWAY),
}
