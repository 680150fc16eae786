"""Which database errors pass by themselves: a restart, a lock that did not come, a busy or full disk."""

from __future__ import annotations

import sqlite3

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

# The primary code is the low byte: SQLITE_BUSY_SNAPSHOT is a kind of SQLITE_BUSY.
_PASSING_SQLITE_CODES = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_PROTOCOL,
    }
)


def is_transient(error: BaseException) -> bool:
    """Whether the same work may succeed later without anyone mending anything in the work itself."""
    seen: BaseException | None = error
    while seen is not None:
        if _passes(seen):
            return True
        seen = seen.__cause__
    return False


def _passes(error: BaseException) -> bool:
    if isinstance(error, PoolTimeout):
        return True
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return True
    if not isinstance(error, OperationalError | InterfaceError):
        return False
    if isinstance(error.orig, sqlite3.Error):
        # SQLite says OperationalError for a missing table too; that is a fault and counts.
        return getattr(error.orig, "sqlite_errorcode", 0) & 0xFF in _PASSING_SQLITE_CODES
    return True
