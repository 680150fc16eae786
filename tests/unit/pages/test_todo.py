"""待办: grouped, the late first, the oldest first, and no source spoils another."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask

from services.gateway.pages.todo import registry
from services.gateway.pages.todo.registry import Ask, AskGroup, ask_source, asks_of
from shared.calendar import today
from shared.identity import Grant, Principal, Role
from tests.unit.pages.conftest import refusal

CADRE = Principal(1, "account:1", grants=(Grant(Role.CADRE, 1),))


@pytest.fixture(autouse=True)
def no_sources(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """After the application: it registers the topics' sources when it is made for the first time."""
    monkeypatch.setattr(registry, "_SOURCES", [])


def ask(title: str, *, days_ago: int = 0, due_in: int | None = None) -> Ask:
    due = None if due_in is None else today() + timedelta(days=due_in)
    return Ask(title, "审核这一条", "/", today() - timedelta(days=days_ago), due)


def test_the_oldest_stands_first(app: Flask) -> None:
    ask_source(Role.CADRE)(lambda _who: [AskGroup("组", [ask("新", days_ago=1), ask("旧", days_ago=9)])])
    with app.test_request_context("/"):
        assert [each.title for each in asks_of(CADRE)[0].asks] == ["旧", "新"]


def test_what_is_late_stands_above_everything(app: Flask) -> None:
    ask_source(Role.CADRE)(lambda _who: [AskGroup("一", [ask("旧", days_ago=30)])])
    late = [ask("早", days_ago=9), ask("超期", days_ago=1, due_in=-2)]
    ask_source(Role.CADRE)(lambda _who: [AskGroup("二", late)])
    with app.test_request_context("/"):
        groups = asks_of(CADRE)
    assert [group.title for group in groups] == ["二", "一"]
    assert groups[0].asks[0].title == "超期"


def test_only_what_is_asked_of_this_role_is_shown(app: Flask) -> None:
    ask_source(Role.ADMIN)(lambda _who: [AskGroup("别人的", [ask("x")])])
    with app.test_request_context("/"):
        assert asks_of(CADRE) == []


def test_a_silent_service_is_named_and_spoils_no_other_group(app: Flask) -> None:
    def silent(_who: Principal) -> list[AskGroup]:
        raise refusal(503, "“积分”这项服务现在没有运行。")

    ask_source(Role.CADRE)(silent)
    ask_source(Role.CADRE)(lambda _who: [AskGroup("组", [ask("一件")])])
    with app.test_request_context("/"):
        groups = asks_of(CADRE)
    assert {group.trouble for group in groups} == {"“积分”这项服务现在没有运行。", ""}
    assert sum(group.count for group in groups) == 1


def test_a_silent_service_is_named_once_however_many_lists_it_holds(app: Flask) -> None:
    for name in ("积分", "积分", "信访"):

        def silent(_who: Principal, name: str = name) -> list[AskGroup]:
            raise refusal(503, f"“{name}”这项服务现在没有运行。")

        ask_source(Role.CADRE)(silent)
    with app.test_request_context("/"):
        troubles = [group.trouble for group in asks_of(CADRE)]
    assert troubles == ["“积分”这项服务现在没有运行。", "“信访”这项服务现在没有运行。"]
