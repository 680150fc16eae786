"""The main job in the browser: preview, tell the losers, apply, verify, and a household that sees why."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import DESKTOP, PHONE, NewVisitor, System

RUN_SECONDS = 120_000


def begin_preview(page: Page) -> None:
    page.get_by_role("link", name="先看重算预览").click()
    expect(page.get_by_role("heading", name="积分重算", exact=True)).to_be_visible()
    page.get_by_role("button", name="预览重算结果").click()


@pytest.mark.walk
def test_a_revision_is_previewed_told_applied_and_verified_without_scripts(visitor: NewVisitor) -> None:
    page = visitor(DESKTOP, scripts=False).enter_as("admin")
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
    page.get_by_role("link", name="待办").first.click()
    expect(page.get_by_role("link", name="先看重算预览")).to_have_count(0)


@pytest.mark.walk
def test_a_run_survives_a_reload_and_can_be_stopped_and_resumed(visitor: NewVisitor, system: System) -> None:
    person = visitor(PHONE)
    page = person.enter_as("admin")
    with system.held_bulk_worker():
        person.open("/recalculation")
        page.get_by_text("更多", exact=True).click()
        page.get_by_label("全部重新计算").check()
        page.get_by_role("button", name="预览重算结果").click()
        expect(page.get_by_role("heading", name="正在计算预览")).to_be_visible()
        page.reload()
        expect(page.get_by_text("4 个村，算完 0 个")).to_be_visible()
        page.get_by_role("button", name="停下这次重算").click()
        expect(page.get_by_text("已停下。算完的村保留")).to_be_visible()
        page.get_by_role("button", name="接着算剩下的村").click()
        expect(page.get_by_role("heading", name="正在计算预览")).to_be_visible()
    # The page follows the run by itself.
    expect(page.get_by_role("heading", name="预览：重算以后会怎样")).to_be_visible(timeout=RUN_SECONDS)
    expect(page.get_by_text("4 个村，算完 4 个")).to_be_visible()


@pytest.mark.walk
def test_a_household_sees_why_each_point_is_there(visitor: NewVisitor) -> None:
    page = visitor(DESKTOP).enter_as("villager")
    expect(page.get_by_text("12.50 分", exact=True)).to_be_visible()
    entry = page.locator("details.why").first
    entry.locator("summary").click()
    expect(entry.locator("p")).to_have_count(3)
    expect(entry.locator("dl")).to_contain_text("按条目得")
