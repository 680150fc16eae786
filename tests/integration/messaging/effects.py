"""What the probe messages left behind, for assertions."""

from __future__ import annotations

from collections import Counter

from sqlalchemy import func, select

from shared.database import Database
from shared.models.plumbing_tables import attempts_of, audit_of, dead_letters_of, inbox_of, outbox_of


def effects(database: Database) -> Counter[str]:
    """How often each probe's key had its effect."""
    table = audit_of(database.service)
    with database.reading() as session:
        return Counter(session.scalars(select(table.c.subject_id).where(table.c.action == "probe")))


def inbox_count(database: Database) -> int:
    with database.reading() as session:
        return session.scalar(select(func.count()).select_from(inbox_of(database.service))) or 0


def waiting_count(database: Database) -> int:
    """Outbox rows that are not done."""
    table = outbox_of(database.service)
    with database.reading() as session:
        return session.scalar(select(func.count()).select_from(table).where(table.c.done_at.is_(None))) or 0


def dead_letters(database: Database) -> dict[str, tuple[str, int]]:
    """Error and attempts by message id."""
    table = dead_letters_of(database.service)
    with database.reading() as session:
        return {row.message_id: (row.error, row.attempts) for row in session.execute(select(table))}


def attempts(database: Database) -> dict[str, int]:
    """Counted attempts by message id."""
    table = attempts_of(database.service)
    with database.reading() as session:
        return {row.message_id: row.attempts for row in session.execute(select(table))}
