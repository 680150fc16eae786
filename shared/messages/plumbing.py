"""Messages that every service sends itself: the scheduled upkeep of its own tables."""

from __future__ import annotations

from dataclasses import dataclass

from marshmallow import Schema, fields, validate

from shared.messages.base import Message, message_class
from shared.topology import Queue, Service


class _ChainAuditV1(Schema):
    """Nothing: the state is in the rows."""


def _chain_audit(service: Service) -> type[Message]:
    register = message_class(
        name=f"{service}.chain_audit", queue=Queue(service.value), version=1, accepts={1: _ChainAuditV1()}
    )

    @register
    @dataclass(frozen=True, slots=True)
    class ChainAudit(Message):
        """Chain the audit rows that were written since the last time."""

    return ChainAudit


CHAIN_AUDIT: dict[Service, type[Message]] = {service: _chain_audit(service) for service in Service}


class _ForgetExpiredV1(Schema):
    """Nothing: what has expired is in the rows."""


def _forget_expired(service: Service) -> type[Message]:
    register = message_class(
        name=f"{service}.forget_expired", queue=Queue(service.value), version=1, accepts={1: _ForgetExpiredV1()}
    )

    @register
    @dataclass(frozen=True, slots=True)
    class ForgetExpired(Message):
        """Delete what this service need not keep any longer: keys of repeated requests, files without a record."""

    return ForgetExpired


FORGET_EXPIRED: dict[Service, type[Message]] = {service: _forget_expired(service) for service in Service}


class _RenewFieldsV1(Schema):
    """Carries nothing: which keys are newest stands in the key file."""


class _RenewBatchV1(Schema):
    column = fields.String(required=True, validate=validate.Length(1, 120))
    after = fields.String(required=True, validate=validate.Length(0, 64))


def _bulk_queue(service: Service) -> Queue:
    """The service's queue for bulk work; the gateway has none, and its batches are short."""
    return next((queue for queue in Queue if queue.service is service and queue.is_bulk), Queue(service.value))


def _renew_fields(service: Service) -> type[Message]:
    register = message_class(
        name=f"{service}.renew_fields", queue=_bulk_queue(service), version=1, accepts={1: _RenewFieldsV1()}
    )

    @register
    @dataclass(frozen=True, slots=True)
    class RenewFields(Message):
        """Each week: encrypt again, under the newest key, what an older key of this service has written."""

    return RenewFields


@dataclass(frozen=True, slots=True)
class RenewsBatch(Message):
    """Renew one batch of values. `column` is `table.column`, `after` the key of the last row of the batch before."""

    column: str
    after: str


def _renew_batch(service: Service) -> type[RenewsBatch]:
    register = message_class(
        name=f"{service}.renew_batch", queue=_bulk_queue(service), version=1, accepts={1: _RenewBatchV1()}
    )

    @register
    @dataclass(frozen=True, slots=True)
    class RenewBatch(RenewsBatch):
        """Renew one batch of values, and send on what is left."""

    return RenewBatch


RENEW_FIELDS: dict[Service, type[Message]] = {service: _renew_fields(service) for service in Service}
RENEW_BATCH: dict[Service, type[RenewsBatch]] = {service: _renew_batch(service) for service in Service}
