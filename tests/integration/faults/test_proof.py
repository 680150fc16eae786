"""The drill's proof finds a broken chain, a message handled twice and words of a petition where they do not belong."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from shared import audit
from shared.database import Database
from shared.identity.principal import Grant, Principal, Role
from shared.models.base import now
from shared.models.petitions import NumberSeries
from shared.models.plumbing_tables import audit_of
from shared.models.registry import Township
from shared.topology import Service
from tests.faults import proof
from tests.faults.accounting import Held
from tests.faults.holdings import read_rows
from tests.faults.journal import Journal
from tests.faults.petitions import SECRET
from tests.fixtures.databases import DatabaseFor

CADRE = Principal(1, "account:7", person_id=7, grants=(Grant(Role.CADRE, village_id=3),))


@pytest.fixture
def points(postgresql_database: str, database_for: DatabaseFor) -> Database:
    return database_for(Service.POINTS)


def write(database: Database, *purposes: str) -> None:
    with database.transaction() as session:
        for number, purpose in enumerate(purposes):
            audit.record(session, CADRE, "review_event", "event", number, purpose=purpose)


def test_a_chain_of_audit_lines_is_proved_until_one_is_changed(points: Database) -> None:
    write(points, "核对", "核对", "核对")
    with points.transaction() as session:
        audit.chain_new_rows(session)
        assert proof.unproved_audits(session, now()) == []
        table = audit_of(Service.POINTS)
        session.execute(update(table).where(table.c.seq == 2).values(purpose="别的"))
        assert proof.unproved_audits(session, now()) == ["audit of points: line 2 does not follow from those before it"]


def test_lines_that_no_link_holds_are_told_unless_they_are_newer_than_the_load(points: Database) -> None:
    write(points, "核对", "核对")
    with points.reading() as session:
        later = now() + timedelta(seconds=1)
        assert proof.unproved_audits(session, later) == ["audit of points: 2 lines are not chained"]
        assert proof.unproved_audits(session, later - timedelta(days=1)) == []


def test_numbers_of_the_register_that_lead_nowhere_are_counted(points: Database, tmp_path: Path) -> None:
    with points.transaction() as session:
        township = Township(code="431230203", name="演练乡", is_demo=True)
        session.add(township)
        session.flush()
        session.add(NumberSeries(township_id=township.id, year=2026, last=3))
    held = Held()
    with points.reading() as session:
        read_rows(session, held, Journal(), tmp_path, now())
    assert held.number_gaps == 3


def test_words_of_a_petition_are_found_in_whatever_table_they_stand(points: Database) -> None:
    write(points, "核对")
    with points.reading() as session:
        assert proof.leaks_in_tables(session) == []
    write(points, f"核对 {SECRET} 3f")
    with points.reading() as session:
        assert proof.leaks_in_tables(session) == ["words of petitions stand in 1 rows of points_audit"]


@pytest.mark.parametrize("words", [SECRET, SECRET.encode("ascii", "backslashreplace").decode()])
def test_words_of_a_petition_are_found_in_files_plain_and_as_json(tmp_path: Path, words: str) -> None:
    (tmp_path / "log").mkdir()
    (tmp_path / "log" / "processes.log").write_text("gateway | request_answered\n")
    assert proof.leaks_in_files([tmp_path]) == []
    (tmp_path / "log" / "other.log").write_text(f"gateway | {words} 3f\n")
    assert proof.leaks_in_files([tmp_path]) == ["words of petitions stand in other.log"]


def test_a_message_is_handled_again_only_where_it_is_handled_and_not_where_it_is_repeated() -> None:
    first, second = "0f" * 4 + "-0000-0000-0000-" + "0" * 12, "0e" * 4 + "-0000-0000-0000-" + "0" * 12
    lines = [
        f"points-worker | info message_handled message=m message_id={each} seconds=0.1" for each in (first, second)
    ]
    lines.append(f"points-worker | info message_repeated message=m message_id={first} seconds=0.1")
    assert proof.handled_again(lines) == {}
    assert proof.handled_again([*lines, lines[0]]) == {first: 2}
