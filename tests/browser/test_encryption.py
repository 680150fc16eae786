"""With and without HTTPS, as a phone sees it: over an address that is no loopback, from a network namespace of its own.

The phone's Chromium trusts the township's CA the way a person makes it: the CA lies in its own store, nothing else.
"""

from __future__ import annotations

import plistlib
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Error, Page, expect

from deploy.certificates.folder import make
from deploy.embedded.redis_server import free_port
from shared.certificates import CA, township_authority
from tests.browser.conftest import FLAGS, PHONE, NewVisitor, System, running_system, visitors_of
from tests.browser.looks import require_accessible, require_large_targets, require_whole_on_screen
from tests.fixtures.missing import missing_tool
from tests.fixtures.namespaces import Namespace, forwarded, network_namespace
from tests.integration.embedded.started_system import TOWNSHIP

pytestmark = pytest.mark.slow
NAME = "jifen.example"


@dataclass(frozen=True, slots=True)
class Place:
    """A township over HTTPS: its certificates, its pages, and the door without HTTPS."""

    certificates: Path
    system: System
    plain: str


@pytest.fixture(scope="module")
def namespace() -> Iterator[Namespace]:
    with network_namespace() as made:
        yield made


@pytest.fixture(scope="module")
def place(namespace: Namespace, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A whole system over HTTPS at the namespace's cable."""
    certificates, plain_port = tmp_path_factory.mktemp("certificates"), free_port()
    make(certificates, [namespace.host, NAME], "示例乡根证书 2026")
    variables = {
        "TLS": "1",
        "HOST": namespace.host,
        "PLAIN_PORT": str(plain_port),
        "XZ_CERTIFICATE_DIR": str(certificates),
        "DEMO": "0",
        **TOWNSHIP,
    }
    folder = tmp_path_factory.mktemp("encrypted")
    with running_system(folder, origin=f"https://{namespace.host}", **variables) as system:
        yield Place(certificates, system, f"http://{namespace.host}:{plain_port}")


def launch(chromium: Browser, namespace: Namespace, folder: Path, *trusted: Path) -> Browser:
    """Chromium inside the namespace, with a certificate store that holds `trusted`."""
    if shutil.which("certutil") is None:
        missing_tool("certutil", "apt-get install libnss3-tools")
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    assert program is not None
    store = folder / "home" / ".pki" / "nssdb"
    store.mkdir(parents=True)
    subprocess.run(["certutil", "-d", f"sql:{store}", "-N", "--empty-password"], check=True)
    for path in trusted:
        command = ["certutil", "-d", f"sql:{store}", "-A", "-t", "C,,", "-n", path.name, "-i", str(path)]
        subprocess.run(command, check=True)
    return chromium.browser_type.launch(
        executable_path=namespace.wrap(program, folder / "chromium"),
        args=[*FLAGS, f"--host-resolver-rules=MAP {NAME} {namespace.host}"],
        env={"HOME": str(folder / "home"), "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"},
    )


@pytest.fixture(scope="module")
def phone(
    chromium: Browser, namespace: Namespace, place: Place, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Browser]:
    """A phone on which somebody has installed the township's CA."""
    browser = launch(chromium, namespace, tmp_path_factory.mktemp("phone"), place.certificates / CA)
    yield browser
    browser.close()


@pytest.fixture
def arrive(place: Place, phone: Browser) -> Iterator[NewVisitor]:
    with visitors_of(place.system, phone) as visitors:
        yield visitors


def is_secure(page: Page) -> bool:
    return bool(page.evaluate("window.isSecureContext"))


def offers(page: Page) -> list[bool]:
    """Whether camera and offline pages are there."""
    found: list[bool] = page.evaluate("[!!navigator.mediaDevices, 'serviceWorker' in navigator]")
    return found


def expect_silence(page: Page) -> None:
    """Nothing is said to be off."""
    assert page.locator("[data-insecure]").count()
    assert page.locator("[data-insecure]:visible").count() == 0


@pytest.mark.parametrize("by_name", [False, True])
def test_with_the_ca_installed_the_pages_are_secure_and_nothing_is_off(
    place: Place, arrive: NewVisitor, namespace: Namespace, by_name: bool
) -> None:
    person = arrive(PHONE)
    if by_name:
        person.address = place.system.address.replace(namespace.host, NAME)
    page = person.open("/login")
    assert page.url.startswith("https://")
    assert is_secure(page)
    assert offers(page) == [True, True]
    expect_silence(page)


def test_login_over_https_keeps_secure_cookies_only(arrive: NewVisitor) -> None:
    page = arrive(PHONE).open("/login")
    page.get_by_label("账号").fill(TOWNSHIP["ADMIN_USERNAME"])
    page.get_by_label("密码", exact=True).fill(TOWNSHIP["ADMIN_PASSWORD"])
    page.get_by_role("button", name="登录账号").click()
    expect(page.get_by_role("button", name="退出登录")).to_be_visible()
    cookies = page.context.cookies()
    assert {"__Host-xz_session", "__Host-xz_browser"} <= {cookie["name"] for cookie in cookies}
    assert [cookie["name"] for cookie in cookies if not cookie["secure"]] == []


def test_without_the_ca_the_phone_refuses_the_pages(
    place: Place, chromium: Browser, namespace: Namespace, tmp_path: Path
) -> None:
    browser = launch(chromium, namespace, tmp_path)
    try:
        with pytest.raises(Error, match="ERR_CERT_AUTHORITY_INVALID"):
            browser.new_page().goto(place.system.address)
    finally:
        browser.close()


def test_the_installation_page_is_reached_without_https_and_gives_the_ca(place: Place, arrive: NewVisitor) -> None:
    authority = township_authority(place.certificates)
    assert authority is not None
    person = arrive(PHONE)
    person.address = place.plain
    page = person.open("/certificate")
    assert not is_secure(page)
    assert page.locator("form").count() == 0
    shown = page.locator(".fingerprint").inner_text()
    assert shown.split() == authority.fingerprint.split()
    require_whole_on_screen(page)
    require_large_targets(page)
    require_accessible(page)
    contents = []
    for label in ("下载证书", "下载描述文件"):
        with page.expect_download() as started:
            page.get_by_role("link", name=label).click()
        contents.append(started.value.path().read_bytes())
    assert contents[0] == authority.content
    assert plistlib.loads(contents[1])["PayloadContent"][0]["PayloadContent"] == authority.content
    assert page.context.cookies() == []


def test_the_door_without_https_leads_to_the_same_page_with_it(place: Place, arrive: NewVisitor) -> None:
    person = arrive(PHONE)
    person.address = place.plain
    page = person.open("/card?from=wall")
    assert page.url == f"{place.system.address}/card?from=wall"
    assert is_secure(page)


def test_the_sheet_for_the_wall_shows_where_phones_get_the_ca(place: Place, arrive: NewVisitor) -> None:
    page = arrive(PHONE).open("/certificate/sheet")
    expect(page.get_by_text(f"{place.plain}/certificate")).to_be_visible()
    expect(page.locator(".seal svg")).to_be_visible()
    require_whole_on_screen(page)
    require_accessible(page)


@pytest.fixture
def over_http(system: System, namespace: Namespace, phone: Browser) -> Iterator[NewVisitor]:
    """Visitors of a system without HTTPS, at an address that is no loopback."""
    with forwarded(namespace.host, int(system.address.rpartition(":")[2])) as port:
        outside = replace(system, address=f"http://{namespace.host}:{port}")
        with visitors_of(outside, phone) as visitors:
            yield visitors


@pytest.mark.parametrize("scripts", [True, False])
def test_without_https_the_pages_say_what_is_off(over_http: NewVisitor, scripts: bool) -> None:
    page = over_http(PHONE, scripts=scripts).open("/login")
    if scripts:
        assert not is_secure(page)
        assert offers(page) == [False, False]
    expect(page.get_by_text("同一个网络里的人可能看到您输入的密码")).to_be_visible()
    page.get_by_role("link", name="看哪些用不了，怎样开通").click()
    expect(page.get_by_role("heading", name="没有加密，哪些用不了")).to_be_visible()
    expect(page.get_by_text("用摄像头扫码。")).to_be_visible()
    expect(page.get_by_text("没有网络时打开页面。")).to_be_visible()
    if scripts:
        require_whole_on_screen(page)
        require_large_targets(page)
        require_accessible(page)


def test_without_https_a_card_is_typed(system: System, over_http: NewVisitor) -> None:
    written = re.search(r"卡号 (\d+)  密码 (\d+)", system.log.read_text())
    assert written is not None
    page = over_http(PHONE).open("/card")
    expect(page.get_by_text("手机不让网页用摄像头扫码")).to_be_visible()
    page.get_by_label("户卡号").fill(written[1])
    page.get_by_label("6 位密码").fill(written[2])
    page.get_by_role("button", name="查看自家积分").click()
    expect(page.get_by_role("button", name="退出登录")).to_be_visible()


def test_without_https_a_collection_code_is_typed(over_http: NewVisitor) -> None:
    page = over_http(PHONE).enter_as("keeper")
    page.goto(page.url.replace("/todo", "/store"))
    expect(page.get_by_text("手机不让网页用摄像头扫码").first).to_be_visible()
    page.get_by_label("领取码，8 位").fill("ABCD2345")
    page.get_by_role("button", name="查这个领取码").click()
    expect(page.get_by_text("没有这笔兑换，请核对领取码。")).to_be_visible()
