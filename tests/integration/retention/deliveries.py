"""Messages are handed from outbox to inbox by hand, so that a test sees each step."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select, update

from services.gateway.retention import tasks as gateway_tasks
from services.intake.retention import tasks as intake_tasks
from services.petitions.retention import tasks as petitions_tasks
from services.points.retention import tasks as points_tasks
from shared.database import Database
from shared.messages.catalogue import all_messages
from shared.messaging.inbox import Delivery, Outcome, receive
from shared.models.plumbing_tables import audit_of, outbox_of
from shared.topology import Service

# A worker knows the tasks whose modules it has imported.
HANDLERS = (intake_tasks, points_tasks, petitions_tasks, gateway_tasks)
LONG_AGO = timedelta(days=1200)


def run_nightly(database: Database, message_id: str = "night-1") -> Outcome:
    """The service forgets what is past its time, one batch."""
    return deliver(database, f"{database.service}.forget_past", "{}", message_id)


def deliver(database: Database, name: str, body: str, message_id: str) -> Outcome:
    queue = all_messages()[name].queue.value
    envelope = {"id": message_id, "name": name, "version": 1, "queue": queue, "body": body}
    return receive(database, Delivery(name, message_id, envelope))


def sent_to(sender: Database, receiver: Service, name: str) -> list[str]:
    """The bodies of the messages of this name that wait in the sender's outbox."""
    table = outbox_of(sender.service)
    with sender.reading() as session:
        return list(
            session.scalars(
                select(table.c.body)
                .where(table.c.receiver == receiver.value, table.c.name == f"{receiver}.{name}")
                .order_by(table.c.id)
            )
        )


def logged(database: Database, action: str) -> list[tuple[str, str | None]]:
    """Subject and purpose of the lines of the audit log."""
    table = audit_of(database.service)
    with database.reading() as session:
        rows = session.execute(select(table).where(table.c.action == action).order_by(table.c.id))
        return [(row.subject_id, row.purpose) for row in rows]


def age(database: Database, model: type, column: str, moment: datetime) -> None:
    """Set a moment of every row."""
    with database.transaction() as session:
        session.execute(update(model).values({column: moment}))
