"""INSERT … ON CONFLICT in the words of whichever database it is."""

from __future__ import annotations

from typing import Any, cast

from sqlalchemy import Connection, CursorResult, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session


def upsert(bind: Session | Connection | str, table: Table) -> Any:
    """An INSERT that knows ON CONFLICT. `bind`: where it will run, or the dialect's name."""
    if not isinstance(bind, str):
        connection = bind.connection() if isinstance(bind, Session) else bind
        bind = connection.dialect.name
    return (sqlite if bind == "sqlite" else postgresql).insert(table)


def insert_or_nothing(bind: Session | Connection | str, table: Table) -> Any:
    """An INSERT that leaves a row that is there alone.

    Without a conflict target, so that a role that may only insert (the scheduler's) can run it on PostgreSQL.
    """
    # Inline: nobody asks for the new id, whose RETURNING would need the right to read, and would hide the row count.
    return upsert(bind, table).inline().on_conflict_do_nothing()


def execute_counted(session: Session, statement: Any, parameters: dict[str, Any] | None = None) -> int:
    """Run a writing statement and return how many rows it wrote.

    Without the option SQLAlchemy drops the count of an INSERT on PostgreSQL and answers -1.
    """
    result = session.execute(statement, parameters, execution_options={"preserve_rowcount": True})
    return cast(CursorResult[Any], result).rowcount
