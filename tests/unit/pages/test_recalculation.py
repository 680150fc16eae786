"""积分重算: what a run shows, and that applying names its numbers."""

from __future__ import annotations

from typing import Any

import pytest

from shared.identity import Role
from tests.unit.pages.conftest import Answers, SignIn, refusal
from tests.unit.pages.test_reading import token_of

API = "/api/points/recalculations"
VILLAGE: dict[str, Any] = {
    "code": "431299199001",
    "name": "示例一村",
    "state": "done",
    "attempts": 1,
    "households": 36,
    "events": 1200,
    "changed": 40,
    "points_up": "128.50",
    "points_down": "-6.00",
    "changed_since_preview": 0,
    "error": "",
    "refusal": "",
}
RUN: dict[str, Any] = {
    "id": "5",
    "mode": "preview",
    "state": "done",
    "revision": None,
    "quarters": ["2026Q3"],
    "full": False,
    "preview": None,
    "done": 1,
    "total": 1,
    "parked": 0,
    "eta_seconds": 0,
    "errors": [],
    "villages": [VILLAGE],
    "households": 36,
    "events": 1200,
    "changed": 40,
    "changed_since_preview": 0,
    "points_up": "128.50",
    "points_down": "-6.00",
    "losers": 2,
    "notices_sent_at": None,
    "notices_sent": 0,
    "applied": None,
    "created_at": "2026-11-24T01:00:00+00:00",
    "finished_at": "2026-11-24T01:00:09+00:00",
    "expires_at": "2026-12-24T01:00:00+00:00",
    "version": 3,
}


def test_applying_names_households_and_points(browser: SignIn, answers: Answers) -> None:
    answers.add("GET", f"{API}/5", RUN)
    assert "应用到 36 户：+128.50 分，-6.00 分" in browser(Role.ADMIN).get("/recalculation/5").text


def test_a_running_run_refreshes_itself_without_scripts_and_can_be_stopped(browser: SignIn, answers: Answers) -> None:
    moving = {**RUN, "mode": "apply", "state": "running", "done": 1, "total": 4, "eta_seconds": 40}
    answers.add("GET", f"{API}/5", moving)
    page = browser(Role.ADMIN).get("/recalculation/5").text
    assert '<noscript><meta http-equiv="refresh"' in page
    assert 'data-progress="/recalculation/5"' in page
    assert "4 个村，算完 1 个" in page
    assert "还要约 40 秒" in page
    assert "停下这次重算" in page


def test_a_finished_run_no_longer_refreshes(browser: SignIn, answers: Answers) -> None:
    answers.add("GET", f"{API}/5", RUN)
    page = browser(Role.ADMIN).get("/recalculation/5").text
    assert "http-equiv" not in page
    assert "data-progress" not in page


@pytest.mark.parametrize("state", ["cancelled", "parked"])
def test_a_stopped_run_can_be_resumed(browser: SignIn, answers: Answers, state: str) -> None:
    answers.add("GET", f"{API}/5", {**RUN, "mode": "apply", "state": state, "parked": 1})
    assert "接着算剩下的村" in browser(Role.ADMIN).get("/recalculation/5").text


def test_a_preview_is_applied_as_it_was_shown(browser: SignIn, answers: Answers) -> None:
    answers.add("GET", f"{API}/5", RUN)
    answers.add("POST", API, {**RUN, "id": "6", "mode": "apply"})
    client = browser(Role.ADMIN)
    answer = client.post("/recalculation/5/apply", data={"csrf_token": token_of(client, "/recalculation/5")})
    assert answer.location == "/recalculation/6"
    assert answers.asked[-1] == (
        "POST",
        API,
        {"mode": "apply", "preview": 5, "villages": ["431299199001"], "quarters": ["2026Q3"]},
    )


def test_losers_who_were_not_told_stop_the_apply_in_words(browser: SignIn, answers: Answers) -> None:
    answers.add("GET", f"{API}/5", RUN)
    answers.add("POST", API, refusal(409, "请先把原因告诉会减分的户。"))
    client = browser(Role.ADMIN)
    answer = client.post("/recalculation/5/apply", data={"csrf_token": token_of(client, "/recalculation/5")})
    assert answer.status_code == 422
    assert "请先把原因告诉会减分的户。" in answer.text


def test_each_event_says_old_new_and_why(browser: SignIn, answers: Answers) -> None:
    event = {
        "event": "9",
        "rule_code": "ZY05",
        "title": "参加夜巡",
        "occurred_on": "2026-07-03",
        "quantity": "1.00",
        "quarter": "2026Q3",
        "held": "2.00",
        "scored": "2.50",
        "why": "由“每次 2.00 分”改为“每次 2.50 分”。",
    }
    household = {
        "household": "7",
        "number": 1,
        "head_name": "石桂花",
        "group": "第一组",
        "village_code": "431299199001",
        "village": "示例一村",
        "change": "0.50",
        "events": [event],
    }
    answers.add("GET", f"{API}/5", RUN)
    answers.add("GET", f"{API}/5/differences", {"items": [household], "next_cursor": None})
    page = browser(Role.ADMIN).get("/recalculation/5/villages/431299199001").text
    for words in ("石桂花", "+0.50 分", "参加夜巡", "+2.00 分", "+2.50 分", "由“每次 2.00 分”改为“每次 2.50 分”。"):
        assert words in page


def test_a_reason_that_villages_share_is_said_once(browser: SignIn, answers: Answers) -> None:
    waiting = {
        "held_revision": 1,
        "adopted_revision": 2,
        "quarters": ["2026Q3", "2026Q4"],
        "reason": "录入时打错了一行。",
        "correction": True,
        "since": "2026-11-24T01:00:00+00:00",
    }
    names = {"431299199001": "示例一村", "431299199002": "示例二村"}
    villages = [{**waiting, "code": code, "name": name} for code, name in names.items()]
    villages.append({**waiting, "code": "431299199003", "name": "示例三村", "reason": "", "correction": False})
    answers.add("GET", API, {"items": [], "next_cursor": None})
    answers.add("GET", f"{API}/waiting", {"villages": villages})
    answers.add("GET", "/api/points/rulebooks", {"items": []})
    page = browser(Role.ADMIN).get("/recalculation").text
    assert page.count("录入时打错了一行。") == 1
    assert "示例一村、示例二村" in page
    assert page.count("2026年第三季度到2026年第四季度") == 2
    assert "3 个村采用了新修订" in page


def test_a_village_whose_score_can_not_be_booked_says_which_record_is_in_the_way(
    browser: SignIn, answers: Answers
) -> None:
    reason = "3 号户（石小满）2026年3月5日的“帮助邻里”记了 9000000.00 次，一条就超过一千万分。"
    village = {**VILLAGE, "state": "parked", "attempts": 0, "refusal": reason}
    answers.add("GET", f"{API}/5", {**RUN, "state": "parked", "parked": 1, "villages": [village]})
    page = browser(Role.ADMIN).get("/recalculation/5").text
    assert reason in page
    assert "改好以后可以接着算" in page
    assert "告诉运维人员" not in page
