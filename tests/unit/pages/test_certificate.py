"""装证书: what phones fetch, what people read before they trust it, and what the pages say without HTTPS."""

from __future__ import annotations

import plistlib
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from flask.testing import FlaskClient

from deploy.certificates import files
from shared.certificates import CA, SERVER, SERVER_KEY, township_authority
from shared.identity import Role
from shared.settings import settings
from tests.fixtures.certificates import sign, township_folder
from tests.unit.pages.conftest import SignIn

OUTSIDE = "http://192.168.1.10:8000"
ENCRYPTED = "https://jifen.example:8443"
Configure = Callable[..., None]


@pytest.fixture
def configure(sqlite_database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Configure]:
    """Set variables of the environment; after the database's own."""

    def put(**variables: str) -> None:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        settings.cache_clear()

    yield put
    settings.cache_clear()


@pytest.fixture
def folder(tmp_path: Path, configure: Configure) -> Path:
    """A township with a CA of its own, over HTTPS."""
    made = township_folder(tmp_path / "certificates", ["jifen.example", "203.0.113.7"])
    configure(
        XZ_CERTIFICATE_DIR=str(made),
        XZ_PUBLIC_URL=ENCRYPTED,
        XZ_PLAIN_URL="http://jifen.example:8000",
        XZ_SECURE_COOKIES="1",
    )
    return made


def read(client: FlaskClient, path: str, base: str = ENCRYPTED) -> str:
    answer = client.get(path, base_url=base, headers={"Accept": "text/html"})
    assert answer.status_code == 200
    return answer.text


def test_phones_get_the_ca_that_issued_the_certificate(folder: Path, browser: SignIn) -> None:
    authority = township_authority(folder)
    assert authority is not None
    answer = browser().get("/certificate/ca.crt", base_url=OUTSIDE)
    assert answer.mimetype == "application/x-x509-ca-cert"
    assert x509.load_der_x509_certificate(answer.data) == authority.certificate
    profile = browser().get("/certificate/ca.mobileconfig", base_url=OUTSIDE)
    assert profile.mimetype == "application/x-apple-aspen-config"
    content = plistlib.loads(profile.data)
    assert content["PayloadType"] == "Configuration"
    assert content["PayloadRemovalDisallowed"] is False
    (root,) = content["PayloadContent"]
    assert root["PayloadType"] == "com.apple.security.root"
    assert root["PayloadContent"] == answer.data
    assert root["PayloadUUID"] != content["PayloadUUID"]
    again = browser().get("/certificate/ca.mobileconfig", base_url=OUTSIDE)
    assert again.data == profile.data


def test_the_page_shows_fingerprint_and_limits_and_how_to_remove_it(folder: Path, browser: SignIn) -> None:
    authority = township_authority(folder)
    assert authority is not None
    page = read(browser(), "/certificate")
    for pair in (authority.fingerprint[:23], authority.fingerprint[-23:]):
        assert pair in page
    assert "只能给这些签发：jifen.example、203.0.113.7，以及只在内部网络里用的" in page
    assert "VPN 与设备管理" in page
    assert "信任的凭据" in page
    assert f'href="{ENCRYPTED}"' in page


def test_without_https_it_offers_nothing_to_send_and_sets_no_cookie(folder: Path, browser: SignIn) -> None:
    answer = browser().get("/certificate", base_url=OUTSIDE)
    assert "<form" not in answer.text
    assert "下载证书" in answer.text
    assert "Set-Cookie" not in answer.headers
    assert "<form" in read(browser(), "/certificate")


def test_the_sheet_for_the_wall_has_code_address_and_fingerprint(folder: Path, browser: SignIn) -> None:
    authority = township_authority(folder)
    assert authority is not None
    page = read(browser(), "/certificate/sheet")
    assert "http://jifen.example:8000/certificate" in page
    assert authority.fingerprint[:23] in page
    assert "<svg" in page


def test_a_ca_without_limits_is_said_to_have_none(tmp_path: Path, configure: Configure, browser: SignIn) -> None:
    root = sign("县根证书", is_authority=True)
    own = sign("jifen.example", root, names=["jifen.example"])
    files.write_certificates(tmp_path / "c" / CA, [root.certificate])
    files.write_certificates(tmp_path / "c" / SERVER, [own.certificate])
    configure(XZ_CERTIFICATE_DIR=str(tmp_path / "c"), XZ_PUBLIC_URL=ENCRYPTED)
    assert "它没有限制：谁拿到它的私钥，就能冒充任何网站" in read(browser(), "/certificate")


def test_a_certificate_that_phones_know_needs_no_installing(
    tmp_path: Path, configure: Configure, browser: SignIn
) -> None:
    township_folder(tmp_path / "c")
    own = sign("jifen.example", sign("公共根证书", is_authority=True), names=["jifen.example"])
    files.write_certificates(tmp_path / "c" / SERVER, [own.certificate])
    files.write_key(tmp_path / "c" / SERVER_KEY, own.key)
    configure(XZ_CERTIFICATE_DIR=str(tmp_path / "c"), XZ_PUBLIC_URL=ENCRYPTED)
    assert "不用装证书" in read(browser(), "/certificate")
    for path in ("/certificate/ca.crt", "/certificate/ca.mobileconfig", "/certificate/sheet"):
        assert browser().get(path, base_url=ENCRYPTED).status_code == 404


def test_a_system_without_https_says_so_and_how_to_get_it(browser: SignIn) -> None:
    page = read(browser(), "/certificate", OUTSIDE)
    assert "这个系统还没有加密" in page
    assert "make certificates" in page
    assert "用摄像头扫码" in page
    assert "没有网络时打开页面" in page


@pytest.mark.parametrize(
    ("base", "is_said"),
    [
        (OUTSIDE, True),
        ("http://jifen.example", True),
        (ENCRYPTED, False),
        ("http://127.0.0.1:8000", False),
        ("http://localhost:8000", False),
        ("http://[::1]:8000", False),
    ],
)
def test_every_page_says_what_is_off_where_browsers_hold_back(browser: SignIn, base: str, is_said: bool) -> None:
    for path in ("/", "/login", "/boards", "/nowhere"):
        page = browser().get(path, base_url=base, headers={"Accept": "text/html"}).text
        assert ("<p data-insecure>这个网址没有加密" in page) is is_said, path
        assert ("<p data-insecure hidden>这个网址没有加密" in page) is not is_said, path


def test_before_a_password_and_beside_a_code_it_is_said_too(browser: SignIn) -> None:
    assert '<div class="notice soon" data-insecure><b>这个网址没有加密' in read(browser(), "/login", OUTSIDE)
    card = read(browser(), "/card", OUTSIDE)
    assert "手机不让网页用摄像头扫码" in card
    assert 'name="card"' in card
    assert '<div class="notice soon" data-insecure hidden>' in read(browser(), "/login")


def test_browsers_are_held_to_https_only_where_they_know_the_ca_by_themselves(
    folder: Path, configure: Configure, browser: SignIn
) -> None:
    client = browser()
    assert "Strict-Transport-Security" not in client.get("/", base_url=ENCRYPTED).headers
    configure(XZ_CERTIFICATE_DIR=str(folder / "nowhere"))
    assert "max-age" in client.get("/", base_url=ENCRYPTED).headers["Strict-Transport-Security"]
    configure(XZ_SECURE_COOKIES="0")
    assert "Strict-Transport-Security" not in client.get("/", base_url=OUTSIDE).headers


@pytest.mark.parametrize(
    ("left", "sentence"),
    [
        (timedelta(days=29, hours=1), "还剩 29 天：请运行 make certificates"),
        (timedelta(hours=-1), "到期了，手机打不开网页：请运行 make certificates"),
    ],
)
def test_the_operator_is_told_thirty_days_ahead(
    tmp_path: Path,
    configure: Configure,
    browser: SignIn,
    monkeypatch: pytest.MonkeyPatch,
    left: timedelta,
    sentence: str,
) -> None:
    monkeypatch.setattr("services.gateway.pages.operator.views.queue_standings", lambda _url: None)
    configure(XZ_CERTIFICATE_DIR=str(township_folder(tmp_path / "c", left=left)))
    for path in ("/operator", "/todo"):
        assert sentence in read(browser(Role.OPERATOR), path), path


def test_the_operator_s_page_leads_to_the_notice_for_the_wall(
    folder: Path, browser: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.gateway.pages.operator.views.queue_standings", lambda _url: None)
    page = read(browser(Role.OPERATOR), "/operator")
    assert 'href="/certificate/sheet"' in page
    assert "HTTPS 的证书" not in page
