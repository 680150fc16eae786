"""Bad input and broken services: RFC 9457, in Chinese, without anything of the inside."""

from __future__ import annotations

import re

import pytest

from shared.identity import Grant, Principal, Role
from shared.topology import Service
from shared.web import ServiceApp
from tests.fixtures.calls import Call

PUBLIC = Principal(1)
CADRE = Principal(1, "account:1", person_id=1, grants=(Grant(Role.CADRE, 1),))
CHINESE = re.compile("[\u4e00-\u9fff]")


def test_each_wrong_field_has_its_sentence(service_app: ServiceApp, call: Call) -> None:
    answer = call(
        service_app,
        Service.POINTS,
        CADRE,
        "POST",
        "/api/points/things",
        json={"size": 9, "colour": "red"},
        key="12345678",
    )
    assert answer.status_code == 422
    assert answer.content_type == "application/problem+json"
    assert answer.json is not None
    assert answer.json["type"] == "urn:xiangzhi:problem:invalid"
    assert answer.json["status"] == 422
    assert answer.json["errors"] == {
        "name": ["这一项必须填写。"],
        "size": ["应在 1 到 5 之间。"],
        "colour": ["没有这一项，请去掉。"],
    }


@pytest.mark.parametrize(
    ("method", "path", "options", "status", "kind"),
    [
        ("GET", "/api/points/nothing", {}, 404, "not-found"),
        ("GET", "/api/points/things/99999999999999999999", {}, 404, "not-found"),
        ("DELETE", "/api/points/things", {}, 405, "method-not-allowed"),
        ("POST", "/api/points/things", {"data": "{", "content_type": "application/json"}, 400, "malformed"),
        ("POST", "/api/points/things", {"data": b"\xff\xfe", "content_type": "application/json"}, 400, "malformed"),
        ("POST", "/api/points/things", {"data": "name=a", "content_type": "text/plain"}, 415, "unsupported-media-type"),
        ("POST", "/api/points/things", {"json": ["a"]}, 422, "invalid"),
        ("POST", "/api/points/things", {"json": {"name": "a\0b"}, "key": "12345678"}, 400, "malformed"),
        (
            "POST",
            "/api/points/things",
            {"data": '{"name": "\\ud800"}', "content_type": "application/json"},
            400,
            "malformed",
        ),
        (
            "POST",
            "/api/points/things",
            {"data": "[" * 100_000, "content_type": "application/json"},
            400,
            "malformed",
        ),
        (
            "POST",
            "/api/points/things",
            {"data": '{"size": ' + "9" * 5000 + "}", "content_type": "application/json"},
            400,
            "malformed",
        ),
        ("POST", "/api/points/things", {"json": {"name": "a"}}, 400, "malformed"),
        ("POST", "/api/points/things", {"json": {"name": 5}, "key": "12345678"}, 422, "invalid"),
        ("GET", "/api/points/break", {}, 500, "internal"),
    ],
)
def test_bad_requests_get_chinese_problems(
    service_app: ServiceApp, call: Call, method: str, path: str, options: dict[str, object], status: int, kind: str
) -> None:
    answer = call(service_app, Service.POINTS, CADRE, method, path, **options)
    assert answer.status_code == status
    problem = answer.json
    assert problem is not None
    assert problem["type"] == f"urn:xiangzhi:problem:{kind}"
    assert CHINESE.search(problem["title"])
    assert CHINESE.search(problem["detail"])
    assert all(CHINESE.search(sentence) for below in problem.get("errors", {}).values() for sentence in below)


def test_too_large_a_body_names_the_limit(service_app: ServiceApp, call: Call) -> None:
    service_app.config["MAX_CONTENT_LENGTH"] = 1024 * 1024
    answer = call(
        service_app, Service.POINTS, CADRE, "POST", "/api/points/things", json={"name": "a" * 2_000_000}, key="12345678"
    )
    assert answer.status_code == 413
    assert answer.json is not None
    assert "1 MB" in answer.json["detail"]


class Recorder:
    """Stands for the log: how it is written depends on the process."""

    def __init__(self) -> None:
        self.events: list[str] = []

    def exception(self, event: str, **_fields: object) -> None:
        self.events.append(event)


def test_an_unexpected_error_gives_a_number_and_nothing_of_the_inside(
    service_app: ServiceApp, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorder = Recorder()
    monkeypatch.setattr("shared.web.problems.log", recorder)
    answer = call(
        service_app,
        Service.POINTS,
        CADRE,
        "GET",
        "/api/points/break",
        headers={"X-Request-ID": "test-request-0001"},
    )
    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert answer.json is not None
    assert answer.json["number"] in answer.json["detail"]
    assert answer.json["instance"] == "urn:xiangzhi:request:test-request-0001"
    assert recorder.events == ["request.failed"]


def test_the_number_is_a_field_of_the_log_lines(service_app: ServiceApp, call: Call) -> None:
    from structlog.contextvars import get_contextvars

    from shared.request_context import request_context, short_number

    with request_context("test-request-0001"):
        assert get_contextvars()["number"] == short_number("test-request-0001")


def test_a_database_that_fails_is_unavailable_and_not_broken(service_app: ServiceApp, call: Call) -> None:
    answer = call(service_app, Service.POINTS, CADRE, "GET", "/api/points/lose_database")
    assert answer.json is not None
    if service_app.database.dialect == "sqlite":
        assert answer.status_code == 503
        assert answer.headers["Retry-After"] == "60"
    else:
        assert answer.status_code == 500
    assert "no_such_table" not in answer.text


def test_request_ids_come_in_or_are_made(service_app: ServiceApp, call: Call) -> None:
    given = call(
        service_app, Service.POINTS, PUBLIC, "GET", "/api/points/who", headers={"X-Request-ID": "from-outside-1"}
    )
    made = call(service_app, Service.POINTS, PUBLIC, "GET", "/api/points/who", headers={"X-Request-ID": "no good\tid"})
    assert given.headers["X-Request-ID"] == "from-outside-1"
    assert re.fullmatch("[0-9a-f]{32}", made.headers["X-Request-ID"])
