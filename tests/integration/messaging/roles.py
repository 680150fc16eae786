"""Working with the rights of another role of PostgreSQL."""

from __future__ import annotations

from sqlalchemy import event

from shared.database import Database


def as_role(database: Database, role: str) -> Database:
    """The same database, with every transaction limited to what `role` may do."""
    event.listen(database.engine, "begin", lambda connection: connection.exec_driver_sql(f"SET LOCAL ROLE {role}"))
    return database
