"""What changes something comes from our own page or client."""

from __future__ import annotations

import pytest

from shared.web.access import routes_without_access
from tests.integration.gateway.conftest import PASSWORD, House


def test_a_change_without_the_token_is_refused(house: House) -> None:
    client = house.log_in()
    del client.environ_base["HTTP_X_CSRF_TOKEN"]
    answer = client.post("/api/notices/read")
    assert answer.status_code == 403
    assert answer.json is not None
    # A program can't reload a page: it is told which header is missing and where its value comes from.
    assert "X-CSRF-Token" in answer.json["detail"]
    assert "GET /api/session" in answer.json["detail"]
    assert "刷新" not in answer.json["detail"]


@pytest.mark.parametrize("token", ["", "wrong", "中文"])
def test_a_wrong_token_is_refused(house: House, token: str) -> None:
    client = house.log_in()
    client.environ_base["HTTP_X_CSRF_TOKEN"] = token.encode().decode("latin-1")
    assert client.post("/api/notices/read").status_code == 403


def test_the_token_of_another_session_is_refused(house: House) -> None:
    mine, other = house.log_in("cadre1"), house.log_in("clerk")
    mine.environ_base["HTTP_X_CSRF_TOKEN"] = other.environ_base["HTTP_X_CSRF_TOKEN"]
    assert mine.post("/api/notices/read").status_code == 403


def test_with_the_token_it_is_done(house: House) -> None:
    assert house.log_in().post("/api/notices/read").json == {"read": 0}


@pytest.mark.parametrize(
    "headers", [{"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "null"}]
)
def test_other_sites_can_not_log_anyone_in(house: House, headers: dict[str, str]) -> None:
    body = {"username": "cadre1", "password": PASSWORD}
    assert house.client().post("/api/session", json=body, headers=headers).status_code == 403


def test_our_own_origin_is_let_in(house: House) -> None:
    body = {"username": "cadre1", "password": PASSWORD}
    answer = house.client().post("/api/session", json=body, headers={"Origin": "http://localhost"})
    assert answer.status_code == 201


def test_a_form_without_login_is_bound_to_its_browser(house: House) -> None:
    client = house.client()
    client.get("/api/docs")
    page = client.get("/api/docs").text
    token = page.split('csrf-token" content="')[1].split('"')[0]
    form = {"csrf_token": token, "back": "/"}
    assert house.client().post("/reading/size", data=form).status_code == 403
    assert client.post("/reading/size", data={"back": "/"}).status_code == 403
    assert client.post("/reading/size", data=form).status_code == 303


def test_an_expired_form_is_given_back_filled_in(house: House) -> None:
    client = house.client()
    form = {"csrf_token": "expired", "back": "/notices?a=1&b=<2>", "password": "secret words"}
    same_origin = {"Sec-Fetch-Site": "same-origin", "Accept": "text/html"}
    held = client.post("/reading/size", data=form, headers=same_origin)
    assert held.status_code == 403
    assert 'name="back" value="/notices?a=1&amp;b=&lt;2&gt;"' in held.text
    assert "secret words" not in held.text
    token = held.text.split('name="csrf_token" value="')[1].split('"')[0]
    confirmed = client.post("/reading/size", data={**form, "csrf_token": token}, headers=same_origin)
    assert confirmed.status_code == 303


def test_a_form_of_unknown_origin_is_not_given_back(house: House) -> None:
    form = {"csrf_token": "expired", "back": "/somewhere"}
    refused = house.client().post("/reading/size", data=form, headers={"Accept": "text/html"})
    assert refused.status_code == 403
    assert "/somewhere" not in refused.text


def test_a_page_that_needs_a_login_leads_to_it_and_back(house: House) -> None:
    answer = house.client().get("/todo?late=1", headers={"Accept": "text/html"})
    assert (answer.status_code, answer.location) == (303, "/login?back=/todo?late%3D1")


def test_every_answer_keeps_to_itself(house: House) -> None:
    answer = house.client().get("/api/session")
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "private, no-cache"


def test_every_route_of_the_gateway_says_who_may_call_it(house: House) -> None:
    assert routes_without_access(house.app) == []
