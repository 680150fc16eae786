"""The straight way of a demand, and who may do what on it."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from shared.identity import Principal, Role
from shared.models.intake import Demand, DemandStep
from shared.models.plumbing import AUDIT, OUTBOX
from shared.topology import Service
from tests.fixtures.township import PrincipalOf, SmallTownship
from tests.integration.intake.conftest import Api, Report


def act(api: Api, who: Principal, demand_id: str, action: str, status: int = 200, **values: Any) -> dict[str, Any]:
    answer = api.call("POST", f"/demands/{demand_id}/acts", who, {"action": action, **values})
    assert answer.status_code == status, answer.text
    body: dict[str, Any] = answer.get_json()
    return body


def answered(
    api: Api, report: Report, township: SmallTownship, principal_of: PrincipalOf, **changes: Any
) -> dict[str, Any]:
    received = report(**changes)
    act(api, principal_of(Role.CADRE), received["id"], "assign", office_id=township.office)
    handler = principal_of(Role.HANDLER)
    act(api, handler, received["id"], "take")
    act(api, handler, received["id"], "start")
    act(
        api,
        handler,
        received["id"],
        "answer",
        public_answer="石桂花家的水管已换，电话16000001234。",
        private_answer="周三再来看。",
    )
    return received


def messages(api: Api, name: str) -> list[Any]:
    with api.database.reading() as session:
        rows = session.scalars(select(OUTBOX[Service.INTAKE]).order_by(OUTBOX[Service.INTAKE].id))
        return [row for row in rows if row.name == name]


def test_a_demand_goes_its_straight_way_and_the_reporter_confirms_it(
    api: Api, report: Report, small_township: SmallTownship, principal_of: PrincipalOf
) -> None:
    received = answered(api, report, small_township, principal_of)
    slip = {"number": received["number"], "code": received["code"]}
    followed = api.call("POST", "/demands/follow", principal_of(Role.PUBLIC), slip).get_json()
    assert followed["state_words"] == "已答复待回访"
    assert followed["public_answer"] == "石×花家的水管已换，电话〔电话〕。"
    assert followed["private_answer"] == "周三再来看。"
    assert followed["allowed"] == ["confirm", "reopen"]
    assert all(step["actor_name"] == "" for step in followed["steps"])
    done = api.call("POST", "/demands/follow/acts", principal_of(Role.PUBLIC), {**slip, "action": "confirm"})
    assert done.get_json()["state_words"] == "已办结"
    with api.database.reading() as session:
        steps = [step.action for step in session.scalars(select(DemandStep).order_by(DemandStep.id))]
        assert steps == ["assign", "take", "start", "answer", "confirm"]


def test_a_confirmed_demand_of_a_household_earns_points_once_and_a_reopened_one_no_more(
    api: Api, report: Report, small_township: SmallTownship, principal_of: PrincipalOf
) -> None:
    household = small_township.villages[0].households[0]
    received = report(principal_of(Role.CADRE), household_id=household, channel="visit")
    office = {"office_id": small_township.office}
    act(api, principal_of(Role.CADRE), received["id"], "assign", **office)
    act(api, principal_of(Role.HANDLER), received["id"], "take")
    act(api, principal_of(Role.HANDLER), received["id"], "answer", public_answer="已修好。")
    act(api, principal_of(Role.CADRE), received["id"], "confirm")
    act(api, principal_of(Role.CADRE), received["id"], "confirm")
    act(api, principal_of(Role.CADRE), received["id"], "reopen", note="水还是小。")
    stated = [row.body for row in messages(api, "points.record_event")]
    assert len(stated) == 2
    assert '"rule_code":"42"' in stated[0]
    assert f'"household_id":{household}' in stated[0]
    assert '"withdrawn":false' in stated[0]
    assert '"source_version":1' in stated[0]
    assert '"withdrawn":true' in stated[1]
    assert '"source_version":2' in stated[1]


def test_whoever_answered_does_not_confirm_by_a_visit(
    api: Api, report: Report, small_township: SmallTownship, principal_of: PrincipalOf
) -> None:
    cadre = principal_of(Role.CADRE)
    received = report()
    act(api, cadre, received["id"], "assign", assignee_id=cadre.person_id)
    act(api, cadre, received["id"], "take")
    act(api, cadre, received["id"], "answer", public_answer="已修好。")
    assert "回访" in act(api, cadre, received["id"], "confirm", 403)["detail"]
    assert act(api, principal_of(Role.CADRE, number=1), received["id"], "confirm")["state"] == "closed"


def test_a_demand_is_sent_back_only_with_a_reason(
    api: Api, report: Report, small_township: SmallTownship, principal_of: PrincipalOf
) -> None:
    received = report()
    act(api, principal_of(Role.CADRE), received["id"], "assign", office_id=small_township.office)
    refused = act(api, principal_of(Role.HANDLER), received["id"], "send_back", 422)
    assert refused["errors"]["note"]
    back = act(api, principal_of(Role.HANDLER), received["id"], "send_back", note="这是供电所的事。")
    assert back["state_words"] == "待派单"
    assert api.call("GET", f"/demands/{received['id']}", principal_of(Role.HANDLER)).status_code == 404


def test_a_reporter_withdraws_until_someone_has_taken_it(
    api: Api, report: Report, small_township: SmallTownship, principal_of: PrincipalOf
) -> None:
    first, second = report(), report()
    act(api, principal_of(Role.CADRE), second["id"], "assign", office_id=small_township.office)
    act(api, principal_of(Role.HANDLER), second["id"], "take")
    for received, status in ((first, 200), (second, 409)):
        body = {"number": received["number"], "code": received["code"], "action": "withdraw"}
        assert api.call("POST", "/demands/follow/acts", principal_of(Role.PUBLIC), body).status_code == status


@pytest.mark.parametrize(
    ("role", "village", "action", "status"),
    [
        (Role.CADRE, 1, "assign", 404),
        (Role.HANDLER, 0, "assign", 404),
        (Role.SUPERVISOR, 0, "assign", 403),
        (Role.AUDITOR, 0, "assign", 403),
        (Role.LEADER, 0, "assign", 403),
        (Role.CADRE, 0, "take", 403),
        (Role.ADMIN, 0, "confirm", 409),
        (Role.RESIDENT, 0, "assign", 404),
        (Role.PUBLIC, 0, "assign", 401),
        (Role.KEEPER, 0, "assign", 403),
    ],
)
def test_only_those_whose_duty_it_is_act(
    api: Api, report: Report, small_township: SmallTownship, principal_of: PrincipalOf,
    role: Role, village: int, action: str, status: int,
) -> None:  # fmt: skip
    received = report()
    act(api, principal_of(role, village=village), received["id"], action, status, office_id=small_township.office)
    with api.database.reading() as session:
        assert session.get_one(Demand, int(received["id"])).state == "waiting"


def test_lists_show_each_role_its_own(
    api: Api, report: Report, small_township: SmallTownship, principal_of: PrincipalOf
) -> None:
    first = report()
    second = report(village=small_township.villages[1].code)
    act(api, principal_of(Role.CADRE), first["id"], "assign", office_id=small_township.office)

    def seen(who: Principal, **query: Any) -> set[str]:
        answer = api.call("GET", "/demands", who, query_string=query)
        assert answer.status_code == 200, answer.text
        return {each["number"] for each in answer.get_json()["items"]}

    assert seen(principal_of(Role.ADMIN)) == {first["number"], second["number"]}
    assert seen(principal_of(Role.CADRE)) == {first["number"]}
    assert seen(principal_of(Role.CADRE, village=1)) == {second["number"]}
    assert seen(principal_of(Role.HANDLER)) == {first["number"]}
    assert seen(principal_of(Role.RESIDENT)) == set()
    assert seen(principal_of(Role.ADMIN), state="waiting") == {second["number"]}
    assert seen(principal_of(Role.ADMIN), query=first["number"]) == {first["number"]}
    assert seen(principal_of(Role.CADRE, village=1), waits_for_me="true") == {second["number"]}
    waiting = api.call("GET", "/demands/waiting", principal_of(Role.HANDLER)).get_json()["lines"]
    assert [(line["state"], line["count"], line["overdue"]) for line in waiting] == [("assigned", 1, 0)]


def test_a_list_goes_on_where_its_cursor_ended(api: Api, report: Report, principal_of: PrincipalOf) -> None:
    numbers = [report()["number"] for _ in range(5)]
    admin = principal_of(Role.ADMIN)
    first = api.call("GET", "/demands", admin, query_string={"limit": 3}).get_json()
    rest = api.call("GET", "/demands", admin, query_string={"limit": 3, "cursor": first["next_cursor"]}).get_json()
    assert [each["number"] for each in first["items"] + rest["items"]] == numbers
    assert rest["next_cursor"] is None


def test_figures_carry_their_denominators(
    api: Api, report: Report, small_township: SmallTownship, principal_of: PrincipalOf
) -> None:
    received = answered(api, report, small_township, principal_of)
    act(api, principal_of(Role.CADRE), received["id"], "confirm")
    report()
    gone = report()
    body = {"number": gone["number"], "code": gone["code"], "action": "withdraw"}
    api.call("POST", "/demands/follow/acts", principal_of(Role.PUBLIC), body)
    query = {"since": received["received_on"], "until": received["received_on"], "by": "category"}
    figures = api.call("GET", "/demands/statistics", principal_of(Role.ADMIN), query_string=query).get_json()
    assert {key: figures["total"][key] for key in ("collected", "solved", "on_time", "unanswered")} == {
        "collected": 2, "solved": 1, "on_time": 1, "unanswered": 1,
    }  # fmt: skip
    assert figures["lines"][0]["name"] == "饮水"


def test_opening_a_phone_is_kept_with_its_purpose(
    api: Api, report: Report, small_township: SmallTownship, principal_of: PrincipalOf
) -> None:
    received = report()
    path = f"/demands/{received['id']}/phone"
    assert api.call("POST", path, principal_of(Role.ADMIN), {"purpose": "约时间上门"}).get_json() == {
        "value": "16000001234"
    }
    assert api.call("POST", path, principal_of(Role.ADMIN), {"purpose": ""}).status_code == 422
    with api.database.reading() as session:
        audit = AUDIT[Service.INTAKE]
        opened = session.scalars(select(audit).where(audit.action == "open_phone")).all()
        assert [row.purpose for row in opened] == ["约时间上门"]
