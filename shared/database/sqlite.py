"""What SQLite needs to be a safe database for nine processes: pragmas, explicit BEGIN, and the ledger's digest."""

from __future__ import annotations

import hashlib
import sqlite3
import time
from typing import Any

from sqlalchemy import Connection, Engine, event

MINIMUM_VERSION = (3, 35, 0)
BUSY_SECONDS = 30.0
_WAL_PAUSE = 0.02


class UnsupportedDatabase(Exception):
    """Raised at start when SQLite is too old for RETURNING and for the window functions that scoring uses."""


def configure_sqlite(engine: Engine) -> None:
    """Install the pragmas, functions and BEGIN statements on every connection of `engine`."""
    if sqlite3.sqlite_version_info < MINIMUM_VERSION:
        wanted = ".".join(map(str, MINIMUM_VERSION))
        raise UnsupportedDatabase(f"SQLite {sqlite3.sqlite_version} is too old, {wanted} or newer is needed")
    event.listen(engine, "connect", _on_connect)
    event.listen(engine, "begin", _on_begin)


def _on_connect(connection: sqlite3.Connection, _record: Any) -> None:
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout={BUSY_SECONDS * 1000:.0f}")
    _use_write_ahead_log(cursor)
    for pragma in (
        "foreign_keys=ON",
        "synchronous=FULL",
        "temp_store=MEMORY",
        "cache_size=-32000",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
    connection.create_function("sha256_hex", 1, _sha256_hex, deterministic=True)
    connection.create_aggregate("sha256_lines", 3, Sha256Lines)  # type: ignore[arg-type]


def _use_write_ahead_log(cursor: sqlite3.Cursor) -> None:
    """Switch the file to WAL, once for ever.

    SQLite does not wait for the others that open a new file at the same moment, whatever its busy timeout: it says at
    once that the file is locked. So the waiting is done here.
    """
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(_WAL_PAUSE)


def _on_begin(connection: Connection) -> None:
    read_only = connection.get_execution_options().get("xz_read_only", False)
    connection.exec_driver_sql(f"PRAGMA query_only={'ON' if read_only else 'OFF'}")
    connection.exec_driver_sql("BEGIN DEFERRED" if read_only else "BEGIN IMMEDIATE")


def _sha256_hex(text: str | None) -> str | None:
    return None if text is None else hashlib.sha256(text.encode()).hexdigest()


class Sha256Lines:
    """Aggregate `sha256_lines(id, line, head)`: hex SHA-256 of head and lines in the order of ids, each with a newline.

    The same value as PostgreSQL's
    `encode(sha256(convert_to(head || string_agg(line || E'\\n', '' ORDER BY id), 'UTF8')), 'hex')`.
    """

    def __init__(self) -> None:
        self._head = ""
        self._lines: list[tuple[int, str]] = []

    def step(self, position: int, line: str, head: str) -> None:
        self._head = head
        self._lines.append((position, line))

    def finalize(self) -> str:
        self._lines.sort()
        return hashlib.sha256((self._head + "".join(f"{line}\n" for _, line in self._lines)).encode()).hexdigest()
