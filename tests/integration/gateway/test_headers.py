"""Every kind of answer carries the headers that keep a page to itself."""

from __future__ import annotations

import re
from io import BytesIO

import pytest
from flask import Response
from flask.testing import FlaskClient
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from services.gateway.pages.assets import asset
from services.intake.app import BLUEPRINTS
from shared.files import SCAN_TYPES, headers_of, store_file
from shared.identity import Role
from shared.settings import settings
from shared.topology import Service
from shared.web import Blueprint, allow, create_service_app
from tests.fixtures.databases import DatabaseFor
from tests.integration.gateway.conftest import PIN, House, Serve

ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
REFUSED = {"DELETE", "GET", "PATCH", "POST", "PUT"}


def assert_kept_to_itself(answer: TestResponse) -> None:
    """The headers of any answer, whatever it is."""
    where = f"{answer.request.method} {answer.request.path} {answer.status}"
    assert {name: answer.headers.get(name) for name in ALWAYS} == ALWAYS, where
    policy = dict(part.strip().partition(" ")[::2] for part in answer.headers["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == "'none'", where
    assert policy["frame-ancestors"] == "'none'", where
    words = " ".join(policy.values())
    assert not re.search(r"unsafe|https?:|\*", words), where
    assert "data:" not in policy.get("script-src", ""), where
    assert answer.headers["Permissions-Policy"].count("()") >= 3, where
    kept = answer.headers["Cache-Control"]
    personal = not answer.request.path.startswith(("/assets/", "/api/docs/"))
    assert not personal or "public" not in kept, where
    assert re.search("no-store|no-cache|max-age", kept), where


def filled(rule: Rule) -> str:
    """An address of the rule, with something in the place of each variable."""
    path = re.sub(r"<any\(([a-z_]+)[^>]*>", r"\1", rule.rule)
    return re.sub(r"<(int:)?[^>]+>", lambda found: "1" if found[1] else "x", path)


@pytest.fixture(params=["nobody", "card", "cadre1", "clerk"])
def visitor(request: pytest.FixtureRequest, house: House, serve: Serve) -> FlaskClient:
    """A browser of nobody, of a household card, and of two officials; no service listens."""
    if request.param == "nobody":
        return house.client()
    if request.param != "card":
        return house.log_in(request.param)
    client = house.client()
    answer = client.post("/api/session", json={"card": house.township.villages[0].cards[0], "pin": PIN})
    assert answer.json is not None
    client.environ_base["HTTP_X_CSRF_TOKEN"] = answer.json["csrf_token"]
    return client


@pytest.mark.slow
def test_every_route_with_every_method(house: House, visitor: FlaskClient) -> None:
    statuses: set[int] = set()
    for rule in house.app.url_map.iter_rules():
        if rule.endpoint in {"login.leave", "session.delete_session"}:
            continue
        for method in sorted((rule.methods or set()) | REFUSED):
            answer = visitor.open(filled(rule), method=method)
            assert_kept_to_itself(answer)
            assert answer.status_code != 500, f"{method} {rule.rule}"
            statuses.add(answer.status_code)
    assert {200, 303, 404} <= statuses
    assert {403, 405} & statuses


def test_what_is_too_large_too_long_or_broken(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    client = house.log_in("admin")
    big = client.post("/api/intake/imports", environ_overrides={"CONTENT_LENGTH": str(10**12)})
    assert big.status_code == 413
    assert_kept_to_itself(big)

    def broken() -> str:
        raise RuntimeError("unexpected")

    monkeypatch.setitem(house.app.view_functions, "public.home", allow(Role.PUBLIC)(broken))
    for accept in ("text/html", "application/json"):
        answer = client.get("/", headers={"Accept": accept})
        assert answer.status_code == 500
        assert "unexpected" not in answer.text
        assert_kept_to_itself(answer)


def test_files_of_the_design(house: House) -> None:
    with house.app.test_request_context():
        address = asset("xiangzhi.css")
    for path, headers in ((address, {}), (address, {"Accept-Encoding": "gzip"}), ("/assets/old/xiangzhi.css", {})):
        answer = house.client().get(path, headers=headers)
        assert answer.status_code == 200
        assert_kept_to_itself(answer)
        again = house.client().get(path, headers={**headers, "If-None-Match": answer.headers["ETag"]})
        assert again.status_code == 304
        assert_kept_to_itself(again)


def test_a_service_may_be_stricter_and_never_looser(house: House, serve: Serve, database_for: DatabaseFor) -> None:
    database = database_for(Service.POINTS)
    blueprint = Blueprint("files", __name__, url_prefix="/api/points")

    @blueprint.route("/scan", methods=["GET"])
    @allow(Role.PUBLIC)
    def scan() -> Response:
        with database.transaction() as session:
            made = store_file(session, b"%PDF-1.7\n%%EOF\n", name="会议记录.pdf", allowed=SCAN_TYPES)
        return Response(BytesIO(b"%PDF-1.7\n%%EOF\n"), headers=headers_of(made))

    @blueprint.route("/loose", methods=["GET"])
    @allow(Role.PUBLIC)
    def loose() -> Response:
        return Response("<script>1</script>", headers={"Content-Security-Policy": "script-src 'unsafe-inline'"})

    serve(Service.POINTS, create_service_app(Service.POINTS, [blueprint], database=database))
    answer = house.log_in("admin").get("/api/points/scan")
    assert answer.status_code == 200
    assert_kept_to_itself(answer)
    assert answer.headers["Content-Security-Policy"].startswith("sandbox;")
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert answer.headers["Content-Disposition"].startswith("attachment;")
    assert_kept_to_itself(house.client().get("/api/points/loose"))


def test_a_workbook_that_is_handed_out(house: House, serve: Serve, database_for: DatabaseFor) -> None:
    serve(Service.INTAKE, create_service_app(Service.INTAKE, BLUEPRINTS, database=database_for(Service.INTAKE)))
    cadre = house.log_in("cadre1")
    for folder in ("/registry", "/api/intake/imports"):
        answer = cadre.get(f"{folder}/templates/households_residents.xlsx")
        assert answer.status_code == 200
        assert answer.headers["Content-Disposition"].startswith("attachment")
        assert_kept_to_itself(answer)


def test_a_borrowed_phone_keeps_no_page_of_a_household(house: House) -> None:
    client = house.client()
    client.post("/api/session", json={"card": house.township.villages[0].cards[0], "pin": PIN})
    assert client.get("/opinions").headers["Cache-Control"] == "private, no-store"
    assert house.client().get("/opinions").headers["Cache-Control"] == "private, no-cache"


def test_logging_out_clears_what_the_browser_kept(house: House) -> None:
    answer = house.log_in("admin").delete("/api/session")
    assert answer.headers["Clear-Site-Data"] == '"cache"'


def test_over_https_browsers_are_told_to_stay_there(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def told(path: str, scheme: str) -> str:
        answer = house.client().get(path, base_url=f"{scheme}://localhost")
        return str(answer.headers.get("Strict-Transport-Security", ""))

    assert told("/", "https") == ""
    monkeypatch.setenv("XZ_SECURE_COOKIES", "1")
    settings.cache_clear()
    for path in ("/", "/nothing", "/api/session"):
        assert told(path, "https").startswith("max-age=31536000")
        # RFC 6797, section 7.2: never over an answer in the clear.
        assert told(path, "http") == ""
    monkeypatch.setenv("XZ_PUBLIC_URL", "https://jifen.example")
    settings.cache_clear()
    assert told("/", "http").startswith("max-age=31536000")
