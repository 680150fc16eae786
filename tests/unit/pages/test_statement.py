"""积分单: balance large, entries by month, each with its why and the numbers behind it."""

from __future__ import annotations

from typing import Any

import pytest

from shared.identity import Role
from tests.unit.pages.conftest import Answers, SignIn

API = "/api/points/households/7"
ACCOUNT: dict[str, Any] = {
    "household": "7",
    "number": 66,
    "head_name": "石桂花",
    "card_number": "4312000001",
    "group": "第三组",
    "village_code": "431299199001",
    "village": "示例一村",
    "balance": "12.50",
    "reserved": "6.00",
    "available": "6.50",
    "quarters": [{"quarter": "2026Q4", "points": "12.50"}],
}
PATROL: dict[str, Any] = {
    "id": "1",
    "kind": "award",
    "amount": "2.50",
    "quarter": "2026Q4",
    "origin_quarter": "2026Q4",
    "booked_at": "2026-11-24T05:21:22+00:00",
    "title": "参加夜巡",
    "occurred_on": "2026-10-21",
    "event": "9",
    "rule_code": "ZY05",
    "quantity": "1.00",
    "unit": "次",
    "note": "夜巡一轮",
    "recalculation": None,
    "reason": None,
}
WHY: dict[str, Any] = {
    "event": "9",
    "state": "posted",
    "occurred_on": "2026-10-21",
    "quarter": "2026Q4",
    "rule_code": "ZY05",
    "title": "参加夜巡",
    "category": "志愿服务",
    "unit": "次",
    "revision": 1,
    "wording": "每次 +2.50 分，每月最多 10.00 分",
    "quantity": "1.00",
    "raw": "2.50",
    "ruled": "2.50",
    "scored": "2.50",
    "declared_by": "龙通顺",
    "reviewed_by": ["吴发福"],
    "note": "夜巡一轮",
    "changes": [
        {"entry": "1", "booked_on": "2026-11-24", "amount": "2.50", "recalculation": None, "sentence": "记账。"}
    ],
    "sentences": ["第一句。", "第二句。", "第三句。"],
}
FIFTH = {**WHY, "event": "10", "occurred_on": "2026-10-28", "ruled": "0.00", "scored": "0.00", "changes": []}


@pytest.fixture
def household(answers: Answers) -> Answers:
    answers.add("GET", f"{API}/account", ACCOUNT)
    answers.add("GET", f"{API}/statement", {"items": [PATROL], "next_cursor": None})
    answers.add("GET", f"{API}/explain", {"quarter": "2026Q4", "events": [WHY, FIFTH]})
    return answers


def test_what_can_be_spent_stands_large_and_what_is_held_beside_it(browser: SignIn, household: Answers) -> None:
    page = browser(Role.RESIDENT, household_id=7).get("/household").text
    assert "6.50 分" in page
    assert "余额 12.50 分，其中 6.00 分 已为兑换留着" in page


def test_an_entry_opens_its_why_in_three_sentences_and_the_numbers(browser: SignIn, household: Answers) -> None:
    page = browser(Role.RESIDENT, household_id=7).get("/household").text
    for words in ("<p>第一句。</p>", "<p>第二句。</p>", "<p>第三句。</p>", "第 1 版：每次 +2.50 分", "按条目得"):
        assert words in page


def test_an_award_stands_in_the_month_of_the_deed_with_the_day_of_booking(browser: SignIn, household: Answers) -> None:
    page = browser(Role.RESIDENT, household_id=7).get("/household").text
    assert "2026年10月" in page
    assert "10月21日 周三 的事，11月24日 周二 记账" in page


def test_a_deed_that_earned_nothing_is_listed_with_its_why(browser: SignIn, household: Answers) -> None:
    page = browser(Role.RESIDENT, household_id=7).get("/household").text
    assert "没有记分的事" in page
    assert page.index("没有记分的事") < page.index("entry-event-10")


def test_a_redemption_stands_in_the_month_of_booking(browser: SignIn, household: Answers) -> None:
    redemption = {
        **PATROL,
        "id": "2",
        "kind": "redemption",
        "amount": "-6.00",
        "title": "兑换 牙膏 1 支",
        "event": None,
    }
    household.add("GET", f"{API}/statement", {"items": [redemption], "next_cursor": None})
    page = browser(Role.RESIDENT, household_id=7).get("/household").text
    assert "2026年11月" in page
    assert "兑换 牙膏 1 支，-6.00 分。" in page


def test_a_negative_balance_is_explained_without_blame(browser: SignIn, household: Answers) -> None:
    household.add("GET", f"{API}/account", {**ACCOUNT, "balance": "-2.00", "reserved": "0.00", "available": "-2.00"})
    assert "余额现在是负的" in browser(Role.RESIDENT, household_id=7).get("/household").text


def test_staff_open_a_household_by_its_number_and_residents_only_their_own(browser: SignIn, household: Answers) -> None:
    assert browser(Role.CADRE).get("/households/7").status_code == 200
    assert browser(Role.RESIDENT, household_id=7).get("/households/7").status_code == 403
