"""The audit log: written with the change, chained after it, and proved."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import delete, event, insert, select, update

from shared import audit
from shared.audit_api import audit_blueprint
from shared.database import Database
from shared.identity.principal import Grant, Principal, Role
from shared.messages.plumbing import CHAIN_AUDIT
from shared.messaging import tasks
from shared.messaging.inbox import Delivery, Outcome, receive
from shared.messaging.outbox import envelope_of
from shared.models.plumbing_tables import audit_of
from shared.request_context import request_context
from shared.topology import Service
from shared.web import create_service_app
from tests.fixtures.databases import DatabaseFor

CADRE = Principal(1, "account:7", person_id=7, grants=(Grant(Role.CADRE, village_id=3),))
TABLE = audit_of(Service.POINTS)
HANDLED_HERE = tasks.__name__


@pytest.fixture
def points(any_database: str, redis_url: str, database_for: DatabaseFor) -> Database:
    return database_for(Service.POINTS)


def write(database: Database, count: int) -> None:
    with database.transaction() as session:
        for number in range(count):
            audit.record(
                session, CADRE, "review_event", "event", number, village_id=3, purpose="核对", details={"数": number}
            )


def chain(database: Database) -> int:
    with database.transaction() as session:
        return audit.chain_new_rows(session)


def verdict(database: Database) -> audit.ChainVerdict:
    with database.reading() as session:
        return audit.verify_audit(session, Service.POINTS)


def test_a_line_says_who_did_what_and_for_which_request(points: Database) -> None:
    with request_context("request-17"):
        write(points, 1)
    with points.reading() as session:
        row = session.execute(select(TABLE)).one()
    assert (row.actor, row.person_id, row.township_id, row.village_id) == ("account:7", 7, 1, 3)
    assert (row.action, row.subject_kind, row.subject_id, row.purpose) == ("review_event", "event", "0", "核对")
    assert (row.details, row.request_id, row.seq, row.digest) == ('{"数": 0}', "request-17", None, None)


def test_new_rows_are_chained_and_the_chain_holds(points: Database) -> None:
    write(points, 5)
    assert verdict(points) == audit.ChainVerdict(checked=0, unchained=5)
    assert chain(points) == 5
    write(points, 3)
    assert chain(points) == 3
    assert chain(points) == 0
    write(points, 1)
    assert verdict(points) == audit.ChainVerdict(checked=8, unchained=1)
    assert verdict(points).holds


def test_a_row_that_was_committed_late_is_chained_later(points: Database) -> None:
    write(points, 2)
    with points.transaction() as session:
        session.execute(update(TABLE).where(TABLE.c.id == 1).values(id=1001))
    chain(points)
    with points.transaction() as session:
        session.execute(insert(TABLE).values(id=5, actor="late", action="a", subject_kind="k", subject_id="1"))
    assert chain(points) == 1
    with points.reading() as session:
        assert list(session.scalars(select(TABLE.c.id).order_by(TABLE.c.seq))) == [2, 1001, 5]
    assert verdict(points).holds


@pytest.mark.parametrize(
    "change",
    [
        update(TABLE).where(TABLE.c.seq == 3).values(actor="account:8"),
        update(TABLE).where(TABLE.c.seq == 3).values(details="{}"),
        update(TABLE).where(TABLE.c.seq == 3).values(purpose=None),
        update(TABLE).where(TABLE.c.seq == 3).values(digest="0" * 64),
        delete(TABLE).where(TABLE.c.seq == 3),
        update(TABLE).where(TABLE.c.seq == 3).values(seq=None, digest=None),
    ],
    ids=["actor", "details", "purpose", "digest", "removed", "unchained"],
)
def test_the_first_row_that_does_not_match_is_named(points: Database, change: Any) -> None:
    write(points, 6)
    chain(points)
    with points.transaction() as session:
        session.execute(change)
    broken = verdict(points)
    assert not broken.holds
    assert (broken.checked, broken.broken_seq) == (2, 3)
    with points.reading() as session:
        # Where the row itself is gone from the chain, its successor is the one that shows it.
        assert broken.broken_id in session.scalars(select(TABLE.c.id).where(TABLE.c.seq.in_([3, 4])))


def test_the_chain_is_proved_in_pieces(points: Database) -> None:
    write(points, 6)
    chain(points)
    found, after = [], 0
    with points.reading() as session:
        while True:
            piece = audit.verify_audit(session, Service.POINTS, after=after, limit=4)
            found.append((piece.checked, piece.last_seq, piece.next_after))
            if piece.next_after is None:
                break
            after = piece.next_after
        whole = audit.verify_audit(session, Service.POINTS)
    assert found == [(4, 4, 4), (2, 6, None)]
    assert piece.digest == whole.digest
    with points.transaction() as session:
        session.execute(update(TABLE).where(TABLE.c.seq == 5).values(actor="account:8"))
    with points.reading() as session:
        assert audit.verify_audit(session, Service.POINTS, after=0, limit=4).holds
        assert audit.verify_audit(session, Service.POINTS, after=4, limit=4).broken_seq == 5
        assert audit.verify_audit(session, Service.POINTS, after=99).broken_seq == 99


@pytest.mark.parametrize(("role", "status"), [(Role.AUDITOR, 200), (Role.ADMIN, 200), (Role.CADRE, 403)])
def test_admin_and_auditor_prove_the_log_over_http(points: Database, role: Role, status: int) -> None:
    write(points, 3)
    chain(points)
    who = Principal(1, "account:9", person_id=9, grants=(Grant(role),))
    app = create_service_app(
        Service.POINTS, [audit_blueprint(Service.POINTS)], database=points, authenticate=lambda: who
    )
    answer = app.test_client().get("/api/points/audit_chain?limit=2")
    assert answer.status_code == status
    if status == 200:
        told = answer.get_json()
        assert (told["holds"], told["checked"], told["next_after"], told["broken_seq"]) == (True, 2, 2, None)


def test_thousands_of_rows_are_chained_in_few_statements(points: Database) -> None:
    with points.transaction() as session:
        line = {"actor": "a", "action": "b", "subject_kind": "c", "subject_id": "d"}
        session.execute(insert(TABLE), [line] * 5000)
    statements: list[str] = []
    event.listen(points.engine, "before_cursor_execute", lambda *each: statements.append(each[2]))
    assert chain(points) == 5000
    assert len(statements) < 20
    assert verdict(points).checked == 5000


def test_the_scheduled_message_chains_the_log_of_its_service(points: Database) -> None:
    write(points, 2)
    envelope = envelope_of(CHAIN_AUDIT[Service.POINTS]())
    assert receive(points, Delivery(envelope.name, envelope.id, envelope.as_json())) is Outcome.HANDLED
    assert verdict(points) == audit.ChainVerdict(checked=2, unchained=0)
