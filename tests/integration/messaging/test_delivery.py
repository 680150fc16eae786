"""From outbox to inbox through a real Redis and a real worker process."""

from __future__ import annotations

import statistics
import time
from dataclasses import replace
from functools import partial

from sqlalchemy import select

from shared.database import Database
from shared.messaging import outbox
from shared.messaging.broker import Broker
from shared.models.plumbing_tables import audit_of
from shared.request_context import request_context
from shared.topology import Service
from tests.fixtures.databases import DatabaseFor
from tests.fixtures.waiting import wait_until
from tests.integration.messaging.effects import attempts, effects, inbox_count
from tests.integration.messaging.probe_messages import Probe
from tests.integration.messaging.worker_processes import StartWorker


def has_handled(database: Database, count: int) -> bool:
    return inbox_count(database) == count


def test_messages_and_their_copies_have_one_effect_each(
    any_database: str, redis_url: str, database_for: DatabaseFor, start_worker: StartWorker
) -> None:
    start_worker()
    points, broker = database_for(Service.POINTS), Broker(redis_url)
    with database_for(Service.INTAKE).transaction() as session:
        outbox.send_all(session, [Probe(f"single {number}") for number in range(50)])
    for number in range(50):
        envelope = replace(outbox.envelope_of(Probe(f"tripled {number}")), request_id="request-17")
        for copy in (1, 2, 3):
            broker.send([envelope.as_copy(copy)])
    broker.close()
    wait_until(lambda: inbox_count(points) == 100 and not attempts(points), timeout=30)
    assert set(effects(points).values()) == {1}
    assert len(effects(points)) == 100


def test_the_request_id_goes_through_two_services(
    any_database: str, redis_url: str, database_for: DatabaseFor, start_worker: StartWorker
) -> None:
    worker = start_worker()
    with request_context("request-17"), database_for(Service.INTAKE).transaction() as session:
        outbox.send(session, Probe("there and back", "echo"))
    wait_until(lambda: effects(database_for(Service.INTAKE)), timeout=20)
    for service in (Service.POINTS, Service.INTAKE):
        with database_for(service).reading() as session:
            assert list(session.scalars(select(audit_of(service).c.request_id))) == ["request-17"]
    wait_until(lambda: worker.log.read_text().count("request_id=request-17") >= 2)


def test_a_message_is_handled_within_a_moment(
    any_database: str,
    redis_url: str,
    database_for: DatabaseFor,
    start_worker: StartWorker,
) -> None:
    start_worker(processes=1)
    intake, points = database_for(Service.INTAKE), database_for(Service.POINTS)
    seconds = []
    for number in range(20):
        with intake.transaction() as session:
            outbox.send(session, Probe(str(number)))
        started = time.perf_counter()
        wait_until(partial(has_handled, points, number + 1), every=0.002)
        seconds.append(time.perf_counter() - started)
    # Typical is some 25 ms; the bound only catches a message that waited for the relay.
    assert statistics.median(seconds) < 1
