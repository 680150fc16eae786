"""Receiving: one effect however often a message comes, counted failures, dead letters and sending them again."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, select, text

from shared.database import Database
from shared.errors import Conflict, NotFound
from shared.identity.principal import Grant, Principal, Role
from shared.messaging import outbox
from shared.messaging.attempts import MAX_ATTEMPTS, count_start, uncount_start
from shared.messaging.dead_letters import resend_dead_letter, summarise_outbox
from shared.messaging.envelope import Envelope
from shared.messaging.inbox import Delivery, Outcome, receive
from shared.messaging.outbox import envelope_of
from shared.messaging.waiting_rows import mark_handled
from shared.models.plumbing_tables import audit_of, inbox_of, outbox_of
from shared.request_context import request_context
from shared.topology import Service
from tests.fixtures.databases import DatabaseFor
from tests.fixtures.waiting import wait_until
from tests.integration.messaging import probe_tasks
from tests.integration.messaging.effects import attempts, dead_letters, effects, inbox_count
from tests.integration.messaging.probe_messages import Probe

OPERATOR = Principal(1, "person:1", person_id=1, grants=(Grant(Role.OPERATOR),))
HANDLED_HERE = probe_tasks.__name__


@pytest.fixture
def points(any_database: str, redis_url: str, database_for: DatabaseFor) -> Database:
    return database_for(Service.POINTS)


def delivery_of(envelope: Envelope, *, copy: int = 1, redelivered: bool = False) -> Delivery:
    return Delivery(envelope.name, envelope.id, envelope.as_copy(copy).as_json(), redelivered)


def raw_delivery(envelope: Envelope, **changes: Any) -> Delivery:
    return Delivery(envelope.name, envelope.id, {**envelope.as_json(), **changes})


def test_a_second_delivery_does_nothing(points: Database) -> None:
    envelope = envelope_of(Probe("a"))
    assert receive(points, delivery_of(envelope)) is Outcome.HANDLED
    assert receive(points, delivery_of(envelope)) is Outcome.REPEATED
    assert receive(points, delivery_of(envelope, copy=2, redelivered=True)) is Outcome.REPEATED
    assert effects(points) == {"a": 1}
    assert attempts(points) == {}


def test_two_copies_at_once_have_one_effect_and_the_second_does_not_wait(
    points: Database, database_for: DatabaseFor, tmp_path: Path
) -> None:
    path = tmp_path / "starts"
    envelope = envelope_of(Probe("a", "hold", str(path)))
    with ThreadPoolExecutor() as pool:
        first = pool.submit(receive, points, delivery_of(envelope))
        wait_until(path.exists)
        second = pool.submit(receive, points, delivery_of(envelope, copy=2))
        if points.dialect == "postgresql":
            assert second.result(5) is Outcome.REPEATED
            assert not first.done()
        (tmp_path / "starts.go").touch()
        assert first.result(10) is Outcome.HANDLED
        assert second.result(10) is Outcome.REPEATED
    assert effects(points) == {"a": 1}
    assert attempts(points) == {}
    assert len(path.read_text().splitlines()) == 1


def test_many_copies_at_once_have_one_effect(points: Database) -> None:
    envelopes = [envelope_of(Probe(str(number))) for number in range(20)]
    gate = threading.Barrier(4)

    def deliver() -> list[Outcome]:
        gate.wait()
        return [receive(points, delivery_of(envelope)) for envelope in envelopes]

    with ThreadPoolExecutor(4) as pool:
        outcomes = [outcome for each in [pool.submit(deliver) for _ in range(4)] for outcome in each.result(60)]
    assert sorted(outcomes).count(Outcome.HANDLED) == 20
    assert set(outcomes) == {Outcome.HANDLED, Outcome.REPEATED}
    assert effects(points) == {str(number): 1 for number in range(20)}


def test_a_failure_leaves_nothing_but_its_count(points: Database) -> None:
    envelope = envelope_of(Probe("a", "fail"))
    assert receive(points, delivery_of(envelope)) is Outcome.FAILED
    assert effects(points) == {}
    assert inbox_count(points) == 0
    assert attempts(points) == {envelope.id: 1}


def test_a_message_that_succeeds_at_last_is_handled_and_its_count_forgotten(points: Database, tmp_path: Path) -> None:
    envelope = envelope_of(Probe("a", "fail_once", str(tmp_path / "starts")))
    assert receive(points, delivery_of(envelope)) is Outcome.FAILED
    assert receive(points, delivery_of(envelope, copy=2)) is Outcome.HANDLED
    assert effects(points) == {"a": 1}
    assert attempts(points) == {}


def test_the_fifth_failure_parks_the_message(points: Database) -> None:
    envelope = envelope_of(Probe("a", "fail"))
    outcomes = [receive(points, delivery_of(envelope, copy=copy)) for copy in range(1, 7)]
    assert outcomes == [Outcome.FAILED] * 4 + [Outcome.DEAD, Outcome.REPEATED]
    error, count = dead_letters(points)[envelope.id]
    assert error.startswith("RuntimeError: this probe always fails (handle_probe, line ")
    assert count == MAX_ATTEMPTS
    assert inbox_count(points) == 1
    assert attempts(points) == {}
    assert effects(points) == {}


def test_starts_that_never_end_are_counted_too(points: Database) -> None:
    envelope = envelope_of(Probe("a"))
    with points.transaction() as session:
        # The first start was never counted: the second one counts both.
        assert [count_start(session, envelope.id) for _ in range(4)] == [(2, 2), (3, 1), (4, 1), (5, 1)]
    assert receive(points, delivery_of(envelope, redelivered=True)) is Outcome.DEAD
    assert dead_letters(points)[envelope.id][1] == MAX_ATTEMPTS
    assert effects(points) == {}


def test_a_start_after_counted_failures_counts_for_itself(points: Database) -> None:
    envelope = envelope_of(Probe("a", "fail"))
    assert receive(points, delivery_of(envelope)) is Outcome.FAILED
    with points.transaction() as session:
        assert count_start(session, envelope.id) == (2, 1)


@pytest.mark.parametrize("failures", [0, 1])
def test_a_start_that_is_taken_back_leaves_the_count_as_it_was(points: Database, failures: int) -> None:
    envelope = envelope_of(Probe("a", "fail"))
    for _ in range(failures):
        receive(points, delivery_of(envelope))
    before = attempts(points)
    with points.transaction() as session:
        _, added = count_start(session, envelope.id)
        uncount_start(session, envelope.id, added)
    assert attempts(points) == before


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"version": 3}, "version 3 is not one of [1, 2]"),
        ({"body": "{}"}, "Missing data for required field"),
        ({"body": "no json"}, "points.probe"),
        ({"name": "points.nobody"}, "the envelope names points.nobody"),
        ({"queue": "nowhere"}, "queue 'nowhere' does not exist"),
        ({"version": "2"}, "no whole number"),
        ({"id": None}, "id is missing"),
    ],
)
def test_an_unreadable_message_is_parked_at_once(points: Database, changes: dict[str, Any], words: str) -> None:
    envelope = envelope_of(Probe("a"))
    assert receive(points, raw_delivery(envelope, **changes)) is Outcome.DEAD
    assert words in dead_letters(points)[envelope.id][0]
    assert inbox_count(points) == 1
    assert receive(points, raw_delivery(envelope, **changes)) is Outcome.REPEATED


def test_what_is_no_envelope_is_parked_under_the_tasks_id(points: Database) -> None:
    assert receive(points, Delivery("points.probe", "task-1", [1, 2])) is Outcome.DEAD
    assert list(dead_letters(points)) == ["task-1"]


def test_the_previous_version_is_accepted(points: Database) -> None:
    envelope = envelope_of(Probe("a"))
    body = '{"key":"old","deed":"work","path":""}'
    assert receive(points, raw_delivery(envelope, version=1, body=body)) is Outcome.HANDLED
    assert effects(points) == {"old": 1}


def test_what_a_handler_sends_carries_the_request_id_of_what_it_received(points: Database) -> None:
    with request_context("request-17"):
        envelope = envelope_of(Probe("a", "echo"))
    assert receive(points, delivery_of(envelope)) is Outcome.HANDLED
    with points.reading() as session:
        sent = session.execute(select(outbox_of(Service.POINTS))).one()
        noted = session.scalar(select(audit_of(Service.POINTS).c.request_id))
    assert (sent.name, sent.request_id, noted) == ("intake.probe_echo", "request-17", "request-17")


def test_a_dead_letter_that_is_sent_again_is_handled(points: Database) -> None:
    envelope = envelope_of(Probe("a", "fail"))
    for copy in range(1, 6):
        receive(points, delivery_of(envelope, copy=copy))
    mended = envelope_of(Probe("a")).body
    with points.transaction() as session:
        resend_dead_letter(session, OPERATOR, envelope.id)
    assert dead_letters(points) == {}
    assert inbox_count(points) == 0
    with points.reading() as session:
        row = session.execute(select(outbox_of(Service.POINTS))).one()
        assert (row.message_id, row.done_at, row.sends) == (envelope.id, None, 1)
        assert summarise_outbox(session).waiting == 1
    assert receive(points, raw_delivery(envelope, body=mended)) is Outcome.HANDLED


def test_a_dead_letter_that_a_service_sent_itself_goes_out_by_the_same_row(points: Database) -> None:
    with points.transaction() as session:
        message_id = outbox.send(session, Probe("a"))
    with points.reading() as session:
        row = session.execute(select(outbox_of(Service.POINTS))).one()
    receive(
        points,
        Delivery(row.name, row.message_id, {**envelope_of(Probe("a")).as_json(), "id": message_id, "version": 9}),
    )
    assert mark_handled(points, Service.POINTS) == 1
    with points.transaction() as session:
        resend_dead_letter(session, OPERATOR, row.message_id)
    with points.reading() as session:
        again = session.execute(select(outbox_of(Service.POINTS))).one()
    assert (again.id, again.done_at, again.sends) == (row.id, None, 1)


def test_a_dead_letter_is_sent_again_once(points: Database) -> None:
    envelope = envelope_of(Probe("a"))
    receive(points, raw_delivery(envelope, version=9))
    with points.transaction() as session:
        resend_dead_letter(session, OPERATOR, envelope.id)
    with pytest.raises(NotFound), points.transaction() as session:
        resend_dead_letter(session, OPERATOR, envelope.id)


def test_a_letter_that_is_no_envelope_stays_where_it_is(points: Database) -> None:
    receive(points, Delivery("points.probe", "task-1", "rubbish"))
    with pytest.raises(Conflict), points.transaction() as session:
        resend_dead_letter(session, OPERATOR, "task-1")
    assert list(dead_letters(points)) == ["task-1"]
    with points.reading() as session:
        assert session.scalar(select(inbox_of(Service.POINTS).c.message_id)) == "task-1"


def test_a_lost_connection_is_tried_again_and_not_counted(
    postgresql_database: str, redis_url: str, database_for: DatabaseFor, tmp_path: Path
) -> None:
    points = database_for(Service.POINTS)
    envelope = envelope_of(Probe("a", "lose_connection", str(tmp_path / "starts")))
    assert receive(points, delivery_of(envelope)) is Outcome.HANDLED
    assert effects(points) == {"a": 1}
    assert attempts(points) == {}


def test_a_lock_that_does_not_come_is_not_counted(
    postgresql_database: str, redis_url: str, database_for: DatabaseFor
) -> None:
    points = database_for(Service.POINTS)
    envelope = envelope_of(Probe("a"))
    impatient = Database(postgresql_database, Service.POINTS)
    event.listen(impatient.engine, "begin", lambda each: each.exec_driver_sql("SET LOCAL lock_timeout = '100ms'"))
    with points.transaction() as session:
        session.execute(text("LOCK TABLE points_audit IN EXCLUSIVE MODE"))
        assert receive(impatient, delivery_of(envelope, copy=2)) is Outcome.POSTPONED
    assert attempts(points) == {}
    assert receive(points, delivery_of(envelope, copy=3)) is Outcome.HANDLED
    assert effects(points) == {"a": 1}
    impatient.dispose()
