"""The bottom bar of a phone: four places, and 消息 is always one of them."""

from __future__ import annotations

import re

import pytest

from services.gateway.pages import navigation
from services.gateway.pages.navigation import STAFF, Link
from shared.identity import Role
from tests.unit.pages.conftest import SignIn

BAR = re.compile(r'<nav class="bottom-bar.*?</nav>', re.DOTALL)
LABEL = re.compile(r"<a [^>]*>([^<]+)")


@pytest.mark.parametrize("role", sorted({*STAFF, Role.RESIDENT}))
def test_everyone_finds_what_waits_and_what_was_told_in_the_bar(browser: SignIn, role: Role) -> None:
    [bar] = BAR.findall(browser(role).get("/messages").text)
    labels = LABEL.findall(bar)
    assert len(labels) <= 4
    assert labels[0] == ("我家积分" if role is Role.RESIDENT else "待办")
    assert labels[-1] == "消息"


def test_the_count_of_unread_messages_stands_in_the_bar(browser: SignIn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.gateway.pages.frame.PAGE_COUNTERS", [lambda _principal: {"messages.show": 7}])
    [bar] = BAR.findall(browser(Role.ADMIN).get("/messages").text)
    assert re.search(r'消息<span class="count">7<', bar)


def test_pages_that_find_no_place_in_the_bar_still_leave_one_for_the_last() -> None:
    links = [Link(str(number), f"/{number}", False, on_phone=number != 2) for number in range(1, 8)]
    assert [link.label for link in navigation.bottom_bar(links)] == ["1", "3", "4", "7"]
    assert [link.label for link in navigation.bottom_bar(links[:4])] == ["1", "3", "4"]
