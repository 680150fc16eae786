"""Slots that follow from the schedule, in the township's time."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from shared.messages.catalogue import all_messages
from shared.messaging.schedule import SCHEDULE, ZONE, Scheduled, slot_instant
from shared.topology import Service


def slot(cron: str, present: datetime) -> str:
    found = Scheduled("points.chain_audit", cron).latest_slot(present)
    return found.isoformat(timespec="minutes") if found else "never"


def following(cron: str, present: datetime) -> str:
    found = Scheduled("points.chain_audit", cron).next_slot(present)
    return found.isoformat(timespec="minutes") if found else "never"


NOON = datetime(2026, 11, 24, 12, 0, 30, tzinfo=ZONE)


@pytest.mark.parametrize(
    ("cron", "expected"),
    [
        ("* * * * *", "2026-11-24T12:00+08:00"),
        ("*/5 * * * *", "2026-11-24T12:00+08:00"),
        ("7 * * * *", "2026-11-24T11:07+08:00"),
        ("15 2 * * *", "2026-11-24T02:15+08:00"),
        ("1 12 * * *", "2026-11-23T12:01+08:00"),
        ("0 8 1 1,4,7,10 *", "2026-10-01T08:00+08:00"),
        ("0 8 * * 0", "2026-11-22T08:00+08:00"),
        ("0 8 * * mon-fri", "2026-11-24T08:00+08:00"),
        ("0 0 29 2 *", "2024-02-29T00:00+08:00"),
        ("0 0 30 2 *", "never"),
        ("59 23 31 12 *", "2025-12-31T23:59+08:00"),
    ],
)
def test_the_latest_slot_is_the_last_instant_that_was_due(cron: str, expected: str) -> None:
    assert slot(cron, NOON) == expected


@pytest.mark.parametrize(
    ("cron", "expected"),
    [
        ("* * * * *", "2026-11-24T12:01+08:00"),
        ("*/5 * * * *", "2026-11-24T12:05+08:00"),
        ("0 12 * * *", "2026-11-25T12:00+08:00"),
        ("30 0 1 * *", "2026-12-01T00:30+08:00"),
        ("30 2 * * 0", "2026-11-29T02:30+08:00"),
        ("0 0 29 2 *", "2028-02-29T00:00+08:00"),
        ("0 0 30 2 *", "never"),
        ("59 23 31 12 *", "2026-12-31T23:59+08:00"),
    ],
)
def test_the_next_slot_is_the_first_instant_that_will_be_due(cron: str, expected: str) -> None:
    assert following(cron, NOON) == expected


@pytest.mark.parametrize("scheduled", SCHEDULE, ids=lambda scheduled: scheduled.name)
def test_the_slot_after_one_is_the_next_one(scheduled: Scheduled) -> None:
    after = scheduled.next_slot(NOON)
    assert after is not None
    assert scheduled.latest_slot(after) == after
    assert slot_instant(scheduled.slot_key(after)) == after


def test_a_slot_is_due_from_its_first_second_on() -> None:
    assert slot("0 12 * * *", NOON.replace(second=0)) == "2026-11-24T12:00+08:00"
    assert slot("0 12 * * *", NOON.replace(hour=11, minute=59, second=59)) == "2026-11-23T12:00+08:00"


def test_the_schedule_is_read_in_the_townships_time() -> None:
    assert slot("30 2 * * *", datetime(2026, 11, 23, 18, 29, tzinfo=UTC)) == "2026-11-23T02:30+08:00"
    assert slot("30 2 * * *", datetime(2026, 11, 23, 18, 30, tzinfo=UTC)) == "2026-11-24T02:30+08:00"


def test_a_slots_key_names_task_and_instant() -> None:
    scheduled = Scheduled("points.chain_audit", "* * * * *")
    present = scheduled.latest_slot(NOON)
    assert present
    assert scheduled.slot_key(present) == "points.chain_audit@2026-11-24T12:00+08:00"


@pytest.mark.parametrize("scheduled", SCHEDULE, ids=lambda scheduled: scheduled.name)
def test_every_scheduled_message_exists_and_needs_no_fields(scheduled: Scheduled) -> None:
    assert scheduled.name in all_messages()
    assert scheduled.message().dump()
    assert scheduled.latest_slot(NOON) is not None
    assert len(scheduled.slot_key(NOON)) <= 120


def test_every_task_stands_once_in_the_schedule() -> None:
    names = [scheduled.name for scheduled in SCHEDULE]
    assert sorted(set(names)) == sorted(names)


def test_every_service_chains_its_audit_log() -> None:
    assert {f"{service}.chain_audit" for service in Service} <= {scheduled.name for scheduled in SCHEDULE}
