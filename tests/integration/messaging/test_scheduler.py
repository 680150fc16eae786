"""The scheduler: one row per task and slot, whoever runs it and however often."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import ProgrammingError

from shared.database import Database
from shared.messaging.schedule import SCHEDULE, ZONE, Scheduled
from shared.messaging.scheduler import Scheduler
from shared.models.plumbing_tables import outbox_of
from shared.topology import Service
from tests.fixtures.databases import DatabaseFor
from tests.integration.messaging.roles import as_role

NOON = datetime(2026, 11, 24, 12, 0, 30, tzinfo=ZONE)
EACH_MINUTE = Scheduled("points.chain_audit", "* * * * *")
EACH_NIGHT = Scheduled("intake.chain_audit", "15 2 * * *")


@pytest.fixture
def database(any_database: str, database_for: DatabaseFor) -> Database:
    return database_for(Service.GATEWAY)


def slots(database: Database, service: Service) -> list[str]:
    table = outbox_of(service)
    with database.reading() as session:
        return [slot for slot in session.scalars(select(table.c.slot).order_by(table.c.id)) if slot]


def test_a_due_slot_becomes_one_row_of_the_receivers_own_outbox(database: Database) -> None:
    assert Scheduler(database, [EACH_MINUTE]).write_due(NOON) == ["points.chain_audit@2026-11-24T12:00+08:00"]
    table = outbox_of(Service.POINTS)
    with database.reading() as session:
        row = session.execute(select(table)).one()
        assert session.scalar(select(func.count()).select_from(outbox_of(Service.INTAKE))) == 0
    assert (row.name, row.receiver, row.queue, row.body) == ("points.chain_audit", "points", "points", "{}")
    assert row.request_id


def test_a_slot_is_written_once_by_one_scheduler(database: Database) -> None:
    scheduler = Scheduler(database, [EACH_MINUTE])
    scheduler.write_due(NOON)
    assert scheduler.write_due(NOON + timedelta(seconds=20)) == []
    assert scheduler.write_due(NOON + timedelta(seconds=40)) == ["points.chain_audit@2026-11-24T12:01+08:00"]


def test_two_schedulers_make_every_slot_once(database: Database, any_database: str) -> None:
    pair = [Scheduler(Database(any_database, Service.GATEWAY), SCHEDULE) for _ in range(2)]
    with ThreadPoolExecutor(2) as pool:
        for minute in range(5):
            present = NOON + timedelta(minutes=minute)
            list(pool.map(lambda scheduler, at=present: scheduler.write_due(at), pair))
    for service in Service:
        due = [slot for slot in slots(database, service) if slot.startswith(f"{service}.chain_audit")]
        assert due == [f"{service}.chain_audit@2026-11-24T12:0{minute}+08:00" for minute in range(5)]


def test_of_missed_slots_the_latest_runs_once(database: Database) -> None:
    Scheduler(database, [EACH_NIGHT]).write_due(NOON)
    late = Scheduler(database, [EACH_NIGHT])
    assert late.write_due(NOON + timedelta(days=3)) == ["intake.chain_audit@2026-11-27T02:15+08:00"]
    assert slots(database, Service.INTAKE) == [
        "intake.chain_audit@2026-11-24T02:15+08:00",
        "intake.chain_audit@2026-11-27T02:15+08:00",
    ]


def test_a_restarted_scheduler_repeats_nothing(database: Database) -> None:
    Scheduler(database, [EACH_NIGHT, EACH_MINUTE]).write_due(NOON)
    assert Scheduler(database, [EACH_NIGHT, EACH_MINUTE]).write_due(NOON) == []


def test_the_schedulers_role_may_do_what_the_scheduler_does_and_no_more(
    postgresql_database: str, database_for: DatabaseFor
) -> None:
    database = as_role(Database(postgresql_database, Service.GATEWAY), "xiangzhi_scheduler")
    assert len(Scheduler(database, SCHEDULE).write_due(NOON)) == len(SCHEDULE)
    assert Scheduler(database, SCHEDULE).write_due(NOON) == []
    with pytest.raises(ProgrammingError, match="permission denied"):
        slots(database, Service.POINTS)
    database.dispose()
