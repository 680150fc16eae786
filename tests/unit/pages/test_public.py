"""The public page, and what every page carries."""

from __future__ import annotations

from datetime import date
from urllib.parse import unquote

import pytest
from flask import Flask

from services.gateway.pages.public.opening import opening_on
from shared.identity import Role
from tests.unit.pages.conftest import SignIn

HOURS = {
    "opening_hours": "8:30–12:00",
    "reception_weekdays": [1],
    "reception_hours": "9:00–11:00",
    "reception_place": "一楼",
}


def test_four_doors_stand_on_the_public_page(browser: SignIn) -> None:
    page = browser().get("/").text
    for door in ("查积分", "提诉求", "查进度", "看公示"):
        assert f"<b>{door}</b>" in page


def test_emergency_numbers_can_be_dialled(browser: SignIn) -> None:
    page = browser().get("/").text
    for number in ("110", "119", "120", "12345"):
        assert f'href="tel:{number}"' in page


@pytest.mark.parametrize("path", ["/", "/card", "/login", "/progress", "/opinions", "/design", "/nowhere"])
def test_every_page_has_the_opinion_link_and_skips_to_its_content(browser: SignIn, path: str) -> None:
    page = browser().get(path, headers={"Accept": "text/html"}).text
    assert "意见建议</a>" in page
    assert 'href="#content"' in page
    assert page.count("<h1") == 1


def test_a_page_that_is_not_there_says_so_with_a_number_to_read_out(browser: SignIn) -> None:
    answer = browser().get("/nowhere", headers={"Accept": "text/html"})
    assert answer.status_code == 404
    assert "没有找到" in answer.text
    assert "请报编号" in answer.text


def test_a_page_for_others_sends_to_the_login_and_back(browser: SignIn) -> None:
    answer = browser().get("/todo?x=1", headers={"Accept": "text/html"})
    assert answer.status_code == 303
    assert unquote(answer.location) == "/login?back=/todo?x=1"


def test_someone_without_the_duty_is_told_so(browser: SignIn) -> None:
    answer = browser(Role.KEEPER).get("/recalculation", headers={"Accept": "text/html"})
    assert answer.status_code == 403
    assert "您的职责不包括这项工作" in answer.text


def test_opening_and_reception_of_a_working_day(app: Flask) -> None:
    with app.test_request_context("/"):
        opening = opening_on(date(2026, 11, 23), HOURS)
    assert opening.office == "今天（11月23日 周一）上班：8:30–12:00"
    assert opening.reception == "今天有领导接访：9:00–11:00 一楼"


def test_on_a_day_of_rest_the_next_working_day_is_named(app: Flask) -> None:
    with app.test_request_context("/"):
        opening = opening_on(date(2026, 11, 28), HOURS)
    assert opening.office == "今天（11月28日 周六）休息，11月30日 周一 上班：8:30–12:00"
    assert opening.reception == "领导接访：每周一 9:00–11:00 一楼"


def test_a_township_that_has_not_said_its_hours_says_nothing(app: Flask) -> None:
    with app.test_request_context("/"):
        assert opening_on(date(2026, 11, 23), {}) == opening_on(date(2026, 11, 28), {})
