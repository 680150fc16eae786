"""The outbox rows that are not done, seen by the relay: statements over many rows, one service at a time.

They read outboxes and inbox ids and write nothing but outbox rows and the removal of old ids.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import Table, and_, bindparam, case, delete, exists, func, literal, or_, select, update
from sqlalchemy.orm import Session

from shared.database import Database
from shared.database.upserts import execute_counted
from shared.messaging.envelope import Envelope
from shared.models.base import UtcDateTime, now
from shared.models.plumbing_tables import inbox_of, outbox_of
from shared.topology import Queue, Service

BATCH = 500
# Pauses after the first, second … sending; the last one repeats for ever.
PAUSES = tuple(timedelta(seconds=seconds) for seconds in (30, 60, 120, 240, 480, 900))
OUTBOX_KEPT = timedelta(days=7)
# Longer than outbox rows, whose copies could otherwise be handled a second time.
INBOX_KEPT = timedelta(days=30)
_MARK_BATCH = 5000
_PRUNE_BATCH = 5000


@dataclass(frozen=True, slots=True)
class DueRow:
    """An outbox row whose message is to be sent now."""

    row_id: int
    envelope: Envelope


def mark_handled(database: Database, sender: Service) -> int:
    """Mark the rows done whose id is in the receiver's inbox; return how many.

    Looked for first, so that a pass that finds nothing takes no write lock on SQLite; a batch at a time, so that no
    one waits long for the lock of one that finds many.
    """
    with database.reading() as session:
        if session.scalar(_handled(sender).limit(1)) is None:
            return 0
    marked, batch = 0, _MARK_BATCH
    while batch == _MARK_BATCH:
        with database.transaction() as session:
            batch = execute_counted(session, _marking(sender), {"present": now()})
        marked += batch
    return marked


@cache
def _handled(sender: Service) -> Any:
    """Rows whose id is in the receiver's inbox: a statement that is built once, since each pass runs it."""
    outbox = outbox_of(sender)
    handled = or_(*(and_(outbox.c.receiver == receiver.value, _in_inbox(outbox, receiver)) for receiver in Service))
    return select(outbox.c.id).where(outbox.c.done_at.is_(None), handled)


@cache
def _marking(sender: Service) -> Any:
    outbox = outbox_of(sender)
    batch = _handled(sender).limit(_MARK_BATCH).scalar_subquery()
    return update(outbox).where(outbox.c.id.in_(batch)).values(done_at=bindparam("present", type_=UtcDateTime()))


def due_rows(database: Database, sender: Service) -> list[DueRow]:
    """The oldest rows that are due, at most BATCH of them.

    A row for a queue that this release does not know waits, visibly, for one that does; it must not stop the others.
    """
    with database.reading() as session:
        return [DueRow(row.id, _envelope_of(row)) for row in session.execute(_due(sender), {"present": now()})]


@cache
def _due(sender: Service) -> Any:
    outbox = outbox_of(sender)
    due = outbox.c.next_send_at <= bindparam("present", type_=UtcDateTime())
    return (
        select(outbox)
        .where(outbox.c.done_at.is_(None), due, outbox.c.queue.in_([queue.value for queue in Queue]))
        .order_by(outbox.c.next_send_at, outbox.c.id)
        .limit(BATCH)
    )


def note_sent(database: Database, sender: Service, row_ids: Sequence[int]) -> None:
    """Count one sending of these rows and set when the next is due: 30 s, then 1, 2, 4 … 15 min later."""
    if not row_ids:
        return
    outbox, present = outbox_of(sender), now()
    steps = {sends: _instant(present + pause) for sends, pause in enumerate(PAUSES[:-1])}
    following = case(steps, value=outbox.c.sends, else_=_instant(present + PAUSES[-1]))
    with database.transaction() as session:
        session.execute(
            update(outbox).where(outbox.c.id.in_(row_ids)).values(sends=outbox.c.sends + 1, next_send_at=following)
        )


def make_all_due(database: Database, sender: Service) -> int:
    """Redis has lost what it held: everything that was sent and is not done is due now. Delayed rows stay delayed."""
    outbox, present = outbox_of(sender), now()
    waiting = (outbox.c.done_at.is_(None), outbox.c.sends > 0, outbox.c.next_send_at > present)
    with database.transaction() as session:
        return execute_counted(session, update(outbox).where(*waiting).values(next_send_at=present))


def waiting_summary(session: Session, service: Service) -> tuple[int, datetime | None]:
    """How many rows wait for their receiver (delayed ones are not counted), and since when the oldest one does."""
    count, oldest = session.execute(_waiting(service), {"present": now()}).one()
    return count, oldest


@cache
def _waiting(service: Service) -> Any:
    outbox = outbox_of(service)
    since = case((outbox.c.sends == 0, outbox.c.next_send_at), else_=outbox.c.created_at)
    due = outbox.c.next_send_at <= bindparam("present", type_=UtcDateTime())
    return select(func.count(), func.min(since, type_=UtcDateTime())).where(
        outbox.c.done_at.is_(None), or_(outbox.c.sends > 0, due)
    )


def prune(database: Database) -> int:
    """Delete done rows and handled ids that are old enough; return how many.

    The newest slot of each task stays: it is what keeps a restarted scheduler from doing last month's work again.
    """
    present, removed = now(), 0
    for service in Service:
        outbox, inbox = outbox_of(service), inbox_of(service)
        newest = select(func.max(outbox.c.id)).where(outbox.c.slot.is_not(None)).group_by(outbox.c.name)
        removed += _delete(database, outbox, outbox.c.done_at < present - OUTBOX_KEPT, outbox.c.id.not_in(newest))
        sent_still = or_(*(_in_outbox(inbox, sender) for sender in Service))
        removed += _delete(database, inbox, inbox.c.handled_at < present - INBOX_KEPT, ~sent_still)
    return removed


def _delete(database: Database, table: Table, *conditions: Any) -> int:
    (key,) = table.primary_key.columns
    removed = 0
    while True:
        with database.reading() as session:
            keys = list(session.scalars(select(key).where(*conditions).limit(_PRUNE_BATCH)))
        if not keys:
            return removed
        with database.transaction() as session:
            session.execute(delete(table).where(key.in_(keys)))
        removed += len(keys)


def _in_inbox(outbox: Table, receiver: Service) -> Any:
    inbox = inbox_of(receiver)
    return exists().where(inbox.c.message_id == outbox.c.message_id)


def _in_outbox(inbox: Table, sender: Service) -> Any:
    outbox = outbox_of(sender)
    return exists().where(outbox.c.message_id == inbox.c.message_id)


def _instant(value: datetime) -> Any:
    return literal(value, UtcDateTime())


def _envelope_of(row: Any) -> Envelope:
    return Envelope(
        id=row.message_id,
        name=row.name,
        version=row.version,
        queue=Queue(row.queue),
        body=row.body,
        request_id=row.request_id or "",
        copy=row.sends + 1,
    )
