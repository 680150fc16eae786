"""A thumb finds every link, button and field of the main pages on a phone of 390 px, in normal type and in 大字版."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import NewVisitor, Visitor
from tests.browser.looks import LARGE_TARGET, TARGET, require_large_targets, require_whole_on_screen
from tests.browser.test_walks import LANDINGS, PUBLIC

SIZE = {"width": 390, "height": 844}
ALSO_PUBLIC = ("/petitions/progress", "/rulebook", "/design")
SIZES = pytest.mark.parametrize("least", [TARGET, LARGE_TARGET], ids=["normal", "large"])
_NEXT_OF_EACH = 2
"""How many links of each main page are followed as well: households, demands, forms, boards."""


@SIZES
def test_targets_of_public_pages_are_large(visitor: NewVisitor, least: int) -> None:
    person = visitor(SIZE)
    page = person.open("/")
    _choose_size(page, least)
    board = person.open("/boards").locator("main a.row").first.get_attribute("href")
    assert board
    for path in (*PUBLIC, *ALSO_PUBLIC, board):
        _measure(person, path, least)


@SIZES
@pytest.mark.parametrize("username", LANDINGS)
def test_targets_of_the_pages_of_every_role_are_large(visitor: NewVisitor, username: str, least: int) -> None:
    person = visitor(SIZE)
    page = person.enter_as(username)
    _choose_size(page, least)
    main = dict.fromkeys(_paths(page, ".header-links a"))
    assert len(main) > 1
    further: dict[str, None] = {}
    for path in main:
        _measure(person, path, least)
        further |= dict.fromkeys(_paths(page, "main a[href^='/']:not([href$='.xlsx'])")[:_NEXT_OF_EACH])
    for path in further:
        if path not in main:
            _measure(person, path, least)


def _choose_size(page: Page, least: int) -> None:
    if least == LARGE_TARGET:
        page.get_by_role("button", name="大字版").click()
        page.wait_for_load_state()


def _measure(person: Visitor, path: str, least: int) -> None:
    page = person.open(path)
    require_whole_on_screen(page)
    require_large_targets(page, least)


def _paths(page: Page, selector: str) -> list[str]:
    paths: list[str] = page.locator(selector).evaluate_all("links => links.map(link => link.getAttribute('href'))")
    return paths
