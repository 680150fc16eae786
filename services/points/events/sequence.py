"""Ids that grow in the order of recording, over all villages, on both databases."""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.orm import Session

from shared.database.engine import is_sqlite


def allocate_ids(session: Session, name: str, count: int) -> int:
    """Take `count` ids of the sequence `name` (`points_event_id`, `points_entry_id`) and return the first.

    On PostgreSQL the ids of a larger count are consecutive only if the caller holds a lock that other callers for
    the same rows take too; `nextval` in the inserting statement is for bulk work there. On SQLite one writer at a time
    takes them.
    """
    if not is_sqlite(session):
        if count != 1:
            raise ValueError("take many ids with nextval in the statement that inserts the rows")
        return int(session.execute(text("SELECT nextval(CAST(:name AS regclass))"), {"name": name}).scalar_one())
    last = session.execute(
        text(
            "INSERT INTO points_allocation (name, last) VALUES (:name, :count)"
            " ON CONFLICT (name) DO UPDATE SET last = last + excluded.last RETURNING last"
        ),
        {"name": name, "count": count},
    ).scalar_one()
    return int(last) - count + 1
