"""Deciding a message: a row of the sender's transaction, handed over when it commits."""

from __future__ import annotations

import base64
import json
from datetime import timedelta

import pytest
import redis as redis_client
from sqlalchemy import select

from shared.database import Database
from shared.messaging import outbox
from shared.messaging.publisher import publisher
from shared.models.base import now
from shared.models.plumbing_tables import outbox_of
from shared.request_context import request_context
from shared.settings import settings
from shared.topology import Service
from tests.fixtures.databases import DatabaseFor
from tests.integration.messaging.effects import waiting_count
from tests.integration.messaging.probe_messages import Probe


@pytest.fixture
def intake(any_database: str, redis_url: str, database_for: DatabaseFor) -> Database:
    return database_for(Service.INTAKE)


def queued(redis_url: str) -> list[str]:
    """The keys of the probes that lie in Redis, oldest first."""
    assert publisher().wait_until_idle(60)
    with redis_client.Redis.from_url(redis_url) as client:
        raw = client.lrange("points", 0, -1)
    envelopes = [json.loads(redis_body(each))[0][0] for each in reversed(raw)]
    return [json.loads(envelope["body"])["key"] for envelope in envelopes]


def redis_body(raw: bytes) -> str:
    return base64.b64decode(json.loads(raw)["body"]).decode()


def test_a_message_is_sent_after_the_commit_and_never_before(intake: Database, redis_url: str) -> None:
    with intake.transaction() as session:
        assert outbox.send(session, Probe("a"))
        assert queued(redis_url) == []
    assert queued(redis_url) == ["a"]
    assert waiting_count(intake) == 1


def test_a_message_of_a_rolled_back_transaction_leaves_nothing(intake: Database, redis_url: str) -> None:
    session = intake.open_session(write=True)
    outbox.send(session, Probe("a"))
    session.rollback()
    session.commit()
    session.close()
    assert queued(redis_url) == []
    assert waiting_count(intake) == 0


def test_a_message_of_a_rolled_back_savepoint_leaves_nothing(intake: Database, redis_url: str) -> None:
    with intake.transaction() as session:
        outbox.send(session, Probe("before"))
        with session.begin_nested():
            outbox.send(session, Probe("kept"))
        nested = session.begin_nested()
        outbox.send(session, Probe("dropped"))
        nested.rollback()
        outbox.send(session, Probe("after"))
    assert queued(redis_url) == ["before", "kept", "after"]
    assert waiting_count(intake) == 3


def test_a_slot_is_taken_once(intake: Database, redis_url: str) -> None:
    with intake.transaction() as session:
        assert outbox.send(session, Probe("a"), slot="probe@1")
        assert outbox.send(session, Probe("b"), slot="probe@1") is None
    with intake.transaction() as session:
        assert outbox.send(session, Probe("c"), slot="probe@1") is None
        assert outbox.send(session, Probe("d"), slot="probe@2")
    assert queued(redis_url) == ["a", "d"]


def test_a_delayed_message_is_a_row_and_not_a_countdown(intake: Database, redis_url: str) -> None:
    later = now() + timedelta(hours=1)
    with intake.transaction() as session:
        outbox.send(session, Probe("a"), available_at=later)
    assert queued(redis_url) == []
    with intake.reading() as session:
        row = session.execute(select(outbox_of(Service.INTAKE))).one()
    assert (row.sends, row.next_send_at) == (0, later)


def test_many_messages_are_sent_in_order(intake: Database, redis_url: str) -> None:
    with intake.transaction() as session:
        ids = outbox.send_all(session, [Probe(str(number)) for number in range(100)])
    assert len(set(ids)) == 100
    assert queued(redis_url) == [str(number) for number in range(100)]


def test_a_message_carries_the_request_id(intake: Database, redis_url: str) -> None:
    with request_context("request-17"), intake.transaction() as session:
        outbox.send(session, Probe("a"))
    with intake.reading() as session:
        assert session.scalar(select(outbox_of(Service.INTAKE).c.request_id)) == "request-17"


def test_a_commit_does_not_wait_for_a_broker_that_never_answers(
    intake: Database, redis_url: str, silent_server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REDIS_URL", silent_server)
    settings.cache_clear()
    started = now()
    with intake.transaction() as session:
        outbox.send(session, Probe("a"))
    assert (now() - started).total_seconds() < 1
    assert waiting_count(intake) == 1
