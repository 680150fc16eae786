"""Reminders: 7 and 3 days before, on the day, and after it, once each, as one digest a person."""

from __future__ import annotations

import json
from datetime import date, timedelta

from services.petitions.procedure.reminders import send_reminders
from services.petitions.procedure.tasks import remind_of_clocks
from shared.database import Database
from shared.identity import Role
from shared.messages.petitions import RemindOfClocks
from shared.messaging.schedule import SCHEDULE
from tests.fixtures.township import PrincipalOf
from tests.integration.petitions.conftest import Api, Rows


def _day_by_day(database: Database, first: date, days: int) -> list[tuple[str, int, int]]:
    found = []
    for day in (first + timedelta(days=number) for number in range(days)):
        with database.transaction() as session:
            found += [(day.isoformat(), each.soon, each.overdue) for each in send_reminders(session, day)]
    return found


def test_each_stage_comes_once(api: Api, database: Database, principal_of: PrincipalOf) -> None:
    api.register(principal_of(Role.CLERK), received_on="2026-06-05")
    # Due on Saturday the 20th, in the holiday of the dragon boat festival; it rolls to Monday the 22nd.
    assert _day_by_day(database, date(2026, 6, 5), 30) == [
        ("2026-06-13", 1, 0),
        ("2026-06-17", 1, 0),
        ("2026-06-20", 1, 0),
        ("2026-06-23", 0, 1),
    ]


def test_missed_days_are_not_made_up_one_by_one(api: Api, database: Database, principal_of: PrincipalOf) -> None:
    api.register(principal_of(Role.CLERK), received_on="2026-06-05")
    assert _day_by_day(database, date(2026, 7, 1), 3) == [("2026-07-01", 0, 1)]


def test_one_digest_a_person_without_content(
    api: Api, database: Database, principal_of: PrincipalOf, rows: Rows
) -> None:
    clerk = principal_of(Role.CLERK)
    numbers = [api.register(clerk, received_on=day)["number"] for day in ("2026-06-01", "2026-06-05", "2026-05-20")]
    with database.transaction() as session:
        remind_of_clocks(session, RemindOfClocks())
    bodies = [
        json.loads(body)
        for (body,) in rows("SELECT body FROM petitions_outbox WHERE name = 'gateway.notify'")
        if "digest" in body
    ]
    assert [(body["person_ids"], body["text"]) for body in bodies] == [
        ([clerk.person_id], "有 2 件临近期限，有 1 件已超期限，请打开信访事项办理。")
    ]
    assert not any(number in json.dumps(bodies) for number in numbers)


def test_satisfied_clocks_are_quiet(api: Api, database: Database, principal_of: PrincipalOf) -> None:
    clerk = principal_of(Role.CLERK)
    number = api.register(clerk, category="suggestion")["number"]
    api.act(clerk, number, "accept", notice="spot")
    assert _day_by_day(database, date(2026, 6, 15), 20) == []


def test_reminders_are_in_the_schedule() -> None:
    assert RemindOfClocks.name in {entry.name for entry in SCHEDULE}
