"""The relay shows what a deployment has only once; a worker's port shows what its children count."""

from __future__ import annotations

import json
import math
import urllib.request
from datetime import timedelta
from pathlib import Path

import pytest
import redis as redis_client
from prometheus_client import REGISTRY
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample
from sqlalchemy import insert, text

from shared.database import Database
from shared.messaging import outbox
from shared.messaging.measuring import measure_outboxes, measure_queues, measure_work
from shared.messaging.queue_standings import UNACKED, UNACKED_INDEX, QueueStanding, read_queues
from shared.messaging.relay import Relay
from shared.messaging.schedule import SCHEDULE, Scheduled
from shared.messaging.scheduler import Scheduler
from shared.models.base import now
from shared.models.plumbing_tables import dead_letters_of, inbox_of
from shared.models.points.recalculation import Recalculation, RecalculationMode, RecalculationState, Shard, ShardState
from shared.topology import Queue, Service
from tests.fixtures.databases import DatabaseFor
from tests.fixtures.township import SmallTownship
from tests.fixtures.waiting import wait_until
from tests.integration.embedded.free_ports import free_ports
from tests.integration.messaging.effects import effects
from tests.integration.messaging.probe_messages import Probe
from tests.integration.messaging.roles import as_role
from tests.integration.messaging.worker_processes import StartWorker

NIGHTLY = "points.open_quarters"


def number(name: str, **labels: str) -> float | None:
    return REGISTRY.get_sample_value(name, labels)


@pytest.fixture
def points(any_database: str, database_for: DatabaseFor) -> Database:
    return database_for(Service.POINTS)


def add_dead_letter(database: Database, message_id: str) -> None:
    letter = {"message_id": message_id, "name": "points.probe", "queue": "points", "envelope": "{}", "error": "why"}
    with database.transaction() as session:
        session.execute(insert(dead_letters_of(Service.POINTS)).values(**letter, attempts=5, died_at=now()))


def test_dead_letters_are_counted_from_their_table_by_service(points: Database) -> None:
    add_dead_letter(points, "1")
    add_dead_letter(points, "2")
    measure_work(points)
    assert number("xiangzhi_dead_letters", service="points") == 2
    assert number("xiangzhi_dead_letters", service="petitions") == 0


def test_a_task_that_is_due_and_not_done_is_late_until_it_is_done(points: Database) -> None:
    moment = now()
    Scheduler(points, [Scheduled(NIGHTLY, "10 0 * * *")]).write_due(moment)
    measure_work(points)
    late = number("xiangzhi_schedule_late_seconds", message=NIGHTLY)
    assert late is not None
    assert 0 < late <= timedelta(days=1).total_seconds()
    with points.transaction() as session:
        message_id = session.scalar(text("SELECT message_id FROM points_outbox"))
        session.execute(insert(inbox_of(Service.POINTS)).values(message_id=message_id, name=NIGHTLY, handled_at=moment))
    measure_work(points)
    assert number("xiangzhi_schedule_late_seconds", message=NIGHTLY) == 0
    assert number("xiangzhi_schedule_last_success_timestamp_seconds", message=NIGHTLY) == pytest.approx(
        moment.timestamp(), abs=1
    )


def test_every_scheduled_task_has_a_number_and_nothing_else_has(points: Database) -> None:
    measure_work(points)
    found = {sample.labels["message"] for sample in samples("xiangzhi_schedule_late_seconds")}
    assert found == {scheduled.name for scheduled in SCHEDULE}


def samples(name: str) -> list[Sample]:
    return [sample for family in REGISTRY.collect() for sample in family.samples if sample.name == name]


def test_recalculations_that_are_not_over_say_how_far_their_villages_are(
    points: Database, small_township: SmallTownship
) -> None:
    with points.transaction() as session:
        for state in (RecalculationState.PARKED, RecalculationState.DONE):
            run = Recalculation(
                township_id=small_township.id, mode=RecalculationMode.APPLY, state=state, made_by="someone"
            )
            session.add(run)
            session.flush()
            session.add_all(
                [
                    Shard(recalculation_id=run.id, village_id=small_township.villages[0].id, state=ShardState.PARKED),
                    Shard(
                        recalculation_id=run.id,
                        village_id=small_township.villages[1].id,
                        state=ShardState.DONE,
                        finished_at=now(),
                    ),
                ]
            )
    measure_work(points)
    assert number("xiangzhi_recalculations", mode="apply", state="parked") == 1
    assert number("xiangzhi_recalculations", mode="apply", state="running") == 0
    assert number("xiangzhi_recalculation_shards", state="parked") == 1
    assert number("xiangzhi_recalculation_shards", state="done") == 1


def test_the_oldest_waiting_row_is_told_in_seconds_by_service(points: Database) -> None:
    with points.transaction() as session:
        outbox.send(session, Probe("a"))
        session.execute(text("UPDATE points_outbox SET created_at = :at"), {"at": _stored(points, minutes=5)})
    measure_outboxes(points)
    assert number("xiangzhi_outbox_oldest_seconds", service="points") == pytest.approx(300, abs=30)
    assert number("xiangzhi_outbox_oldest_seconds", service="intake") == 0


def _stored(database: Database, *, minutes: int) -> object:
    moment = now() - timedelta(minutes=minutes)
    return moment if database.dialect == "postgresql" else moment.replace(tzinfo=None).isoformat(" ")


def test_all_of_it_is_measured_with_the_rights_of_the_relay(postgresql_database: str) -> None:
    relay = as_role(Database(postgresql_database, Service.INTAKE), "xiangzhi_relay")
    measure_outboxes(relay)
    measure_work(relay)
    assert number("xiangzhi_dead_letters", service="gateway") == 0
    relay.dispose()


def test_what_workers_hold_is_read_from_redis_by_queue(redis_url: str) -> None:
    redis = redis_client.Redis.from_url(redis_url)
    redis.rpush("points", "{}", "{}")
    present = now().timestamp()
    for tag, age, queue in (("a", 70, "points"), ("b", 10, "points"), ("c", 5, "of.tomorrow")):
        redis.zadd(UNACKED_INDEX, {tag: present - age})
        redis.hset(UNACKED, tag, json.dumps([{"body": ""}, "", queue]))
    redis.zadd(UNACKED_INDEX, {"acknowledged meanwhile": present})
    found = read_queues(redis)
    held = found[Queue.POINTS].oldest_unacked_seconds
    assert held == pytest.approx(70, abs=5)
    assert found[Queue.POINTS] == QueueStanding(2, 2, held)
    assert found[Queue.INTAKE] == QueueStanding(0)
    measure_queues(redis)
    assert number("xiangzhi_unacked_oldest_seconds", queue="points") == pytest.approx(70, abs=5)
    assert number("xiangzhi_queue_length", queue="points") == 2


def test_while_redis_is_away_its_old_numbers_are_not_shown(points: Database, redis_url: str) -> None:
    Relay(points, redis_url).run_pass()
    assert number("xiangzhi_redis_answers") == 1
    assert number("xiangzhi_queue_length", queue="points") == 0
    Relay(points, "redis://127.0.0.1:1/0").run_pass()
    assert number("xiangzhi_redis_answers") == 0
    assert math.isnan(number("xiangzhi_queue_length", queue="points") or 0)
    assert number("xiangzhi_dead_letters", service="points") == 0


@pytest.mark.slow
def test_what_the_children_of_a_worker_count_is_shown_at_its_port_and_outlives_them(
    tmp_path: Path, any_database: str, redis_url: str, database_for: DatabaseFor, start_worker: StartWorker
) -> None:
    folder, port = tmp_path / "counted", free_ports(1)
    folder.mkdir()
    start_worker("probe", PROMETHEUS_MULTIPROC_DIR=str(folder), XZ_METRICS_PORT=str(port))
    points = database_for(Service.POINTS)

    def handled() -> float:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
            families = text_string_to_metric_families(answer.read().decode())
            return sum(
                sample.value
                for family in families
                for sample in family.samples
                if sample.name == "xiangzhi_messages_total" and sample.labels["outcome"] == "handled"
            )

    starts = tmp_path / "starts"
    with points.transaction() as session:
        outbox.send_all(session, [Probe("1"), Probe("2"), Probe("killed", "die_once", str(starts)), Probe("3")])
    wait_until(lambda: sum(effects(points).values()) == 4, timeout=60)
    wait_until(lambda: handled() == 4, timeout=10)
    # A child was replaced, and its successor counts in the same files.
    assert {path.name.partition("_")[2] for path in folder.glob("counter_child-*")} <= {"child-1.db", "child-2.db"}
