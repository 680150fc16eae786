"""Statements over rows that were written a moment ago, of which PostgreSQL has no statistics yet."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import text
from sqlalchemy.orm import Session

from shared.database.engine import is_sqlite


@contextmanager
def without_nested_loops(session: Session) -> Iterator[None]:
    """Keep the planner from a loop in a loop: it takes a workbook of 100,000 fresh rows for one of a single row.

    After an error nothing has to be put back: the setting ends with the transaction.
    """
    if is_sqlite(session):
        yield
        return
    session.execute(text("SELECT set_config('enable_nestloop', 'off', true)"))
    yield
    session.execute(text("SELECT set_config('enable_nestloop', 'on', true)"))
