"""Which errors of the database pass by themselves, and are not held against a message."""

from __future__ import annotations

import sqlite3

import psycopg
import pytest
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from shared.database.transient import is_transient


def sqlite_error(code: int) -> OperationalError:
    error = sqlite3.OperationalError("told by SQLite")
    error.sqlite_errorcode = code
    return OperationalError("SELECT 1", {}, error)


@pytest.mark.parametrize("code", [sqlite3.SQLITE_BUSY, sqlite3.SQLITE_BUSY_SNAPSHOT, sqlite3.SQLITE_FULL])
def test_a_busy_or_full_sqlite_passes(code: int) -> None:
    assert is_transient(sqlite_error(code))


def test_a_missing_table_is_a_fault_of_the_program() -> None:
    assert not is_transient(sqlite_error(sqlite3.SQLITE_ERROR))
    assert not is_transient(ProgrammingError("SELECT 1", {}, psycopg.errors.UndefinedTable("no table")))


@pytest.mark.parametrize(
    "error",
    [
        psycopg.errors.DeadlockDetected("deadlock"),
        psycopg.errors.LockNotAvailable("lock"),
        psycopg.errors.AdminShutdown("restart"),
        psycopg.OperationalError("connection refused"),
    ],
)
def test_what_postgresql_calls_operational_passes(error: Exception) -> None:
    assert is_transient(OperationalError("SELECT 1", {}, error))


def test_a_lost_connection_and_an_exhausted_pool_pass() -> None:
    assert is_transient(DBAPIError("SELECT 1", {}, Exception("gone"), connection_invalidated=True))
    assert is_transient(PoolTimeout("no connection"))


def test_the_cause_of_an_error_counts() -> None:
    with pytest.raises(ValueError) as caught:
        raise ValueError("around it") from sqlite_error(sqlite3.SQLITE_BUSY)
    assert is_transient(caught.value)


def test_a_broken_rule_is_no_passing_trouble() -> None:
    assert not is_transient(IntegrityError("INSERT", {}, psycopg.errors.UniqueViolation("twice")))
    assert not is_transient(ValueError("wrong"))
