"""A pooled connection that the server has closed meanwhile is opened anew, unseen by whoever asks for it."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from shared.database import Database, engine
from shared.topology import Service


def _backend(database: Database) -> int:
    with database.reading() as session:
        return int(session.execute(text("SELECT pg_backend_pid()")).scalar_one())


def _end(url: str, backend: int) -> None:
    other = Database(url, Service.INTAKE, pool_size=1)
    with other.transaction() as session:
        assert session.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": backend}).scalar_one()
    other.dispose()


def test_a_connection_that_the_server_ended_just_now_is_opened_anew(postgresql_database: str) -> None:
    database = Database(postgresql_database, Service.POINTS, pool_size=2)
    before = _backend(database)
    _end(postgresql_database, before)

    assert _backend(database) != before
    database.dispose()


def test_a_connection_that_broke_while_it_rested_is_opened_anew(
    postgresql_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "_REST_SECONDS", 0.0)
    database = Database(postgresql_database, Service.POINTS, pool_size=2)
    before = _backend(database)
    _end(postgresql_database, before)

    assert _backend(database) != before
    database.dispose()


def test_one_that_has_just_been_used_is_taken_as_it_is(postgresql_database: str) -> None:
    database = Database(postgresql_database, Service.POINTS, pool_size=2)

    assert _backend(database) == _backend(database)
    database.dispose()
