"""The publisher: never in the way of a commit, patient with Redis, at home in forked processes."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import redis as redis_client
from kombu.exceptions import OperationalError

from shared.messaging import outbox
from shared.messaging.broker import Broker
from shared.messaging.outbox import envelope_of
from shared.messaging.publisher import Publisher, publisher
from shared.topology import Queue, Service
from tests.drills.messaging.houses import MortalRedis
from tests.fixtures.databases import DatabaseFor
from tests.fixtures.waiting import wait_until
from tests.integration.messaging.probe_messages import Probe

NOWHERE = "redis://127.0.0.1:1/0"


@pytest.fixture
def absent_redis(tmp_path: Path) -> Iterator[MortalRedis]:
    """A Redis that has an address and does not run yet."""
    server = MortalRedis(tmp_path / "redis", durable=False)
    yield server
    if server.process is not None:
        server.kill()


def test_what_could_not_be_sent_is_sent_after_a_pause_and_in_order(absent_redis: MortalRedis) -> None:
    sender = Publisher(absent_redis.url, pause_seconds=0.2)
    sender.hand([envelope_of(Probe(str(number))) for number in range(3)])
    assert not sender.wait_until_idle(0.5)
    absent_redis.start()
    assert sender.wait_until_idle(10)
    with redis_client.Redis.from_url(absent_redis.url) as client:
        assert client.llen("points") == 3
    sender.close()


def test_a_restart_of_redis_between_two_messages_is_survived(absent_redis: MortalRedis) -> None:
    sender = Publisher(absent_redis.url, pause_seconds=0.2)
    absent_redis.start()
    sender.hand([envelope_of(Probe("before"))])
    assert sender.wait_until_idle(10)
    absent_redis.kill()
    absent_redis.start()
    sender.hand([envelope_of(Probe("after"))])
    assert sender.wait_until_idle(10)
    with redis_client.Redis.from_url(absent_redis.url) as client:
        assert client.llen("points") == 1
    sender.close()


def test_what_does_not_fit_into_memory_is_the_relays(silent_server: str) -> None:
    sender = Publisher(silent_server, capacity=2)
    sender.hand([envelope_of(Probe(str(number))) for number in range(5)])
    sender.hand([envelope_of(Probe("late"))])
    assert len(sender._waiting) == 2
    sender.close(0.1)


@pytest.mark.parametrize("url", [NOWHERE, "silent"])
def test_closing_does_not_wait_for_a_broker_that_is_away(url: str, silent_server: str) -> None:
    sender = Publisher(silent_server if url == "silent" else url)
    sender.hand([envelope_of(Probe("a"))])
    started = time.monotonic()
    sender.close(0.5)
    assert time.monotonic() - started < 2


def test_a_forked_process_sends_what_it_commits(any_database: str, redis_url: str, database_for: DatabaseFor) -> None:
    intake = database_for(Service.INTAKE)
    with intake.transaction() as session:
        outbox.send(session, Probe("parent"))
    assert publisher().wait_until_idle(10)
    child = os.fork()
    if child == 0:
        try:
            with intake.transaction() as session:
                outbox.send(session, Probe("child"))
            os._exit(0 if publisher().wait_until_idle(10) else 1)
        finally:
            os._exit(2)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    with redis_client.Redis.from_url(redis_url) as client:
        assert client.llen("points") == 2
    with intake.transaction() as session:
        outbox.send(session, Probe("parent again"))
    assert publisher().wait_until_idle(10)
    with redis_client.Redis.from_url(redis_url) as client:
        wait_until(lambda: client.llen("points") == 3)


def test_a_queue_that_takes_nothing_holds_up_no_other(absent_redis: MortalRedis) -> None:
    absent_redis.start()
    probes = [envelope_of(Probe(str(number))) for number in range(3)]
    other = replace(probes[1], queue=Queue.INTAKE)
    with redis_client.Redis.from_url(absent_redis.url) as client:
        client.set("intake", "no list")
        assert Broker(absent_redis.url).send([probes[0], other, probes[2]]) == [other]
        with pytest.raises(redis_client.ResponseError, match="WRONGTYPE"):
            Broker(absent_redis.url).send([other])
        sender = Publisher(absent_redis.url, pause_seconds=60)
        sender.hand([probes[0], other, probes[2]])
        assert sender.wait_until_idle(10)
        assert client.llen("points") == 4
        sender.close()


def test_a_refused_connection_is_known_at_once() -> None:
    """Whoever sends waits by itself between tries; six seconds of kombu's own would hold up a pass of the relay."""
    broker = Broker(NOWHERE)
    started = time.monotonic()
    with pytest.raises(OperationalError):
        broker.send([envelope_of(Probe("refused"))])
    assert time.monotonic() - started < 2
