"""The register and the procedure over HTTP."""

from __future__ import annotations

from openapi_spec_validator import validate

from shared.identity import Principal, Role
from shared.web import routes_without_access
from tests.fixtures.township import PrincipalOf, SmallTownship
from tests.integration.petitions.conftest import Api, Rows


def test_a_petition_walks_from_registration_to_conclusion(api: Api, principal_of: PrincipalOf) -> None:
    clerk, public = principal_of(Role.CLERK), principal_of(Role.PUBLIC)
    receipt = api.register(clerk)
    assert receipt["number"] == "2026-0001"
    api.deliver(clerk, receipt["number"])
    slip = {"number": receipt["number"], "code": f" {receipt['code'].lower()} "}
    progress = api.call(public, "POST", "/track", slip).json
    assert progress is not None
    assert progress["state"] == "已送达"
    assert [step["text"] for step in progress["steps"]] == ["登记", "受理", "送达处理意见"]
    assert progress["evaluable"]
    assert api.call(public, "POST", "/evaluations", {**slip, "grade": "satisfied"}).status_code == 201
    assert api.act(clerk, receipt["number"], "conclude").status_code == 200
    rates = api.call(clerk, "GET", "/rates?first=2026-01-01&last=2026-12-31").json
    assert rates == {
        "received": 1,
        "accepted": 1,
        "concluded": 1,
        "to_be_evaluated": 1,
        "evaluated": 1,
        "satisfied": 1,
        "basically_satisfied": 0,
        "dissatisfied": 0,
        "satisfaction_text": "1 件已评价，1 件满意或基本满意（100%）",
    }


def test_with_none_evaluated_there_is_no_rate(api: Api, principal_of: PrincipalOf) -> None:
    rates = api.call(principal_of(Role.CLERK), "GET", "/rates?first=2026-01-01&last=2026-12-31").json
    assert rates is not None
    assert rates["satisfaction_text"] == "暂无评价"


def test_what_is_guided_into_court_is_concluded_but_not_evaluated(api: Api, principal_of: PrincipalOf) -> None:
    clerk = principal_of(Role.CLERK)
    receipt = api.register(clerk)
    answer = api.act(clerk, receipt["number"], "guide", route="litigation", due_on="2026-12-01", notice="written")
    assert answer.status_code == 200, answer.text
    assert api.act(clerk, receipt["number"], "conclude").status_code == 200
    rates = api.call(clerk, "GET", "/rates?first=2026-01-01&last=2026-12-31").json
    assert rates is not None
    assert (rates["received"], rates["concluded"], rates["to_be_evaluated"]) == (1, 1, 0)
    refused = api.call(
        principal_of(Role.PUBLIC),
        "POST",
        "/evaluations",
        {"number": receipt["number"], "code": receipt["code"], "grade": "satisfied"},
    )
    assert refused.status_code == 409


def test_the_list_shows_what_is_due_first_and_pages_by_cursor(api: Api, principal_of: PrincipalOf) -> None:
    clerk = principal_of(Role.CLERK)
    for day in ("2026-06-10", "2026-06-01", "2026-06-05"):
        api.register(clerk, received_on=day)
    first = api.call(clerk, "GET", "/petitions?limit=2").json
    assert first is not None
    second = api.call(clerk, "GET", f"/petitions?limit=2&cursor={first['next_cursor']}").json
    assert second is not None
    found = [item["received_on"] for page in (first, second) for item in page["items"]]
    assert found == ["2026-06-01", "2026-06-05", "2026-06-10"]
    assert second["next_cursor"] is None


def test_clocks_start_and_stop_with_the_acts(api: Api, principal_of: PrincipalOf) -> None:
    clerk = principal_of(Role.CLERK)
    number = api.register(clerk)["number"]
    api.act(clerk, number, "accept", notice="spot", on="2026-06-08")
    answer = api.call(clerk, "GET", f"/petitions/{number}/clocks").json
    assert answer is not None
    notice, handling = answer["clocks"]
    assert (notice["kind"], notice["due_on"], notice["satisfied_on"]) == ("notice", "2026-06-16", "2026-06-08")
    assert (handling["kind"], handling["started_on"], handling["due_on"]) == ("handling", "2026-06-08", "2026-08-07")
    assert handling["satisfied_on"] is None


def test_a_suggestion_has_no_sixty_days(api: Api, principal_of: PrincipalOf) -> None:
    clerk = principal_of(Role.CLERK)
    number = api.register(clerk, category="suggestion")["number"]
    api.act(clerk, number, "accept", notice="spot")
    answer = api.call(clerk, "GET", f"/petitions/{number}/clocks").json
    assert answer is not None
    assert [clock["kind"] for clock in answer["clocks"]] == ["notice"]


def test_the_handling_is_extended_once_by_at_most_thirty_days_and_by_a_leader(
    api: Api, principal_of: PrincipalOf
) -> None:
    clerk, leader = principal_of(Role.CLERK), principal_of(Role.LEADER)
    number = api.register(clerk)["number"]
    api.act(clerk, number, "accept", notice="spot", on="2026-06-01")
    why = {"reason": "需要上级部门鉴定。"}
    assert api.act(clerk, number, "extend", days=30, **why).status_code == 403
    too_long = api.act(leader, number, "extend", days=31, **why)
    assert too_long.status_code == 422
    assert "days" in (too_long.json or {})["errors"]
    assert api.act(leader, number, "extend", days=30, **why).status_code == 200
    assert api.act(leader, number, "extend", days=1, **why).status_code == 409
    clocks = (api.call(clerk, "GET", f"/petitions/{number}/clocks").json or {})["clocks"]
    assert (clocks[1]["due_on"], clocks[1]["due_on_rolled"]) == ("2026-08-30", "2026-08-31")


def test_a_step_that_the_table_does_not_allow_is_refused_with_the_reason(api: Api, principal_of: PrincipalOf) -> None:
    clerk = principal_of(Role.CLERK)
    number = api.register(clerk)["number"]
    answer = api.act(clerk, number, "conclude")
    assert answer.status_code == 409
    assert "已登记" in (answer.json or {})["detail"]


def test_an_act_without_its_values_names_each_of_them(api: Api, principal_of: PrincipalOf) -> None:
    clerk = principal_of(Role.CLERK)
    number = api.register(clerk)["number"]
    answer = api.act(clerk, number, "refuse", notice="impossible")
    assert answer.status_code == 422
    assert set((answer.json or {})["errors"]) == {"body", "reason", "notice_reason"}


def test_an_act_lies_neither_before_the_receipt_nor_in_the_future(api: Api, principal_of: PrincipalOf) -> None:
    clerk = principal_of(Role.CLERK)
    number = api.register(clerk)["number"]
    for day in ("2026-05-31", "2026-06-16"):
        answer = api.act(clerk, number, "accept", notice="spot", on=day)
        assert answer.status_code == 422
        assert "on" in (answer.json or {})["errors"]


def test_only_a_transfer_can_be_objected_to_and_returns_only_when_the_sender_agrees(
    api: Api, principal_of: PrincipalOf
) -> None:
    clerk = principal_of(Role.CLERK)
    own = api.register(clerk)["number"]
    assert api.act(clerk, own, "object", reason="不是本乡职权。").status_code == 409
    sent = api.register(clerk, channel="transferred_in", received_on="2026-06-12")["number"]
    clocks = (api.call(clerk, "GET", f"/petitions/{sent}/clocks").json or {})["clocks"]
    assert [(clock["kind"], clock["due_on"]) for clock in clocks] == [
        ("notice", "2026-06-27"),
        # The dragon boat festival of 2026 lies between.
        ("objection", "2026-06-22"),
    ]
    assert api.act(clerk, sent, "object", reason="不是本乡职权。").status_code == 200
    assert api.act(clerk, sent, "confirm_return", body="县信访局").status_code == 200


def test_a_merged_petition_names_one_that_is_in_handling(api: Api, principal_of: PrincipalOf) -> None:
    clerk = principal_of(Role.CLERK)
    first, second = api.register(clerk)["number"], api.register(clerk)["number"]
    itself = api.act(clerk, second, "merge", merged_into=second, notice="written")
    assert itself.status_code == 422
    assert api.act(clerk, second, "merge", merged_into=first, notice="written").status_code == 200
    detail = api.call(clerk, "GET", f"/petitions/{first}").json or {}
    assert detail["repeats"] == [second]


def test_the_same_registration_sent_twice_is_one_petition_with_one_code(
    api: Api, principal_of: PrincipalOf, rows: Rows
) -> None:
    clerk = principal_of(Role.CLERK)
    filing = {
        "channel": "letter",
        "category": "claim",
        "text": "反映危房改造的申请没有答复。",
        "received_on": "2026-06-01",
        "complains_of_official": False,
    }
    first = api.call(clerk, "POST", "/petitions", filing, key="the-same-key")
    second = api.call(clerk, "POST", "/petitions", filing, key="the-same-key")
    assert first.json == second.json
    assert second.headers["Idempotent-Replayed"] == "true"
    other = api.call(clerk, "POST", "/petitions", {**filing, "major": True}, key="the-same-key")
    assert other.status_code == 422
    assert rows("SELECT count(*) FROM petitions_petition") == [(1,)]


def test_an_act_on_an_older_version_is_stale(api: Api, principal_of: PrincipalOf) -> None:
    clerk = principal_of(Role.CLERK)
    number = api.register(clerk)["number"]
    version = api.call(clerk, "GET", f"/petitions/{number}").headers["ETag"]
    api.act(clerk, number, "classify", category="suggestion")
    body = {"action": "accept", "notice": "spot"}
    assert api.call(clerk, "POST", f"/petitions/{number}/actions", body, version=version).status_code == 412


def test_a_registration_with_mistakes_names_each_field_and_stores_nothing(
    api: Api, principal_of: PrincipalOf, rows: Rows
) -> None:
    clerk = principal_of(Role.CLERK)
    answer = api.call(
        clerk,
        "POST",
        "/petitions",
        {
            "channel": "visit",
            "category": "claim",
            "text": "短",
            "received_on": "2027-01-01",
            "complains_of_official": False,
            "petitioner": {"name": "", "phone": "12", "identity_number": "431299196003151018"},
        },
    )
    assert answer.status_code == 422
    assert set((answer.json or {})["errors"]) == {
        "text",
        "received_on",
        "petitioner.name",
        "petitioner.phone",
        "petitioner.identity_number",
    }
    assert rows("SELECT count(*) FROM petitions_petition") == [(0,)]


def test_what_waits_is_grouped_by_what_is_asked(api: Api, principal_of: PrincipalOf) -> None:
    clerk, public = principal_of(Role.CLERK), principal_of(Role.PUBLIC)
    api.register(clerk)
    receipt = api.register(clerk)
    api.deliver(clerk, receipt["number"])
    slip = {"number": receipt["number"], "code": receipt["code"]}
    api.call(public, "POST", "/evaluations", {**slip, "grade": "dissatisfied", "words": "还没有量。"})
    groups = (api.call(clerk, "GET", "/waiting").json or {})["groups"]
    assert [(group["asked"], group["count"]) for group in groups] == [("answer_receipt", 1), ("revisit", 1)]
    assert api.act(clerk, receipt["number"], "revisit", words="已约定 6 月 20 日再次丈量。").status_code == 200
    groups = (api.call(clerk, "GET", "/waiting").json or {})["groups"]
    assert [(group["asked"], group["count"]) for group in groups] == [("answer_receipt", 1), ("conclude", 1)]


def test_a_handler_sees_what_is_assigned_and_nothing_else(
    api: Api, principal_of: PrincipalOf, small_township: SmallTownship
) -> None:
    clerk, handler = principal_of(Role.CLERK), principal_of(Role.HANDLER)
    number = api.register(clerk)["number"]
    api.register(clerk)
    assert api.call(handler, "GET", f"/petitions/{number}").status_code == 404
    assert handler.person_id is not None
    body = {"person_id": handler.person_id}
    assert api.call(clerk, "POST", f"/petitions/{number}/assignments", body).status_code == 200
    found = (api.call(handler, "GET", "/petitions").json or {})["items"]
    assert [item["number"] for item in found] == [number]
    assert api.call(handler, "POST", f"/petitions/{number}/openings", {}).status_code == 200


def test_nobody_is_put_on_a_petition_that_has_ended(
    api: Api, principal_of: PrincipalOf, small_township: SmallTownship
) -> None:
    clerk, handler = principal_of(Role.CLERK), principal_of(Role.HANDLER)
    delivered, withdrawn = api.register(clerk)["number"], api.register(clerk)["number"]
    api.deliver(clerk, delivered)
    body = {"person_id": handler.person_id}
    for number, action, values in ((delivered, "conclude", {}), (withdrawn, "withdraw", {"reason": "本人撤回。"})):
        assert not (api.call(clerk, "GET", f"/petitions/{number}").json or {})["ended"]
        done = api.act(clerk, number, action, **values)
        assert done.status_code == 200, done.text
        assert (api.call(clerk, "GET", f"/petitions/{number}").json or {})["ended"]
        refused = api.call(clerk, "POST", f"/petitions/{number}/assignments", body)
        assert refused.status_code == 409
        assert "已经办完" in refused.text
        assert api.call(handler, "GET", f"/petitions/{number}").status_code == 404


def test_nobody_without_a_duty_comes_to_the_register(api: Api, principal_of: PrincipalOf) -> None:
    for role in (Role.CADRE, Role.RESIDENT, Role.OPERATOR):
        assert api.call(principal_of(role), "GET", "/petitions").status_code == 403
    assert api.call(principal_of(Role.PUBLIC), "GET", "/petitions").status_code == 401


def test_another_township_does_not_exist(api: Api, principal_of: PrincipalOf) -> None:
    clerk = principal_of(Role.CLERK)
    number = api.register(clerk)["number"]
    stranger = Principal(clerk.township_id + 1, "person:9", person_id=clerk.person_id, grants=clerk.grants)
    assert api.call(stranger, "GET", f"/petitions/{number}").status_code == 404
    assert api.call(stranger, "GET", "/petitions").json == {"items": [], "next_cursor": None}


def test_every_route_says_who_may_call_it_and_the_description_is_valid(api: Api) -> None:
    from services.petitions.app import create_app

    app = create_app()
    assert routes_without_access(app) == []
    with app.test_client() as client:
        assert client is not None
    description = api.call(Principal(1), "GET", "/openapi.json").json
    assert description is not None
    validate(description)
    assert "/api/petitions/petitions/{number}/actions" in description["paths"]
