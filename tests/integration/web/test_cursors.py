"""Lists by cursor: every row once, in order, whatever comes in between."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from shared.models.plumbing import AUDIT
from shared.topology import Service
from shared.web import page_of
from shared.web.refusals import Malformed
from tests.fixtures.databases import DatabaseFor

Audit: Any = AUDIT[Service.POINTS]
START = datetime(2026, 10, 1, tzinfo=UTC)


@pytest.fixture
def filled(any_database: str, database_for: DatabaseFor) -> DatabaseFor:
    """Twenty-three lines, four of which share each instant."""
    with database_for(Service.POINTS).transaction() as session:
        for number in range(23):
            at = START + timedelta(minutes=number // 4)
            session.add(Audit(at=at, actor=f"a{number:02d}", action="x", subject_kind="k", subject_id="1"))
    return database_for


def walk(session: Session, limit: int, *, descending: bool) -> list[int]:
    found: list[int] = []
    cursor = None
    while True:
        page = page_of(session, select(Audit), [Audit.at, Audit.id], cursor=cursor, limit=limit, descending=descending)
        found += [row.id for row in page.items]
        cursor = page.next_cursor
        if cursor is None:
            return found


@pytest.mark.parametrize("limit", [1, 4, 7, 23, 100])
@pytest.mark.parametrize("descending", [False, True])
def test_every_row_comes_once_and_in_order(filled: DatabaseFor, limit: int, descending: bool) -> None:
    with filled(Service.POINTS).reading() as session:
        order = [Audit.at.desc(), Audit.id.desc()] if descending else [Audit.at, Audit.id]
        wanted = list(session.scalars(select(Audit.id).order_by(*order)))
        assert walk(session, limit, descending=descending) == wanted


def test_rows_that_come_in_between_move_nothing(filled: DatabaseFor) -> None:
    database = filled(Service.POINTS)
    with database.reading() as session:
        first = page_of(session, select(Audit), [Audit.actor], cursor=None, limit=5)
    with database.transaction() as session:
        session.add(Audit(at=START, actor="a00x", action="x", subject_kind="k", subject_id="1"))
    with database.reading() as session:
        second = page_of(session, select(Audit), [Audit.actor], cursor=first.next_cursor, limit=5)
    assert [row.actor for row in second.items] == ["a05", "a06", "a07", "a08", "a09"]


@pytest.mark.parametrize(
    "cursor",
    [
        "nonsense",
        "e30",
        "W10",
        "WzEsMl0",
        "WyJhIl0",
        "中文",
        "WyIyMDI2LTEwLTAxIiwxXQ",
        "WyIyMDI2IiwgW1tdXV0",
        "a" * 399,
    ],
)
def test_a_cursor_of_somewhere_else_is_refused(filled: DatabaseFor, cursor: str) -> None:
    with filled(Service.POINTS).reading() as session, pytest.raises(Malformed):
        page_of(session, select(Audit), [Audit.at, Audit.id], cursor=cursor, limit=5)
