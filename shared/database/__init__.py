"""Engines and transactions on SQLite and PostgreSQL."""

from shared.database.engine import Database, database_of

__all__ = ["Database", "database_of"]
