"""Which revision a database is at, and which ones this code knows: without Alembic, which is slow to import.

A revision's name is its file's name, and their order is the order of the names; a test holds Alembic to it.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, inspect, text

VERSIONS = Path(__file__).parent / "versions"


def known_revisions() -> frozenset[str]:
    """Every revision that this code knows; a database at another one was migrated by a newer release."""
    return frozenset(path.stem for path in VERSIONS.glob("[0-9]*.py"))


def newest_revision() -> str:
    """The revision that this code needs."""
    return max(known_revisions())


def current_revision(connection: Connection) -> str | None:
    """The revision that the database is at; None before the first migration."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    revision: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return revision
