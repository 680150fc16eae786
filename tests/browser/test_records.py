"""From a deed to its points and to goods: declared, reviewed, imported and released, reserved and handed over."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import xlsxwriter
from playwright.sync_api import expect

from shared.calendar import today
from tests.browser.conftest import DESKTOP, PHONE, NewVisitor


@pytest.mark.walk
def test_a_deed_is_declared_on_a_phone_and_reviewed_by_another_person(visitor: NewVisitor) -> None:
    grid = visitor(PHONE)
    page = grid.enter_as("grid")
    grid.open("/events/declare?q=shi")
    page.locator(".rows a.row").first.click()
    page.get_by_role("radio", name=re.compile("参加村里集中大扫除")).check()
    page.get_by_role("button", name="申报这件事").click()
    expect(page.get_by_text("等另一个人审核")).to_be_visible()

    cadre = visitor(PHONE)
    page = cadre.enter_as("cadre")
    page.get_by_role("link", name="审核这一条").first.click()
    page.get_by_role("radio", name=re.compile("同意记账")).check()
    page.get_by_role("button", name="提交审核结果").click()
    expect(page.get_by_text("记错了可以作废")).to_be_visible()


@pytest.mark.walk
def test_a_workbook_is_checked_and_released_by_a_second_person(visitor: NewVisitor, tmp_path: Path) -> None:
    sheet = tmp_path / "积分.xlsx"
    with xlsxwriter.Workbook(sheet) as workbook:
        page_of_book = workbook.add_worksheet()
        page_of_book.write_row(0, 0, ["村", "户主", "户号", "条目编号", "日期", "数量", "备注"])
        page_of_book.write_row(1, 0, ["大高坪村", "石桂花", "66", "ZY03", today().isoformat(), "1", "河道清理"])
        page_of_book.write_row(2, 0, ["大高坪村", "石桂花", "66", "XX99", today().isoformat(), "1", ""])
    importer = visitor(DESKTOP)
    page = importer.enter_as("cadre")
    importer.open("/events/imports")
    page.get_by_label("Excel 表").set_input_files(sheet)
    page.get_by_role("button", name="检查并导入这张表").click()
    expect(page.get_by_text("等另一个人放行")).to_be_visible(timeout=30_000)
    expect(page.get_by_text("积分细则里没有“XX99”这一条")).to_be_visible()

    page = visitor(DESKTOP).enter_as("cadre2")
    page.get_by_role("link", name="抽看并放行").first.click()
    page.get_by_role("button", name="放行 1 行").click()
    expect(page.get_by_text("已放行", exact=False).first).to_be_visible(timeout=30_000)


@pytest.mark.walk
def test_goods_are_reserved_on_a_phone_and_handed_over_by_code(visitor: NewVisitor) -> None:
    villager = visitor(PHONE)
    page = villager.enter_as("villager")
    villager.open("/store")
    page.get_by_role("button", name="兑换 1 支").click()
    told = page.get_by_text(re.compile("已留好 .*领取码")).inner_text()
    found = re.search(r"领取码 ([A-Z0-9]{8})", told)
    assert found, told

    keeper = visitor(DESKTOP)
    page = keeper.enter_as("keeper")
    keeper.open("/store")
    page.get_by_label("领取码，8 位").fill(found[1])
    page.get_by_role("button", name="查这个领取码").click()
    page.get_by_role("button", name="确认已领取").click()
    expect(page.get_by_text("已交给 石桂花 户")).to_be_visible()
    villager.open("/household")
    expect(villager.page.get_by_text("兑换 牙膏 1 支").first).to_be_visible()


@pytest.mark.walk
def test_a_dialog_opens_over_the_list_and_leads_back_to_it(visitor: NewVisitor) -> None:
    cadre = visitor(DESKTOP)
    page = cadre.enter_as("cadre")
    cadre.open("/events?state=posted")
    page.get_by_role("link", name="作废这一条").first.click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("原来的明细仍然保留")
    dialog.get_by_role("link", name="不改了，返回").click()
    expect(dialog).to_have_count(0)
    expect(page.get_by_role("heading", name="积分记录", exact=True)).to_be_visible()
