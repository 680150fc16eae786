"""The first steps on 待办: what is missing is named, what is done says so, and in the end they are gone."""

from __future__ import annotations

import re
from typing import Any

import pytest
from sqlalchemy import delete

from shared.identity import Role
from shared.models.gateway import Account
from shared.models.registry import Duty, DutyKind, Grid, Household, Office, Resident, Village
from shared.topology import Service
from tests.fixtures.databases import DatabaseFor
from tests.fixtures.township import SmallTownship
from tests.unit.pages.conftest import Answers, SignIn, refusal

QUARTERS, BOOKS = "/api/points/quarters", "/api/points/rulebooks"
ADOPTIONS, CATEGORIES = "/api/points/adoptions", "/api/intake/demand_categories"
HEADING = "从零开始，一步一步来"


def say(answers: Answers, *, quarters: Any = (), books: Any = (), adoptions: Any = (), categories: Any = ()) -> None:
    """What the services know of the township."""
    answers.add("GET", QUARTERS, {"items": list(quarters)})
    answers.add("GET", BOOKS, {"items": list(books), "next_cursor": None})
    answers.add("GET", ADOPTIONS, {"adoptions": list(adoptions)})
    answers.add("GET", CATEGORIES, list(categories))


def steps(page: str) -> dict[str, str]:
    """State of each step by its title."""
    found = re.findall(r'<li class="is-(\w+)"[^>]*>\s*<p><b>([^<]+)</b>', page)
    return {title: state for state, title in found}


def test_an_empty_township_begins_with_its_villages(
    browser: SignIn, answers: Answers, database_for: DatabaseFor
) -> None:
    with database_for(Service.INTAKE).transaction() as session:
        for model in (Duty, Resident, Household):
            session.execute(delete(model))
        session.execute(delete(Grid).where(Grid.parent_id.is_not(None)))
        for model in (Grid, Office, Village):
            session.execute(delete(model))
    say(answers)
    page = browser(Role.ADMIN).get("/todo").text
    assert list(steps(page).values()) == ["now", *["next"] * 7]
    assert 'class="button" href="/registry/villages/new"' in page
    assert "现在没有要您办的事" not in page


def test_each_step_names_the_villages_that_are_left(
    browser: SignIn, answers: Answers, small_township: SmallTownship, database_for: DatabaseFor
) -> None:
    first = small_township.villages[0]
    with database_for(Service.GATEWAY).transaction() as session:
        cadre = first.officials[DutyKind.CADRE][0]
        session.add(Account(township_id=small_township.id, person_id=cadre, username="one", password_hash="none"))
    say(
        answers,
        books=[{"revision": 1, "state": "draft"}],
        adoptions=[{"village": first.code}],
        categories=[{"code": "water"}],
        quarters=[{"state": "open"}],
    )
    page = browser(Role.ADMIN).get("/todo").text
    assert steps(page) == {
        "登记村": "done", "分片和组": "done", "登记办公室和诉求类别": "done", "给人职责和账号": "now",
        "登记住户": "done", "写积分细则": "next", "村里采用细则": "next", "办第一个季度": "next",
    }  # fmt: skip
    assert page.count("还差：示例2村。") == 2
    assert "已登记 12 户" in page
    assert "草稿写好以后发布" in page
    assert "已经开始记分" in page


@pytest.mark.parametrize("state", ["published", "closed"])
def test_with_the_first_board_the_steps_are_gone(browser: SignIn, answers: Answers, state: str) -> None:
    say(answers, quarters=[{"state": state}])
    assert HEADING not in browser(Role.ADMIN).get("/todo").text


def test_they_are_an_admins_and_wait_while_a_service_is_silent(browser: SignIn, answers: Answers) -> None:
    say(answers)
    assert HEADING in browser(Role.ADMIN).get("/todo").text
    assert HEADING not in browser(Role.CADRE).get("/todo").text
    answers.add("GET", QUARTERS, refusal(503, "“积分”这项服务现在没有运行。"))
    silent = browser(Role.ADMIN).get("/todo")
    assert silent.status_code == 200
    assert HEADING not in silent.text
