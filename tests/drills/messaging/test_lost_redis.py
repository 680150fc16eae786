"""Redis holds no truth: it is killed, flushed and cut off while messages are sent, and each arrives exactly once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import redis as redis_client

from shared.database import Database
from shared.heartbeat import age_of, heartbeat_path
from shared.messaging.relay import EPOCH_KEY
from shared.settings import settings
from shared.topology import Service
from tests.drills.messaging.houses import MortalRedis, let_time_pass, send
from tests.fixtures.databases import DatabaseFor
from tests.fixtures.waiting import wait_until
from tests.integration.messaging.effects import effects, inbox_count, waiting_count
from tests.integration.messaging.links import Link
from tests.integration.messaging.probe_messages import Probe
from tests.integration.messaging.worker_processes import StartProcess, StartWorker


@pytest.fixture(params=[False, True], ids=["forgetful", "durable"])
def mortal_redis(
    request: pytest.FixtureRequest, tmp_path: Path, any_database: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[MortalRedis]:
    """A running Redis that the settings name; a forgetful one is empty after each start."""
    server = MortalRedis(tmp_path / "redis", durable=request.param)
    server.start()
    monkeypatch.setenv("REDIS_URL", server.url)
    settings.cache_clear()
    yield server
    server.kill()


def probes(kind: str, count: int = 40) -> list[Probe]:
    return [Probe(f"{kind} {number}") for number in range(count)]


def everything_once(intake: Database, points: Database, count: int) -> None:
    """Wait until nothing waits, and check that every message had its effect, and once."""
    wait_until(lambda: inbox_count(points) >= count, timeout=90)
    wait_until(lambda: waiting_count(intake) == 0, timeout=30)
    found = effects(points)
    assert len(found) == count
    assert set(found.values()) == {1}


def test_nothing_is_lost_or_doubled_when_redis_is_killed_and_flushed_under_load(
    mortal_redis: MortalRedis, database_for: DatabaseFor, start_worker: StartWorker, start_process: StartProcess
) -> None:
    intake, points = database_for(Service.INTAKE), database_for(Service.POINTS)
    start_process("relay", ["shared.messaging.relay"], XZ_RELAY_INTERVAL_SECONDS="0.2")
    start_worker()
    send(intake, probes("before"))
    mortal_redis.flush()
    send(intake, probes("after the flush"))
    mortal_redis.kill()
    send(intake, probes("without Redis"))
    mortal_redis.start()
    send(intake, probes("after the kill"))
    mortal_redis.flush()
    # The last sendings before a crash of a durable Redis are found by their age, not by the epoch.
    let_time_pass(intake)
    everything_once(intake, points, 160)


def test_a_restarted_relay_knows_the_epoch_and_sends_nothing_twice(
    sqlite_database: str, redis_url: str, database_for: DatabaseFor, start_process: StartProcess
) -> None:
    client = redis_client.Redis.from_url(redis_url)
    first = start_process("relay", ["shared.messaging.relay"], XZ_RELAY_INTERVAL_SECONDS="0.2")
    wait_until(lambda: client.get(EPOCH_KEY) not in (None, b"unfinished"), timeout=30)
    send(database_for(Service.INTAKE), probes("sent", 5))
    wait_until(lambda: client.llen("points") == 5)
    assert first.stop() == 0
    again = start_process("relay", ["shared.messaging.relay"], XZ_RELAY_INTERVAL_SECONDS="0.2")
    wait_until(lambda: again.log.read_text().count("relay_started") == 2, timeout=30)
    assert again.stop() == 0
    assert client.llen("points") == 5


def test_a_half_open_link_is_noticed_and_messages_come_through_again(
    any_database: str,
    redis_url: str,
    link: Link,
    database_for: DatabaseFor,
    start_worker: StartWorker,
    start_process: StartProcess,
) -> None:
    intake, points = database_for(Service.INTAKE), database_for(Service.POINTS)
    start_worker(REDIS_URL=link.url)
    start_process("relay", ["shared.messaging.relay"], REDIS_URL=link.url, XZ_RELAY_INTERVAL_SECONDS="0.2")
    send(intake, probes("before", 5))
    wait_until(lambda: len(effects(points)) == 5, timeout=30)
    link.swallow()
    send(intake, probes("into the void", 5))
    link.mend()
    let_time_pass(intake)
    everything_once(intake, points, 10)


def relay_that_knows_the_epoch(redis: MortalRedis, start_process: StartProcess) -> None:
    """Start a relay and wait until it has nothing left to send again, so that what follows is sent once."""
    start_process("relay", ["shared.messaging.relay"], XZ_RELAY_INTERVAL_SECONDS="0.2")
    with redis_client.Redis.from_url(redis.url) as client:
        wait_until(lambda: client.get(EPOCH_KEY) not in (None, b"unfinished"), timeout=30)


def test_work_that_goes_on_while_redis_restarts_has_one_effect(
    mortal_redis: MortalRedis,
    database_for: DatabaseFor,
    start_worker: StartWorker,
    start_process: StartProcess,
    tmp_path: Path,
) -> None:
    intake, points, path = database_for(Service.INTAKE), database_for(Service.POINTS), tmp_path / "starts"
    worker = start_worker()
    relay_that_knows_the_epoch(mortal_redis, start_process)
    send(intake, [Probe("long", "hold", str(path))])
    wait_until(path.exists, timeout=60)
    mortal_redis.kill()
    wait_until(lambda: "Connection to broker lost" in worker.log.read_text(), timeout=60)
    mortal_redis.start()
    (tmp_path / "starts.go").touch()
    send(intake, probes("after", 5))
    let_time_pass(intake)
    everything_once(intake, points, 6)
    assert worker.process.poll() is None


def test_a_worker_whose_every_message_ends_without_redis_hears_it_again(
    mortal_redis: MortalRedis,
    database_for: DatabaseFor,
    start_worker: StartWorker,
    start_process: StartProcess,
    tmp_path: Path,
) -> None:
    intake, points, path = database_for(Service.INTAKE), database_for(Service.POINTS), tmp_path / "starts"
    worker = start_worker(processes=1)
    relay_that_knows_the_epoch(mortal_redis, start_process)
    send(intake, [Probe("long", "hold", str(path))])
    wait_until(path.exists, timeout=60)
    mortal_redis.kill()
    (tmp_path / "starts.go").touch()
    wait_until(lambda: "Couldn't ack" in worker.log.read_text(), timeout=60)
    mortal_redis.start()
    send(intake, probes("after", 5))
    let_time_pass(intake)
    everything_once(intake, points, 6)
    assert worker.process.poll() is None


def test_a_worker_that_waits_for_redis_is_seen_to_be_alive(
    sqlite_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, start_worker: StartWorker
) -> None:
    server = MortalRedis(tmp_path / "redis", durable=False)
    server.start()
    monkeypatch.setenv("REDIS_URL", server.url)
    worker = start_worker()
    server.kill()
    wait_until(lambda: "Cannot connect to" in worker.log.read_text(), timeout=30)
    for _ in range(2):
        heartbeat_path("probe").unlink(missing_ok=True)
        wait_until(lambda: age_of("probe") is not None, timeout=30)
    assert worker.stop() == 0
