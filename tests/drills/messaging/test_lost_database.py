"""The database goes away in the middle of everything and comes back: nothing is lost, doubled or parked."""

from __future__ import annotations

from sqlalchemy.engine import make_url

from shared.topology import Service
from tests.drills.messaging.houses import let_time_pass, send
from tests.fixtures.databases import DatabaseFor
from tests.fixtures.postgresql_cluster import Cluster, execute
from tests.fixtures.waiting import wait_until
from tests.integration.messaging.effects import attempts, dead_letters, effects, waiting_count
from tests.integration.messaging.probe_messages import Probe
from tests.integration.messaging.worker_processes import StartProcess, StartWorker


def test_messages_survive_an_outage_of_postgresql(
    postgresql_database: str,
    postgresql_cluster: Cluster,
    redis_url: str,
    database_for: DatabaseFor,
    start_worker: StartWorker,
    start_process: StartProcess,
) -> None:
    intake, points = database_for(Service.INTAKE), database_for(Service.POINTS)
    name = make_url(postgresql_database).database
    worker = start_worker()
    relay = start_process("relay", ["shared.messaging.relay"], XZ_RELAY_INTERVAL_SECONDS="0.2")
    send(intake, [Probe(f"before {number}") for number in range(20)])
    wait_until(lambda: len(effects(points)) == 20, timeout=30)

    send(intake, [Probe(f"during {number}") for number in range(20)])
    execute(postgresql_cluster.url, f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
    kill = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
    execute(postgresql_cluster.url, kill)
    wait_until(lambda: "relay_waits" in relay.log.read_text(), timeout=30)
    execute(postgresql_cluster.url, f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')

    let_time_pass(intake)
    wait_until(lambda: waiting_count(intake) == 0, timeout=60)
    assert len(effects(points)) == 40
    assert set(effects(points).values()) == {1}
    assert dead_letters(points) == {}
    assert attempts(points) == {}
    assert worker.process.poll() is None
    assert relay.process.poll() is None
