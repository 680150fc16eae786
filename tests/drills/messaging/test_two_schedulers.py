"""Two schedulers, a relay and a worker as real processes: each slot is handled once."""

from __future__ import annotations

from collections import Counter

from sqlalchemy import select

from shared.database import Database
from shared.models.plumbing_tables import inbox_of, outbox_of
from shared.topology import Service
from tests.fixtures.databases import DatabaseFor
from tests.fixtures.waiting import wait_until
from tests.integration.messaging.worker_processes import StartProcess, StartWorker


def handled_slots(points: Database) -> Counter[str]:
    outbox, inbox = outbox_of(Service.POINTS), inbox_of(Service.POINTS)
    handled = select(outbox.c.slot).join(inbox, inbox.c.message_id == outbox.c.message_id)
    with points.reading() as session:
        return Counter(session.scalars(handled.where(outbox.c.name == "points.chain_audit")))


def test_two_schedulers_are_harmless(
    any_database: str,
    redis_url: str,
    database_for: DatabaseFor,
    start_worker: StartWorker,
    start_process: StartProcess,
) -> None:
    pair = [start_process(f"scheduler-{number}", ["shared.messaging.scheduler"]) for number in (1, 2)]
    start_process("relay", ["shared.messaging.relay"], XZ_RELAY_INTERVAL_SECONDS="0.2")
    start_worker(processes=1)
    points = database_for(Service.POINTS)
    # The next minute is at most a minute away; the present one is due at once.
    wait_until(lambda: len(handled_slots(points)) >= 2, timeout=100)
    assert set(handled_slots(points).values()) == {1}
    for scheduler in pair:
        assert scheduler.stop() == 0
    with points.reading() as session:
        slots = list(session.scalars(select(outbox_of(Service.POINTS).c.slot)))
    assert len(slots) == len(set(slots))
