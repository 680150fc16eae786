"""From outbox to inbox through a real Redis and a real worker process."""

from __future__ import annotations

from shared.messaging import outbox
from shared.topology import Service
from tests.fixtures.databases import DatabaseFor
from tests.fixtures.waiting import wait_until
from tests.integration.messaging.effects import effects
from tests.integration.messaging.probe_messages import Probe
from tests.integration.messaging.worker_processes import StartWorker


def test_a_committed_message_is_handled_once(
    any_database: str, redis_url: str, database_for: DatabaseFor, start_worker: StartWorker
) -> None:
    start_worker()
    with database_for(Service.INTAKE).transaction() as session:
        outbox.send(session, Probe("a"))
    wait_until(lambda: effects(database_for(Service.POINTS)))
    assert effects(database_for(Service.POINTS)) == {"a": 1}
