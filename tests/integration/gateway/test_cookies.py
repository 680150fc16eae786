"""Cookies over HTTPS: of this host alone, sent nowhere in the clear, read by no script."""

from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient

from services.gateway.app import create_app
from shared.settings import settings
from tests.integration.gateway.conftest import PASSWORD, House

HTTPS = "https://jifen.example"
CADRE = {"username": "cadre1", "password": PASSWORD}


@pytest.fixture
def encrypted(house: House, monkeypatch: pytest.MonkeyPatch) -> FlaskClient:
    """A browser before a gateway whose cookies travel over HTTPS only."""
    monkeypatch.setenv("XZ_SECURE_COOKIES", "1")
    settings.cache_clear()
    return create_app(database=house.app.database).test_client()


def test_every_cookie_is_of_this_host_alone_and_never_travels_in_the_clear(encrypted: FlaskClient) -> None:
    form = encrypted.get("/opinions", base_url=HTTPS)
    token = re.findall(r'name="csrf_token" value="([^"]+)"', form.text)[0]
    enlarged = encrypted.post("/reading/size", data={"csrf_token": token}, base_url=HTTPS)
    entered = encrypted.post("/api/session", json=CADRE, base_url=HTTPS)
    assert entered.json is not None
    left = encrypted.delete("/api/session", base_url=HTTPS, headers={"X-CSRF-Token": entered.json["csrf_token"]})
    answers = [form, enlarged, entered, left]
    assert [answer.status_code for answer in answers] == [200, 303, 201, 204]
    cookies = [each for answer in answers for each in answer.headers.getlist("Set-Cookie")]
    assert {each.partition("=")[0] for each in cookies} >= {"__Host-xz_session", "__Host-xz_browser"}
    for cookie in cookies:
        words = {word.strip().lower() for word in cookie.split(";")[1:]}
        assert {"secure", "path=/", "samesite=lax", "httponly"} <= words, cookie
        assert not any(word.startswith("domain") for word in words), cookie


def test_a_session_under_another_name_than_this_hosts_own_is_none(encrypted: FlaskClient) -> None:
    """A sibling of this host may set cookies of their common parent, but none with this name."""
    encrypted.post("/api/session", json=CADRE, base_url=HTTPS)
    own = encrypted.get_cookie("__Host-xz_session", domain="jifen.example")
    assert own is not None
    shown = encrypted.get("/api/session", base_url=HTTPS)
    assert shown.json is not None
    assert shown.json["signed_in"]
    victim = encrypted.application.test_client()
    victim.set_cookie("xz_session", own.value, domain="jifen.example")
    shown = victim.get("/api/session", base_url=HTTPS)
    assert shown.json is not None
    assert not shown.json["signed_in"]


def test_the_description_names_the_cookie_as_it_is(encrypted: FlaskClient) -> None:
    document = encrypted.get("/api/openapi.json", base_url=HTTPS).json
    assert document is not None
    assert document["components"]["securitySchemes"]["session"]["name"] == "__Host-xz_session"
