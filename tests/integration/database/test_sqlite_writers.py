"""Nine processes write one SQLite file: every update counts (the driver's own transactions would lose most)."""

from __future__ import annotations

import subprocess
import sys

import pytest
from sqlalchemy import select, text

from shared.database import Database
from shared.models.registry import Township
from shared.topology import Service
from tests.fixtures.postgresql_cluster import PROJECT

PROCESSES = 9
UPDATES = 30

# Reads a number, then writes it back plus one: lost whenever another process wrote in between.
_WRITER = """
import sys
from sqlalchemy import select
from shared.database import Database
from shared.models.registry import Township
from shared.topology import Service

database = Database(sys.argv[1], Service.INTAKE)
for _ in range(int(sys.argv[2])):
    with database.transaction() as session:
        township = session.scalars(select(Township)).one()
        township.phone = str(int(township.phone) + 1)
database.dispose()
"""


def test_nine_processes_lose_no_update(sqlite_database: str) -> None:
    database = Database(sqlite_database, Service.INTAKE)
    with database.transaction() as session:
        session.add(Township(code="431299001", name="示例乡", phone="0"))
    command = [sys.executable, "-c", _WRITER, sqlite_database, str(UPDATES)]
    writers = [subprocess.Popen(command, cwd=PROJECT, stderr=subprocess.PIPE) for _ in range(PROCESSES)]
    errors = [writer.communicate(timeout=100)[1].decode() for writer in writers]
    assert [writer.returncode for writer in writers] == [0] * PROCESSES, errors
    with database.reading() as session:
        assert session.scalar(select(Township.phone)) == str(PROCESSES * UPDATES)
    database.dispose()


@pytest.mark.parametrize(("pragma", "value"), [("journal_mode", "wal"), ("foreign_keys", 1), ("synchronous", 2)])
def test_every_connection_is_durable_and_guarded(sqlite_database: str, pragma: str, value: object) -> None:
    database = Database(sqlite_database, Service.POINTS)
    with database.reading() as session:
        assert session.execute(text(f"PRAGMA {pragma}")).scalar() == value
    database.dispose()
