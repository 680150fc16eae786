"""Messages that every service sends itself: the scheduled upkeep of its own plumbing tables."""

from __future__ import annotations

from dataclasses import dataclass

from marshmallow import Schema

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
