"""One walk per role: in by a button, to where the work is, through every main page, on a phone and at a desk."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import DESKTOP, PHONE, NewVisitor
from tests.browser.looks import require_accessible, require_large_targets, require_whole_on_screen

# Demo account, and what its first page says on top.
LANDINGS = {
    "villager": "积分单",
    "grid": "待办",
    "cadre": "待办",
    "keeper": "待办",
    "judge": "待办",
    "supervisor": "待办",
    "handler": "待办",
    "leader": "待办",
    "clerk": "待办",
    "discipline": "待办",
    "admin": "待办",
    "auditor": "待办",
    "operator": "待办",
}
PUBLIC = ("/", "/card", "/login", "/progress", "/demands/new", "/demands/progress", "/boards", "/opinions", "/tour")

# Each role's walk on a phone belongs to the short run, the same at a desk to the later part.
SIZES = [pytest.param(PHONE, id="phone", marks=pytest.mark.walk), pytest.param(DESKTOP, id="desk")]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("username", LANDINGS)
def test_everybody_lands_at_their_work_and_can_open_all_of_it(
    visitor: NewVisitor, username: str, size: dict[str, int]
) -> None:
    person = visitor(size)
    page = person.enter_as(username)
    expect(page.locator("h1")).to_contain_text(LANDINGS[username])
    expect(page.get_by_text("演示数据，人物和事件均为虚构")).to_be_visible()
    expect(page.get_by_text("有一部分待办没有取到")).to_have_count(0)
    addresses = page.locator(".header-links a").evaluate_all("links => links.map(link => link.getAttribute('href'))")
    for address in dict.fromkeys(addresses):
        person.open(address)
        expect(page.locator("h1")).to_have_count(1)
        require_whole_on_screen(page)
        require_large_targets(page)
    page.get_by_role("button", name="退出登录").click()
    expect(page.get_by_role("link", name="查积分").first).to_be_visible()


@pytest.mark.parametrize("size", SIZES)
def test_a_villager_opens_the_household_with_card_and_pin(visitor: NewVisitor, size: dict[str, int]) -> None:
    person = visitor(size)
    page = person.open("/")
    page.get_by_role("link", name="查积分").first.click()
    page.get_by_label("户卡号").fill("1000004624")
    page.get_by_label("6 位密码").fill("000000")
    page.get_by_role("button", name="查看自家积分").click()
    expect(page.get_by_role("alert")).to_contain_text("卡号或查询密码不对")
    expect(page.get_by_label("户卡号")).to_have_value("1000004624")
    # The answer 401 to a wrong PIN is what is expected here.
    person.troubles.clear()


@pytest.mark.parametrize("path", PUBLIC)
@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desk"])
def test_public_pages_fit_and_are_accessible(visitor: NewVisitor, path: str, size: dict[str, int]) -> None:
    page = visitor(size).open(path)
    require_whole_on_screen(page)
    require_large_targets(page)
    require_accessible(page)


@pytest.mark.parametrize("username", LANDINGS)
def test_pages_of_every_role_are_accessible_in_large_type(visitor: NewVisitor, username: str) -> None:
    person = visitor(PHONE)
    page = person.enter_as(username)
    page.get_by_role("button", name="大字版").click()
    addresses = page.locator(".header-links a").evaluate_all("links => links.map(link => link.getAttribute('href'))")
    for address in dict.fromkeys(addresses):
        person.open(address)
        require_whole_on_screen(page)
        require_accessible(page)
