"""What SQLite needs to be a safe database for nine processes: pragmas, explicit BEGIN, and the ledger's digest."""

from __future__ import annotations

import hashlib
import sqlite3
from typing import Any

from sqlalchemy import Connection, Engine, event

MINIMUM_VERSION = (3, 35, 0)


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
    for pragma in (
        "journal_mode=WAL",
        "busy_timeout=30000",
        "foreign_keys=ON",
        "synchronous=FULL",
        "temp_store=MEMORY",
        "cache_size=-32000",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
    connection.create_function("sha256_hex", 1, _sha256_hex, deterministic=True)
    connection.create_aggregate("sha256_lines", 3, Sha256Lines)  # type: ignore[arg-type]


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
