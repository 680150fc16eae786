"""Time limits: reminded once before, once after, as one digest a person."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import select

from services.intake.demands.reminders import remind_of_time_limits
from shared.calendar import add_working_days, today
from shared.identity import Role
from shared.messages.gateway import Notify
from shared.models.intake import Demand
from shared.models.plumbing import OUTBOX
from shared.topology import Service
from tests.fixtures.township import PrincipalOf, SmallTownship
from tests.integration.intake.conftest import Api, Report
from tests.integration.intake.test_demand_way import act


def digests(api: Api) -> list[Notify]:
    with api.database.reading() as session:
        table = OUTBOX[Service.INTAKE]
        rows = session.scalars(select(table).where(table.name == "gateway.notify").order_by(table.id)).all()
        notices = [Notify.load(row.version, row.body) for row in rows]
    return [notice for notice in notices if notice.source.startswith("intake.demands_due")]


def run(api: Api, day: Any) -> int:
    with api.database.transaction() as session:
        return remind_of_time_limits(session, day)


def test_handlers_are_reminded_before_and_their_superiors_after(
    api: Api, report: Report, small_township: SmallTownship, principal_of: PrincipalOf
) -> None:
    for _ in range(2):
        received = report()
        act(api, principal_of(Role.CADRE), received["id"], "assign", office_id=small_township.office)
    due_on = add_working_days(today(), 5)
    assert run(api, today()) == 0
    handler = principal_of(Role.HANDLER).person_id
    assert run(api, due_on - timedelta(days=1)) == 1
    assert run(api, due_on) == 0
    first = digests(api)
    assert [(each.person_ids, each.text) for each in first] == [
        ([handler], "诉求 2 件今天或明天到期，请尽快办理并答复。")
    ]
    told = run(api, due_on + timedelta(days=1))
    late = digests(api)[1:]
    # The handler, the two cadres of the village, the two admins.
    assert told == len(late) == 5
    assert all(each.urgent and "2 件已超期" in each.text for each in late)
    assert run(api, due_on + timedelta(days=2)) == 0


def test_a_reopened_demand_gets_its_time_anew(
    api: Api, report: Report, small_township: SmallTownship, principal_of: PrincipalOf
) -> None:
    received = report()
    act(api, principal_of(Role.CADRE), received["id"], "assign", office_id=small_township.office)
    act(api, principal_of(Role.HANDLER), received["id"], "take")
    run(api, today() + timedelta(days=60))
    act(api, principal_of(Role.HANDLER), received["id"], "answer", public_answer="已修好。")
    act(api, principal_of(Role.CADRE), received["id"], "reopen", note="还是没有水。")
    with api.database.reading() as session:
        demand = session.get_one(Demand, int(received["id"]))
        assert (demand.reminded, demand.due_on, demand.answered_on) == ("", add_working_days(today(), 5), None)
