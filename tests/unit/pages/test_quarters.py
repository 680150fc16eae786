"""季度: the one act that comes next, and its refusal in words."""

from __future__ import annotations

from typing import Any

import pytest

from shared.identity import Role
from tests.unit.pages.conftest import Answers, SignIn, refusal
from tests.unit.pages.test_reading import token_of

API = "/api/points/quarters/2026Q3/villages/431299199001"
ADDRESS = "/quarters/2026Q3/431299199001"


def quarter(state: str, **changes: Any) -> dict[str, Any]:
    data: dict[str, Any] = {
        "village_code": "431299199001",
        "village": "示例一村",
        "quarter": "2026Q3",
        "state": state,
        "revision": 1,
        "unreviewed": 0,
        "open_objections": 0,
        "objection_days": 7,
        "objections_until": "2099-01-01",
        "tallied_at": None,
        "published_at": None,
        "closed_at": None,
        "leftovers": [],
        "version": 1,
    }
    return {**data, **changes}


@pytest.fixture(autouse=True)
def no_objections(answers: Answers) -> None:
    answers.add("GET", f"{API}/objections", {"items": [], "next_cursor": None})


@pytest.mark.parametrize(
    ("state", "act"),
    [("open", "统计这个季度"), ("tallied", "公示这张榜"), ("tallied", "退回继续记账"), ("published", "定榜")],
)
def test_each_state_offers_its_next_act(browser: SignIn, answers: Answers, state: str, act: str) -> None:
    answers.add("GET", API, quarter(state))
    assert f">{act}</button>" in browser(Role.CADRE).get(ADDRESS).text


def test_who_only_watches_is_offered_nothing(browser: SignIn, answers: Answers) -> None:
    answers.add("GET", API, quarter("open"))
    assert "统计这个季度</button>" not in browser(Role.SUPERVISOR).get(ADDRESS).text


def test_a_refused_act_says_why(browser: SignIn, answers: Answers) -> None:
    answers.add("GET", API, quarter("open"))
    answers.add("POST", f"{API}/tally", refusal(409, "这个季度到 9月30日 周三 才结束，结束以后才能统计。"))
    client = browser(Role.CADRE)
    answer = client.post(f"{ADDRESS}/tally", data={"csrf_token": token_of(client, ADDRESS)})
    assert answer.status_code == 409
    assert "结束以后才能统计" in answer.text


def test_an_unknown_act_is_no_page(browser: SignIn, answers: Answers) -> None:
    answers.add("GET", API, quarter("open"))
    client = browser(Role.CADRE)
    answer = client.post(f"{ADDRESS}/erase", data={"csrf_token": token_of(client, ADDRESS)})
    assert answer.status_code == 404


def test_what_was_carried_over_is_listed(browser: SignIn, answers: Answers) -> None:
    left = {
        "event": "9",
        "title": "参加夜巡",
        "household": "石桂花",
        "household_number": 66,
        "occurred_on": "2026-09-30",
    }
    answers.add("GET", API, quarter("tallied", leftovers=[left]))
    assert "石桂花（66号）" in browser(Role.CADRE).get(ADDRESS).text
