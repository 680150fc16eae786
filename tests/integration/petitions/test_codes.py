"""Number and code: one answer to all mistakes, counted, and evaluation once after delivery."""

from __future__ import annotations

import time_machine

from shared.identity import Role
from tests.fixtures.township import PrincipalOf
from tests.integration.petitions.conftest import TODAY, Api, Rows


def test_a_wrong_number_and_a_wrong_code_get_the_same_answer(api: Api, principal_of: PrincipalOf) -> None:
    number = api.register(principal_of(Role.CLERK))["number"]
    public = principal_of(Role.PUBLIC)
    answers = [
        api.call(public, "POST", "/track", {"number": each, "code": "ZZZZZZZZ"}) for each in (number, "2026-9999")
    ]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert len({(answer.json or {})["detail"] for answer in answers}) == 1


def test_after_ten_wrong_codes_a_number_waits_an_hour_whether_it_exists_or_not(
    api: Api, principal_of: PrincipalOf
) -> None:
    receipt = api.register(principal_of(Role.CLERK))
    public = principal_of(Role.PUBLIC)
    right = {"number": receipt["number"], "code": receipt["code"]}
    for number in (receipt["number"], "2026-9999"):
        for _ in range(10):
            assert api.call(public, "POST", "/track", {"number": number, "code": "ZZZZZZZZ"}).status_code == 404
        refused = api.call(public, "POST", "/track", {"number": number, "code": receipt["code"]})
        assert refused.status_code == 429
        assert 0 < int(refused.headers["Retry-After"]) <= 3600
    with time_machine.travel(TODAY) as clock:
        clock.shift(3700)
        assert api.call(public, "POST", "/track", right).status_code == 200


def test_a_wrong_code_is_counted_on_evaluation_too(api: Api, principal_of: PrincipalOf, rows: Rows) -> None:
    number = api.register(principal_of(Role.CLERK))["number"]
    body = {"number": number, "code": "ZZZZZZZZ", "grade": "satisfied"}
    assert api.call(principal_of(Role.PUBLIC), "POST", "/evaluations", body).status_code == 404
    assert rows("SELECT tries FROM petitions_code_try") == [(1,)]


def test_nobody_evaluates_before_delivery(api: Api, principal_of: PrincipalOf) -> None:
    receipt = api.register(principal_of(Role.CLERK))
    body = {"number": receipt["number"], "code": receipt["code"], "grade": "satisfied"}
    assert api.call(principal_of(Role.PUBLIC), "POST", "/evaluations", body).status_code == 409


def test_an_evaluation_is_given_once(api: Api, principal_of: PrincipalOf) -> None:
    clerk, public = principal_of(Role.CLERK), principal_of(Role.PUBLIC)
    receipt = api.register(clerk)
    api.deliver(clerk, receipt["number"])
    body = {"number": receipt["number"], "code": receipt["code"], "grade": "basically_satisfied"}
    assert api.call(public, "POST", "/evaluations", body, key="one-and-only").status_code == 201
    again = api.call(public, "POST", "/evaluations", body, key="one-and-only")
    assert (again.status_code, again.headers["Idempotent-Replayed"]) == (201, "true")
    other = api.call(public, "POST", "/evaluations", {**body, "grade": "dissatisfied"})
    assert other.status_code == 409


def test_an_accusation_is_followed_without_a_word_about_it_and_never_evaluated(
    api: Api, principal_of: PrincipalOf
) -> None:
    public, officer = principal_of(Role.PUBLIC), principal_of(Role.DISCIPLINE)
    receipt = api.register(principal_of(Role.CLERK), complains_of_official=True)
    slip = {"number": receipt["number"], "code": receipt["code"]}
    before = api.call(public, "POST", "/track", slip).json
    api.act(officer, receipt["number"], "confirm_accusation")
    api.deliver(officer, receipt["number"])
    after = api.call(public, "POST", "/track", slip).json
    assert before == after
    assert (after or {})["state"] == "已收到，正在按规定办理"
    assert api.call(public, "POST", "/evaluations", {**slip, "grade": "satisfied"}).status_code == 409


def test_the_code_is_printed_again_for_whoever_works_on_it_only(api: Api, principal_of: PrincipalOf) -> None:
    clerk = principal_of(Role.CLERK)
    receipt = api.register(clerk)
    assert api.call(clerk, "POST", f"/petitions/{receipt['number']}/codes", {}).json == {"code": receipt["code"]}
    assert api.call(principal_of(Role.ADMIN), "POST", f"/petitions/{receipt['number']}/codes", {}).status_code == 422
