"""A rulebook's way in the browser: drafted, found at fault, mended, published, adopted, and waiting for its points."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from shared.calendar import today
from tests.browser.conftest import DESKTOP, PHONE, NewVisitor
from tests.browser.looks import require_whole_on_screen


@pytest.mark.parametrize(
    ("size", "village", "code"), [(PHONE, "黄柏村", "PF01"), (DESKTOP, "地了村", "PF02")], ids=["phone", "desk"]
)
def test_a_draft_is_mended_where_the_check_finds_fault_and_a_village_adopts_it(
    visitor: NewVisitor, size: dict[str, int], village: str, code: str
) -> None:
    admin = visitor(size)
    page = admin.enter_as("admin")
    admin.open("/revisions/new")
    page.get_by_label("标题").fill(f"积分细则（{village}提议）")
    page.get_by_role("button", name="新建这份草稿").click()
    page.get_by_role("link", name="加一条", exact=True).click()
    page.get_by_label("编号").fill(code)
    page.get_by_label("做了什么").fill("到县里信访")
    page.get_by_label("单位").fill("次")
    page.get_by_label("记多少分").fill("-5")
    page.get_by_role("button", name="保存这一条").click()

    expect(page.get_by_text("合规检查：有 1 处要处理")).to_be_visible()
    expect(page.locator(f"#line-{code}")).to_contain_text("信访、投诉、举报和拨打热线是群众的权利")
    expect(page.get_by_role("link", name="发布第")).to_have_count(0)
    require_whole_on_screen(page)
    page.get_by_role("link", name=f"修改 {code}").click()
    page.get_by_label("做了什么").fill("参加村里的普法宣讲")
    page.get_by_label("记多少分").fill("2")
    page.get_by_role("button", name="保存这一条").click()

    expect(page.get_by_text("合规检查：没有要处理的条目。")).to_be_visible()
    page.get_by_role("link", name="发布第").click()
    expect(page.get_by_text("发布以后撤不回来")).to_be_visible()
    require_whole_on_screen(page)
    page.get_by_role("button", name="发布第").click()
    page.get_by_role("link", name="办理村里采用").click()
    page.get_by_label("哪个村").select_option(label=village)
    page.get_by_label("决议编号").fill("村民代表会议决议〔2026〕9号")
    page.get_by_label("哪天通过").fill(today().isoformat())
    page.get_by_role("button", name="记下村里的决定").click()
    expect(page.get_by_text("村民代表会议决议〔2026〕9号").first).to_be_visible()
    require_whole_on_screen(page)

    admin.open("/recalculation")
    expect(page.get_by_text(village).first).to_be_visible()
    expect(page.get_by_role("button", name="预览重算结果")).to_be_visible()
