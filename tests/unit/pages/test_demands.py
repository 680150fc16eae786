"""A demand's line: every day has its name, and lateness is said once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from services.gateway.pages.demands.presentation import due_words, tags
from services.gateway.pages.words import day_words
from shared.calendar import today
from shared.identity import Role
from tests.unit.pages.conftest import Answers, SignIn


@pytest.fixture(autouse=True)
def page_context(app: Flask) -> Iterator[None]:
    with app.test_request_context("/"):
        yield


def demand(*, due_in: int = -5, **changes: Any) -> dict[str, Any]:
    """A demand as intake gives it, as far as a line needs it."""
    return {
        "id": "7",
        "state": "waiting",
        "state_words": "待派单",
        "village_name": "示例一村",
        "category_name": "安全",
        "text": "老木房电线老化，怕起火。",
        "received_on": (today() - timedelta(days=8)).isoformat(),
        "due_on": (today() + timedelta(days=due_in)).isoformat(),
        "answered_on": None,
        "is_overdue": due_in < 0,
        **changes,
    }


def test_an_overdue_demand_says_once_that_it_is_late_and_names_both_days(browser: SignIn, answers: Answers) -> None:
    late = demand()
    answers.add("GET", "/api/intake/demands", {"items": [late], "next_cursor": None})
    page = browser(Role.ADMIN).get("/todo").text
    assert page.count("已超 5 天") == 1
    assert f"{day_words(late['received_on'])} 收到，{day_words(late['due_on'])} 前答复" in page


def test_what_is_left_stands_in_a_tag_of_its_own_beside_the_state() -> None:
    assert tags(demand()) == [("已超 5 天", "late"), ("待派单", "main")]
    assert tags(demand(due_in=3)) == [("还剩 3 天", "soon"), ("待派单", "main")]


def test_an_answered_demand_has_no_limit_any_more() -> None:
    answered = demand(state="answered", state_words="已答复待回访", answered_on=today().isoformat(), is_overdue=False)
    assert tags(answered) == [("已答复待回访", "soon")]
    assert due_words(answered) == f"{day_words(today())} 已答复"
