"""An empty township, from its admin's first login to a household on the list and a cadre who logs in."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pyotp
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import DESKTOP, PHONE, NewVisitor, running_system, visitors_of
from tests.browser.looks import require_accessible, require_large_targets, require_whole_on_screen

ADMIN_PASSWORD, CADRE_PASSWORD = "山里的茶园 220 亩", "河边的水车 转得很慢"
VILLAGE = "431299001001"


@pytest.fixture(scope="module")
def arrive(tmp_path_factory: pytest.TempPathFactory, chromium: Browser) -> Iterator[NewVisitor]:
    """Visitors of a system that holds a township and its admin, and nothing else."""
    answers = {
        "DEMO": "0",
        "TOWNSHIP_NAME": "示例乡",
        "TOWNSHIP_CODE": "431299001",
        "ADMIN_NAME": "石小满",
        "ADMIN_USERNAME": "shi",
        "ADMIN_PASSWORD": ADMIN_PASSWORD,
    }
    folder = tmp_path_factory.mktemp("empty")
    with running_system(folder, **answers) as system, visitors_of(system, chromium) as visitors:
        yield visitors


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name).click()


def follow(page: Page, name: str) -> None:
    page.get_by_role("link", name=name).first.click()


def require_good_looks(page: Page) -> None:
    require_whole_on_screen(page)
    require_large_targets(page)
    require_accessible(page)


def log_in(page: Page, username: str, password: str) -> None:
    page.get_by_label("账号").fill(username)
    page.get_by_label("密码", exact=True).fill(password)
    press(page, "登录账号")


def set_up_second_factor(page: Page) -> None:
    """As a new admin's first login demands; the code has time left when it is typed."""
    press(page, "生成密钥")
    totp = pyotp.TOTP(page.locator(".seal code").inner_text())
    page.get_by_label("手机上现在显示的 6 位数字").fill(totp.at(int(time.time())))
    press(page, "确认第二重验证")


def add_village_with_groups(page: Page) -> None:
    follow(page, "添加一个村")
    require_good_looks(page)
    page.get_by_label("村名").fill("示例村")
    page.get_by_label("统计代码").fill(VILLAGE)
    press(page, "添加这个村")
    follow(page, "添加片")
    page.get_by_label("名称，一行一个").fill("一片")
    press(page, "添加这些片")
    follow(page, "在一片里添加组")
    page.get_by_label("名称，一行一个").fill("1组\n2组")
    press(page, "添加这些组")
    expect(page.get_by_text("已添加 2 个组")).to_be_visible()
    require_good_looks(page)


def add_office_and_categories(page: Page) -> None:
    follow(page, "添加办公室")
    page.get_by_label("名称").fill("平安法治办")
    page.get_by_label("简写").fill("PEACE")
    press(page, "添加这个办公室")
    follow(page, "诉求类别")
    press(page, "先用常见的 12 类")
    expect(page.get_by_role("link", name="饮水")).to_be_visible()
    require_good_looks(page)


def make_cadre(page: Page) -> str:
    """Register a person, give the duty and the account; the temporary password."""
    follow(page, "登记人员")
    follow(page, "登记人员")
    page.get_by_label("姓名").fill("覃大山")
    press(page, "登记这个人")
    follow(page, "给一项职责")
    require_good_looks(page)
    follow(page, "村干部")
    page.get_by_label("在哪个村").select_option(VILLAGE)
    page.get_by_label("职务").fill("村支书")
    press(page, "给这项职责")
    page.get_by_label("账号名").fill("qin")
    press(page, "建账号，给一次性密码")
    expect(page.get_by_text("只在这一页显示")).to_be_visible()
    require_good_looks(page)
    return page.locator(".notice dd").nth(1).inner_text()


def register_household(page: Page) -> None:
    """A head and a child, on a phone, and the card's first PIN."""
    page.get_by_label("户主姓名").fill("石桂花")
    page.get_by_label("在哪个组").select_option("1组")
    require_good_looks(page)
    press(page, "登记这一户")
    follow(page, "添加户内成员")
    page.get_by_label("姓名").fill("石立夏")
    page.get_by_label("和户主的关系").fill("女")
    press(page, "添加这位成员")
    expect(page.get_by_text("已添加 石立夏")).to_be_visible()
    require_good_looks(page)
    follow(page, "户卡和查询密码")
    press(page, "发一个查询密码")
    expect(page.get_by_text("旧密码作废")).to_be_visible()
    require_good_looks(page)


def test_an_empty_township_is_filled_in_from_the_first_login_on(arrive: NewVisitor) -> None:
    admin: Any = arrive(DESKTOP)
    page = admin.open("/login")
    log_in(page, "shi", ADMIN_PASSWORD)
    set_up_second_factor(page)
    expect(page.get_by_role("heading", name="从零开始，一步一步来")).to_be_visible()
    require_good_looks(page)
    add_village_with_groups(page)
    admin.open("/todo")
    add_office_and_categories(page)
    admin.open("/todo")
    expect(page.locator(".timeline .is-done")).to_have_count(3)
    temporary = make_cadre(page)

    cadre = arrive(PHONE)
    page = cadre.open("/login")
    log_in(page, "qin", temporary)
    page.get_by_label("现在的密码").fill(temporary)
    page.get_by_label("新密码", exact=True).fill(CADRE_PASSWORD)
    page.get_by_label("再输入一次新密码").fill(CADRE_PASSWORD)
    press(page, "换成新密码")
    expect(page.get_by_role("heading", name="待办")).to_be_visible()
    cadre.open("/registry")
    follow(page, "登记一户")
    register_household(page)
    cadre.open("/registry?q=sgh")
    expect(page.get_by_role("link", name="石桂花")).to_be_visible()

    cadre.open(f"/registry/cards?village={VILLAGE}")
    page.get_by_label("哪个组").select_option("1组")
    press(page, "发密码，显示这个组的户卡")
    expect(page.get_by_text("这些户都已有查询密码")).to_be_visible()
    require_good_looks(page)

    page = admin.open("/registry/township")
    require_good_looks(page)
    page = admin.open("/todo")
    expect(page.locator(".timeline .is-done")).to_have_count(5)
    expect(page.get_by_text("已登记 1 户")).to_be_visible()
