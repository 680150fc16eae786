"""Ids that grow in the order of recording, over all villages, on both databases."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import text
from sqlalchemy.orm import Session

from shared.database.engine import is_sqlite

EVENT_IDS = "points_event_id"
ENTRY_IDS = "points_entry_id"


def allocate_ids(session: Session, name: str, count: int) -> Sequence[int]:
    """Take `count` growing ids of the sequence `name`. On SQLite, without sequences, the one writer counts a row up."""
    if is_sqlite(session):
        last = session.execute(
            text(
                "INSERT INTO points_allocation (name, last) VALUES (:name, :count)"
                " ON CONFLICT (name) DO UPDATE SET last = last + excluded.last RETURNING last"
            ),
            {"name": name, "count": count},
        ).scalar_one()
        return range(last - count + 1, last + 1)
    return session.scalars(
        text("SELECT nextval(CAST(:name AS regclass)) FROM generate_series(1, :count)"), {"name": name, "count": count}
    ).all()
