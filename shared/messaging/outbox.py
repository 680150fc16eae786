"""Messages that are decided with their sender's change: rows of the sender's outbox, sent after the commit.

A row is handed to the publisher of this process when its transaction commits (never before, never on the way of a
request), so it starts with one sending counted and the next one due in 30 s: if the process dies in between, the
relay sends it then.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import event
from sqlalchemy.orm import Session, SessionTransaction

from shared import tracing
from shared.database.upserts import execute_counted, insert_or_nothing
from shared.messages.base import Message
from shared.messaging.envelope import Envelope
from shared.messaging.publisher import hand_over
from shared.models.base import now
from shared.models.plumbing_tables import outbox_of, service_of
from shared.request_context import accept_request_id, current_request_id
from shared.topology import Service

FIRST_RESEND = timedelta(seconds=30)
_PENDING = "outbox_pending"


@dataclass(frozen=True, slots=True)
class _Pending:
    envelope: Envelope
    transaction: SessionTransaction | None


def send(
    session: Session, message: Message, *, slot: str | None = None, available_at: datetime | None = None
) -> str | None:
    """Send `message` when the transaction of `session` commits; return its id.

    `slot` makes it unique in the sender's outbox: None is returned when the slot was taken before. Slots are kept
    for at least a week after the message was handled. `available_at` (UTC) delays the sending.
    """
    service = service_of(session)
    envelope = envelope_of(message)
    row = row_of(envelope, slot=slot, available_at=available_at)
    if execute_counted(session, _inserting(service, session.get_bind().dialect.name), row) != 1:
        return None
    if available_at is None:
        hand_over_at_commit(session, [envelope])
    return envelope.id


def send_all(session: Session, messages: Sequence[Message]) -> list[str]:
    """Send many messages in one statement; return their ids in order."""
    if not messages:
        return []
    envelopes = [envelope_of(message) for message in messages]
    session.execute(outbox_of(service_of(session)).insert(), [row_of(envelope) for envelope in envelopes])
    hand_over_at_commit(session, envelopes)
    return [envelope.id for envelope in envelopes]


def envelope_of(message: Message) -> Envelope:
    """A new envelope for `message`, carrying the present request's id."""
    envelope = Envelope(
        id=str(uuid.uuid4()),
        name=message.name,
        version=message.version,
        queue=message.queue,
        body=message.dump(),
        # A message that nobody asked for (the scheduler's) begins a request of its own.
        request_id=current_request_id() or accept_request_id(None),
    )
    tracing.note_message(envelope.name, envelope.queue, envelope.id, envelope.request_id)
    return envelope


def row_of(envelope: Envelope, *, slot: str | None = None, available_at: datetime | None = None) -> dict[str, Any]:
    """The outbox row of an envelope; a delayed one is the relay's to send."""
    present = now()
    return {
        "message_id": envelope.id,
        "name": envelope.name,
        "version": envelope.version,
        "receiver": envelope.queue.service.value,
        "queue": envelope.queue.value,
        "body": envelope.body,
        "request_id": envelope.request_id or None,
        "slot": slot,
        "created_at": present,
        "sends": 0 if available_at else 1,
        "next_send_at": available_at or present + FIRST_RESEND,
        "done_at": None,
    }


@cache
def _inserting(service: Service, dialect: str) -> Any:
    """The statement of `send`, built once: building it costs as much as running it."""
    return insert_or_nothing(dialect, outbox_of(service))


def hand_over_at_commit(session: Session, envelopes: Sequence[Envelope]) -> None:
    """Give the envelopes to the publisher once the session's transaction has committed; forget them otherwise."""
    innermost = session.get_nested_transaction() or session.get_transaction()
    pending: list[_Pending] = session.info.setdefault(_PENDING, [])
    pending.extend(_Pending(envelope, innermost) for envelope in envelopes)


@event.listens_for(Session, "after_commit")
def _publish(session: Session) -> None:
    # The release of a savepoint also counts as a commit there; the rows are visible only after the outer one.
    if session.in_nested_transaction():
        return
    pending: list[_Pending] | None = session.info.pop(_PENDING, None)
    if pending:
        hand_over([entry.envelope for entry in pending])


@event.listens_for(Session, "after_soft_rollback")
def _forget(session: Session, ended: SessionTransaction) -> None:
    pending: list[_Pending] | None = session.info.get(_PENDING)
    if pending:
        pending[:] = [entry for entry in pending if not _is_within(entry.transaction, ended)]


def _is_within(transaction: SessionTransaction | None, ended: SessionTransaction) -> bool:
    while transaction is not None:
        if transaction is ended:
            return True
        transaction = transaction.parent
    return False
