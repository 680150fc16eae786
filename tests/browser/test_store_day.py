"""A day of the store in the browser: goods in, reserved with card and PIN, given back, fetched, and lapsed."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import func, insert, select, update

from deploy.demo.logins import PIN
from deploy.demo.registry import demo_card
from shared.database import Database
from shared.messages.points_work import LapseRedemptions
from shared.messaging.outbox import envelope_of, row_of
from shared.models.base import now
from shared.models.plumbing_tables import outbox_of
from shared.models.points import Redemption, RedemptionState
from shared.topology import Service
from tests.browser.conftest import DESKTOP, PHONE, NewVisitor, System, Visitor
from tests.browser.looks import require_whole_on_screen
from tests.fixtures.waiting import wait_until

# The dearest thing on the demo's shelf costs less.
ENOUGH = 20.0


def reserve(page: Page) -> str:
    """Reserve the first thing on the shelf that can be; the code to fetch it with."""
    page.get_by_role("button", name=re.compile("^兑换 1 ")).first.click()
    told = page.get_by_text(re.compile("已留好 .*领取码")).inner_text()
    found = re.search(r"领取码 ([A-Z0-9]{8})", told)
    assert found, told
    return found[1]


def enter_with_points(household: Visitor, first: int) -> Page:
    """Log in with card and PIN of the first household from number `first` on that can pay for something."""
    for number in range(first, first + 30):
        page = household.open("/card")
        page.get_by_label("户卡号").fill(demo_card(number))
        page.get_by_label("6 位密码").fill(PIN)
        page.get_by_role("button", name="查看自家积分").click()
        expect(page.locator("h1")).to_contain_text("积分单")
        balance = re.search(r"([\d.]+) 分", page.locator(".figures").inner_text())
        assert balance
        if float(balance[1]) >= ENOUGH:
            return page
        page.get_by_role("button", name="退出登录").click()
    raise AssertionError(f"no household of {first} to {first + 29} has {ENOUGH} points")


def let_time_pass(system: System) -> None:
    """As if the newest reservation's days were over and its nightly slot had come; the system's own worker acts."""
    database = Database(f"sqlite:///{system.log.parent / 'var' / 'xiangzhi.db'}", Service.POINTS, pool_size=1)
    newest = select(func.max(Redemption.id)).where(Redemption.state == RedemptionState.RESERVED).scalar_subquery()
    with database.transaction() as session:
        session.execute(
            update(Redemption)
            .where(Redemption.id == newest)
            .values(expires_at=now() - timedelta(hours=1))
            .execution_options(synchronize_session=False)
        )
        due = row_of(envelope_of(LapseRedemptions()), available_at=now())
        session.execute(insert(outbox_of(Service.POINTS)).values(due))
    database.dispose()


@pytest.mark.parametrize(("size", "first"), [(PHONE, 1), (DESKTOP, 31)], ids=["phone", "desk"])
def test_goods_come_in_are_reserved_by_card_given_back_fetched_and_lapse(
    system: System, visitor: NewVisitor, size: dict[str, int], first: int
) -> None:
    keeper = visitor(size)
    counter = keeper.enter_as("keeper")
    keeper.open("/store/goods")
    counter.locator("main tbody a").first.click()
    counter.get_by_role("link", name="入库").first.click()
    counter.get_by_label("来了多少").fill("6")
    counter.get_by_role("radio", name="采购").check()
    counter.get_by_role("button", name="确认入库").click()
    expect(counter.get_by_text("已入库：")).to_be_visible()
    require_whole_on_screen(counter)

    household = visitor(size)
    page = enter_with_points(household, first)
    household.open("/store")
    code = reserve(page)
    page.locator("li", has_text=code).get_by_role("button", name="取消这次兑换").click()
    expect(page.get_by_text("已取消").first).to_be_visible()
    expect(page.get_by_text(code)).to_have_count(0)

    code = reserve(page)
    require_whole_on_screen(page)
    keeper.open("/store")
    counter.get_by_label("领取码，8 位").fill(code)
    counter.get_by_role("button", name="查这个领取码").click()
    counter.get_by_role("button", name="确认已领取").click()
    expect(counter.get_by_text("已交给")).to_be_visible()

    household.open("/store")
    reserve(page)
    let_time_pass(system)
    wait_until(lambda: "逾期未领，已退回" in household.open("/store").inner_text("main"), 30.0, every=0.5)
    keeper.open("/store/redemptions?state=expired")
    expect(counter.get_by_text("逾期未领，已退回").first).to_be_visible()
    require_whole_on_screen(counter)
