"""Boards look like the paper on the wall, for everybody."""

from __future__ import annotations

from typing import Any

from shared.identity import Role
from tests.unit.pages.conftest import Answers, SignIn, refusal
from tests.unit.pages.test_reading import token_of

BOARD: dict[str, Any] = {
    "village_code": "431299199001",
    "village": "示例一村",
    "quarter": "2026Q3",
    "edition": 1,
    "revision": 1,
    "trial": True,
    "state": "published",
    "objections_until": "2099-01-01",
    "objections_open": True,
    "published_at": "2026-10-08T01:00:00+00:00",
    "public_until": "2099-01-01",
    "groups": [
        {
            "name": "第一组",
            "rows": [
                {"name": "石×花", "number": 1, "points": "24.00", "marked": False},
                {"name": "吴×梅", "number": 2, "points": None, "marked": True},
            ],
        }
    ],
    "red_list": [{"rank": 1, "name": "石×花", "group": "第一组", "points": "24.00", "gain": "3.00"}],
    "progress_list": [],
    "category_sums": [{"code": "HJ", "name": "环境卫生", "points": "24.00"}],
    "corrections": [{"what": "夜巡", "origin_quarter": "2026Q2", "households": 3, "points": "1.50"}],
    "seq": 17,
    "digest": "ab" * 32,
}
ADDRESS = "/boards/2026Q3/431299199001"
API = "/api/points/boards/2026Q3/431299199001"


def test_a_board_names_village_quarter_edition_and_pins_its_history(browser: SignIn, answers: Answers) -> None:
    answers.add("GET", API, BOARD)
    page = browser().get(ADDRESS).text
    for words in (
        "示例一村",
        "2026年第三季度",
        "第 1 版（试行）",
        "第一组",
        "石×花",
        "记到第 17 批",
        "ab" * 32,
        "<svg",
    ):
        assert words in page


def test_a_net_below_zero_stands_as_a_dash_and_what_was_upheld_is_marked(browser: SignIn, answers: Answers) -> None:
    answers.add("GET", API, BOARD)
    page = browser().get(ADDRESS).text
    row = page[page.index("吴×梅") :]
    assert "（异议后更正）" in row[:120]
    assert "–" in row[:200]
    assert "24.00 分" in page[page.index("第一组") :]


def test_corrections_name_the_quarter_that_they_belong_to(browser: SignIn, answers: Answers) -> None:
    answers.add("GET", API, BOARD)
    assert "夜巡（2026年第二季度）" in browser().get(ADDRESS).text


def test_while_the_objection_period_runs_the_board_leads_to_the_form(browser: SignIn, answers: Answers) -> None:
    answers.add("GET", API, BOARD)
    assert f'href="{ADDRESS}/objection"' in browser().get(ADDRESS).text
    answers.add("GET", API, {**BOARD, "objections_open": False})
    assert f'href="{ADDRESS}/objection"' not in browser().get(ADDRESS).text


def test_an_objection_is_sent_for_the_own_household(browser: SignIn, answers: Answers) -> None:
    answers.add("GET", API, BOARD)
    target = "/api/points/quarters/2026Q3/villages/431299199001/objections"
    answers.add("POST", target, {"id": "1"})
    client = browser(Role.RESIDENT, household_id=7)
    form = {"csrf_token": token_of(client, f"{ADDRESS}/objection"), "text": "少记一次夜巡"}
    assert client.post(f"{ADDRESS}/objection", data=form).status_code == 303
    assert answers.asked[-1] == ("POST", target, {"text": "少记一次夜巡", "raiser_name": "石桂花", "household": 7})


def test_a_refused_objection_gives_the_form_back_filled_in(browser: SignIn, answers: Answers) -> None:
    answers.add("GET", API, BOARD)
    target = "/api/points/quarters/2026Q3/villages/431299199001/objections"
    answers.add("POST", target, refusal(409, "公示期已经结束，不能再提异议。"))
    client = browser(Role.RESIDENT, household_id=7)
    form = {"csrf_token": token_of(client, f"{ADDRESS}/objection"), "text": "少记一次夜巡"}
    answer = client.post(f"{ADDRESS}/objection", data=form)
    assert answer.status_code == 422
    assert "公示期已经结束" in answer.text
    assert "少记一次夜巡</textarea>" in answer.text


def test_without_a_board_the_list_says_when_there_will_be_one(browser: SignIn, answers: Answers) -> None:
    answers.add("GET", "/api/points/boards", {"items": []})
    assert "现在没有在公示的榜" in browser().get("/boards").text
    assert browser().get("/boards/newest").location == "/boards"
