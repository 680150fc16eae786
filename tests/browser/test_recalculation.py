"""The main job in the browser: preview, tell the losers, apply, verify, and a household that sees why."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import DESKTOP, NewVisitor

RUN_SECONDS = 120_000


def begin_preview(page: Page) -> None:
    page.get_by_role("link", name="先看重算预览").click()
    expect(page.get_by_role("heading", name="积分重算", exact=True)).to_be_visible()
    page.get_by_role("button", name="预览重算结果").click()


@pytest.mark.walk
@pytest.mark.parametrize("scripts", [False, True], ids=["without scripts", "with scripts"])
def test_a_revision_is_previewed_told_applied_and_verified(visitor: NewVisitor, scripts: bool) -> None:
    """Runs first without scripts, where everything is still to be done, then again where nothing is left to change."""
    admin = visitor(DESKTOP, scripts=scripts)
    page = admin.enter_as("admin")
    if scripts:
        expect(page.get_by_role("link", name="先看重算预览")).to_have_count(0)
        return
    begin_preview(page)
    expect(page.get_by_role("heading", name="预览：重算以后会怎样")).to_be_visible(timeout=RUN_SECONDS)
    page.get_by_role("link", name=re.compile("大高坪村")).click()
    household = page.locator("details.why").first
    household.locator("summary").click()
    expect(household.get_by_role("columnheader", name="为什么")).to_be_visible()
    page.go_back()
    page.get_by_role("button", name="把原因发给会减分的户").click()
    expect(page.get_by_text("已把原因告诉")).to_be_visible()
    page.get_by_role("button", name=re.compile("^应用到 .* 户")).click()
    page.reload()
    expect(page.get_by_role("heading", name="重算的结果")).to_be_visible(timeout=RUN_SECONDS)
    page.get_by_role("button", name="核验积分账").click()
    expect(page.get_by_text("全部相符。")).to_be_visible(timeout=RUN_SECONDS)


@pytest.mark.walk
def test_a_household_sees_why_each_point_is_there(visitor: NewVisitor) -> None:
    page = visitor(DESKTOP).enter_as("villager")
    entry = page.locator("details.why").first
    entry.locator("summary").click()
    expect(entry.locator("p")).to_have_count(3)
