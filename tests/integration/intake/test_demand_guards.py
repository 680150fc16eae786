"""Wrong codes, wrong values, twins: each gets an answer that says what to do, and nothing is half written."""

from __future__ import annotations

import itertools
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError

from services.intake.demands.acts import Act, act_on_demand
from services.intake.demands.following import admit_try
from shared.errors import Conflict, Forbidden, TooMany
from shared.identity import Role
from shared.models.intake import Demand, DemandStep, FollowTry
from shared.models.intake_kinds import DemandAction
from tests.fixtures.township import PrincipalOf, SmallTownship, act_as, build_township
from tests.integration.intake.conftest import Api, Report
from tests.integration.intake.test_demand_way import act


def test_five_wrong_codes_lock_a_number_and_a_right_one_frees_it(
    api: Api, report: Report, principal_of: PrincipalOf
) -> None:
    received, other = report(), report()
    public = principal_of(Role.PUBLIC)

    def follow(number: str, code: str) -> int:
        return api.call("POST", "/demands/follow", public, {"number": number, "code": code}).status_code

    assert [follow(received["number"], "WRONGONE") for _ in range(4)] == [404] * 4
    assert follow(received["number"], received["code"].lower()) == 200
    assert [follow(received["number"], "WRONGONE") for _ in range(6)] == [404] * 5 + [429]
    assert follow(received["number"], received["code"]) == 429
    assert follow(other["number"], other["code"]) == 200
    with api.database.reading() as session:
        assert [tried.tries for tried in session.scalars(select(FollowTry))] == [5]


def test_a_burst_of_wrong_codes_counts_every_one(api: Api, report: Report, small_township: SmallTownship) -> None:
    number = report()["number"]

    def admitted(_: int) -> bool:
        try:
            with api.database.transaction() as session:
                admit_try(session, small_township.id, number)
        except TooMany:
            return False
        return True

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(admitted, range(24))) == 5


def test_two_acts_at_once_leave_one_step(
    api: Api, report: Report, small_township: SmallTownship, principal_of: PrincipalOf
) -> None:
    received = report()
    act(api, principal_of(Role.CADRE), received["id"], "assign", office_id=small_township.office)
    handler = principal_of(Role.HANDLER)

    def do(action: DemandAction) -> str:
        try:
            with api.database.transaction() as session:
                demand = session.get_one(Demand, int(received["id"]))
                act_on_demand(session, handler, demand, Act(action, note="不归我们管。"))
        except (Conflict, Forbidden):
            return "conflict"
        return "done"

    with ThreadPoolExecutor(8) as threads:
        results = list(threads.map(do, [DemandAction.TAKE, DemandAction.SEND_BACK] * 4))
    with api.database.reading() as session:
        demand = session.get_one(Demand, int(received["id"]))
        steps = session.scalars(select(DemandStep).order_by(DemandStep.id)).all()
    # 接单 then 退回 is a lawful way too; what counts is that every step started where the one before ended.
    assert results.count("done") >= 1
    assert all(before.to_state == after.from_state for before, after in itertools.pairwise(steps))
    assert steps[-1].to_state == demand.state
    assert demand.version == 1 + len(steps)


@pytest.mark.parametrize(
    ("changes", "status", "field"),
    [
        ({"village": "431299001999"}, 404, None),
        ({"village": 12}, 422, "village"),
        ({"category": "nonsense"}, 422, "category"),
        ({"text": "水"}, 422, "text"),
        ({"text": "水" * 2001}, 422, "text"),
        ({"text": None}, 422, "text"),
        ({"reporter_name": ""}, 422, "reporter_name"),
        ({"reporter_name": "石<b>花"}, 422, "reporter_name"),
        ({"phone": "12345"}, 422, "phone"),
        ({"channel": "pigeon"}, 422, "channel"),
        ({"group_id": 99999}, 422, "group_id"),
        ({"household_id": 1}, 403, None),
        ({"nonsense": True}, 422, "nonsense"),
    ],
)
def test_a_wrong_value_gets_a_sentence_beside_its_field(
    api: Api, small_township: SmallTownship, principal_of: PrincipalOf,
    changes: dict[str, Any], status: int, field: str | None,
) -> None:  # fmt: skip
    body = {
        "village": small_township.villages[0].code,
        "category": "water",
        "text": "晚上没有水。",
        "reporter_name": "石桂花",
        **changes,
    }
    answer = api.call("POST", "/demands", principal_of(Role.PUBLIC), body)
    assert answer.status_code == status, answer.text
    assert answer.mimetype == "application/problem+json"
    if field:
        assert answer.get_json()["errors"][field][0]
    with api.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Demand)) == 0


def test_all_errors_of_a_form_are_told_at_once(
    api: Api, small_township: SmallTownship, principal_of: PrincipalOf
) -> None:
    body = {
        "village": small_township.villages[0].code,
        "category": "water",
        "text": "",
        "reporter_name": "",
        "phone": "1",
    }
    answer = api.call("POST", "/demands", principal_of(Role.PUBLIC), body)
    assert set(answer.get_json()["errors"]) == {"text", "reporter_name", "phone"}


def test_an_act_on_an_old_version_is_refused(
    api: Api, report: Report, small_township: SmallTownship, principal_of: PrincipalOf
) -> None:
    received = report()
    path, cadre = f"/demands/{received['id']}/acts", principal_of(Role.CADRE)
    assign = {"action": "assign", "office_id": small_township.office}
    assert api.call("POST", path, cadre, assign, version=7).status_code == 412
    assert api.call("POST", path, cadre, assign, version=1).status_code == 200
    assert api.call("POST", path, cadre, {"action": "assign"}).status_code == 422


def test_the_database_itself_refuses_what_must_not_be(api: Api, report: Report) -> None:
    first, second = report(), report()
    for change in (
        "state = 'assigned'",
        "state = 'nonsense'",
        f"number = '{second['number']}'",
        "converted_on = '2026-11-24'",
        "due_on = '2000-01-01'",
    ):
        statement = text(f"UPDATE intake_demand SET {change} WHERE number = :number")
        with api.database.transaction() as session, pytest.raises(IntegrityError):
            session.execute(statement, {"number": first["number"]})


def test_another_township_sees_nothing(api: Api, report: Report, principal_of: PrincipalOf) -> None:
    received = report()
    with api.database.transaction() as session:
        other = build_township(session, "431299002", "邻乡")
    for role in (Role.ADMIN, Role.CLERK, Role.AUDITOR, Role.LEADER):
        stranger = act_as(other, role)
        assert api.call("GET", "/demands", stranger).get_json()["items"] == []
        assert api.call("GET", f"/demands/{received['id']}", stranger).status_code == 404
    slip = {"number": received["number"], "code": received["code"]}
    assert api.call("POST", "/demands/follow", act_as(other, Role.PUBLIC), slip).status_code == 404
