"""The plumbing tables of a service, for statements over many rows."""

from __future__ import annotations

from typing import cast

from sqlalchemy import Table, inspect
from sqlalchemy.orm import Session

from shared.models.plumbing import ATTEMPTS, AUDIT, DEAD_LETTERS, INBOX, OUTBOX
from shared.topology import Service


def _table(model: type) -> Table:
    return cast(Table, inspect(model).local_table)


def outbox_of(service: Service) -> Table:
    return _table(OUTBOX[service])


def inbox_of(service: Service) -> Table:
    return _table(INBOX[service])


def attempts_of(service: Service) -> Table:
    return _table(ATTEMPTS[service])


def dead_letters_of(service: Service) -> Table:
    return _table(DEAD_LETTERS[service])


def audit_of(service: Service) -> Table:
    return _table(AUDIT[service])


def service_of(session: Session) -> Service:
    """Whose session this is: its plumbing tables are used."""
    service = session.info.get("service")
    if not isinstance(service, Service):
        raise TypeError("this session belongs to no service: open it with Database.transaction() or .reading()")
    return service
