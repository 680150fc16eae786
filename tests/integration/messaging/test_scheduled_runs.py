"""How the scheduled tasks stand is read from slots and inbox, never from what a process remembers."""

from __future__ import annotations

import tomllib
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert, select

from deploy.migrations.revisions import newest_revision
from shared.database import Database
from shared.identity import Role
from shared.messaging.queue_standings import QueueStanding, queue_standings
from shared.messaging.schedule import SCHEDULE, ZONE, Scheduled
from shared.messaging.scheduled_runs import RunState, ScheduledRun, scheduled_runs
from shared.messaging.scheduler import Scheduler
from shared.models.plumbing_tables import dead_letters_of, inbox_of, outbox_of
from shared.release import RELEASE
from shared.topology import Queue, Service
from tests.fixtures.databases import DatabaseFor
from tests.integration.messaging.test_messaging_api import client_of

NOON = datetime(2026, 11, 24, 12, 0, 30, tzinfo=ZONE)
NIGHTLY = Scheduled("points.open_quarters", "10 0 * * *")
LAST = datetime(2026, 11, 24, 0, 10, tzinfo=ZONE)


@pytest.fixture
def points(any_database: str, database_for: DatabaseFor) -> Database:
    return database_for(Service.POINTS)


def standing(database: Database, present: datetime) -> ScheduledRun:
    with database.reading() as session:
        [run] = scheduled_runs(session, present, [NIGHTLY, Scheduled("intake.chain_audit", "* * * * *")])
    return run


def newest_id(database: Database) -> str:
    table = outbox_of(Service.POINTS)
    with database.reading() as session:
        return str(session.scalars(select(table.c.message_id).order_by(table.c.id.desc())).first())


def handle(database: Database, at: datetime) -> None:
    """What the receiver writes with its work."""
    row = {"message_id": newest_id(database), "name": NIGHTLY.name, "handled_at": at}
    with database.transaction() as session:
        session.execute(insert(inbox_of(Service.POINTS)).values(row))


def test_a_slot_waits_until_its_receiver_has_handled_it(points: Database) -> None:
    Scheduler(points, [NIGHTLY]).write_due(NOON)
    assert standing(points, NOON) == ScheduledRun(NIGHTLY.name, RunState.WAITING, LAST, None, LAST + timedelta(days=1))
    handle(points, NOON)
    assert standing(points, NOON) == ScheduledRun(NIGHTLY.name, RunState.DONE, LAST, NOON, LAST + timedelta(days=1))


def test_a_slot_that_nobody_wrote_was_missed_and_the_last_work_is_still_told(points: Database) -> None:
    assert standing(points, NOON).state is RunState.MISSED
    Scheduler(points, [NIGHTLY]).write_due(NOON)
    handle(points, NOON)
    tomorrow = NOON + timedelta(days=1)
    assert standing(points, tomorrow) == ScheduledRun(
        NIGHTLY.name, RunState.MISSED, LAST + timedelta(days=1), NOON, LAST + timedelta(days=2)
    )
    # Within the first minutes the scheduler may just be about to write it.
    assert standing(points, LAST + timedelta(days=1, minutes=1)).state is RunState.DONE


def test_a_slot_among_the_dead_letters_is_no_work_done(points: Database) -> None:
    Scheduler(points, [NIGHTLY]).write_due(NOON)
    handle(points, NOON)
    letter = {"message_id": newest_id(points), "name": NIGHTLY.name, "queue": "points", "envelope": "{}", "error": "x"}
    with points.transaction() as session:
        session.execute(insert(dead_letters_of(Service.POINTS)).values(**letter, attempts=5))
    run = standing(points, NOON)
    assert (run.state, run.done_at) == (RunState.DEAD, None)


def test_the_operator_sees_release_schema_and_the_tasks_of_this_service(points: Database) -> None:
    shown = client_of(points, Role.OPERATOR).get("/api/points/background").get_json()
    assert (shown["release"], shown["schema"]) == (RELEASE, newest_revision())
    own = [scheduled.name for scheduled in SCHEDULE if scheduled.name.startswith("points.")]
    assert [run["name"] for run in shown["scheduled"]] == own
    assert {run["state"] for run in shown["scheduled"]} == {"missed"}


def test_the_release_is_that_of_the_project() -> None:
    project = tomllib.loads((Path(__file__).parents[3] / "pyproject.toml").read_text())
    assert project["project"]["version"] == RELEASE


def test_queues_have_a_length_while_redis_answers(redis_url: str) -> None:
    assert queue_standings(redis_url) == dict.fromkeys(Queue, QueueStanding(0))


def test_queues_have_no_length_when_redis_does_not_answer() -> None:
    assert queue_standings("redis://127.0.0.1:1/0") is None
