"""Acts that are limited by login and by address, at the gateway's door."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from importlib import import_module

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy import func, select, update

from services.gateway.app import create_app
from services.gateway.limits.acts import ACTS
from shared.models.base import now
from shared.models.gateway import LoginAttempt, Opinion
from shared.settings import settings
from shared.topology import Service
from shared.web import create_service_app
from tests.fixtures.databases import DatabaseFor
from tests.integration.gateway.conftest import PIN, House, Serve

MOST = 3
TRACK = {"number": "20260001", "code": "12345678"}


@pytest.fixture
def strict(monkeypatch: pytest.MonkeyPatch, house: House) -> House:
    """The gateway with a tenth of the limits: three opinions of one address."""
    monkeypatch.setenv("XZ_LIMIT_FACTOR", "0.1")
    settings.cache_clear()
    return house


@pytest.fixture
def behind(monkeypatch: pytest.MonkeyPatch, strict: House) -> Callable[..., FlaskClient]:
    """A new browser in front of a gateway that stands behind proxies."""

    def client(hops: int, networks: str = "") -> FlaskClient:
        monkeypatch.setenv("XZ_TRUSTED_PROXIES", str(hops))
        monkeypatch.setenv("XZ_PROXY_NETWORKS", networks)
        settings.cache_clear()
        return create_app(database=strict.app.database).test_client()

    return client


def form_token(client: FlaskClient) -> str:
    """The token of the form that this browser has open."""
    return client.get("/opinions").text.split('name="csrf_token" value="')[1].split('"')[0]


def opine(client: FlaskClient, words: str = "路灯坏了", address: str = "192.0.2.1", **headers: str) -> int:
    """Send an opinion from an address; the status."""
    client.environ_base["REMOTE_ADDR"] = address
    answer = client.post("/opinions", data={"csrf_token": form_token(client), "text": words}, headers=headers)
    return answer.status_code


def test_one_address_is_held_back_and_another_is_not(strict: House) -> None:
    assert [opine(strict.client()) for _ in range(MOST + 1)] == [303] * MOST + [429]
    assert opine(strict.client(), address="192.0.2.2") == 303


def test_all_addresses_of_one_ipv6_line_are_one(strict: House) -> None:
    line = [f"2001:db8:7:7::{number:x}" for number in range(1, MOST + 2)]
    assert [opine(strict.client(), address=each) for each in line] == [303] * MOST + [429]
    assert opine(strict.client(), address="2001:db8:7:8::1") == 303


def test_whoever_is_logged_in_is_counted_for_themselves_wherever_they_come_from(strict: House) -> None:
    cadre = strict.log_in("cadre1")
    answers = [opine(cadre, address=f"192.0.2.{number}") for number in range(1, 8)]
    assert answers == [303] * 6 + [429]
    assert opine(strict.log_in("admin"), address="192.0.2.1") == 303


def test_a_refusal_says_how_long_to_wait_and_gives_the_form_back_filled_in(strict: House) -> None:
    for _ in range(MOST):
        opine(strict.client())
    client = strict.client()
    client.environ_base["REMOTE_ADDR"] = "192.0.2.1"
    answer = client.post("/opinions", data={"csrf_token": form_token(client), "text": "井盖不见了"})
    assert answer.status_code == 429
    assert 0 < int(answer.headers["Retry-After"]) <= 3600
    assert "60 分钟" in answer.text
    assert 'value="井盖不见了"' in answer.text
    assert "要重新选一次" not in answer.text


@pytest.mark.parametrize(("present", "words"), [("10:00:30", "11:01 以后"), ("23:30:00", "明天 00:30 以后")])
def test_a_refusal_says_from_what_time_on_it_is_heard(strict: House, present: str, words: str) -> None:
    with time_machine.travel(datetime.fromisoformat(f"2026-05-20T{present}+08:00"), tick=False):
        assert [opine(strict.client()) for _ in range(MOST)] == [303] * MOST
        client = strict.client()
        client.environ_base["REMOTE_ADDR"] = "192.0.2.1"
        form = {"csrf_token": form_token(client), "text": "井盖", "file": (io.BytesIO(b"x"), "a.jpg")}
        answer = client.post("/opinions", data=form)
    assert answer.status_code == 429
    assert words in answer.text
    assert "选过的文件要重新选一次" in answer.text


def test_where_a_whole_county_has_one_address_it_may_mistype_more_often_and_no_account_may(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XZ_LIMIT_FACTOR", "2")
    settings.cache_clear()
    mistyped = [{"card": f"999999{number:04d}", "pin": "000000"} for number in range(80)]
    assert {house.client().post("/api/session", json=body).status_code for body in mistyped} == {401}
    card = {"card": house.township.villages[0].cards[0], "pin": PIN}
    assert house.client().post("/api/session", json=card).status_code == 429
    elsewhere = house.client()
    elsewhere.environ_base["REMOTE_ADDR"] = "192.0.2.8"
    wrong = {"username": "cadre1", "password": "wrong"}
    answers = [elsewhere.post("/api/session", json=wrong).status_code for _ in range(6)]
    assert answers == [401] * 5 + [429]


def test_people_who_log_in_rightly_at_one_address_use_up_nothing_of_it(house: House) -> None:
    card = {"card": house.township.villages[0].cards[0], "pin": PIN}
    statuses = [house.client().post("/api/session", json=card).status_code for _ in range(60)]
    assert set(statuses) == {201}


def test_what_was_refused_is_neither_done_nor_counted(strict: House, database_for: DatabaseFor) -> None:
    for _ in range(MOST + 4):
        opine(strict.client())
    with database_for(Service.GATEWAY).reading() as session:
        assert session.scalar(select(func.count()).select_from(Opinion)) == MOST
        assert session.scalar(select(func.count()).select_from(LoginAttempt)) == MOST


def test_when_the_hour_is_over_it_is_heard_again(strict: House, database_for: DatabaseFor) -> None:
    for _ in range(MOST):
        opine(strict.client())
    with database_for(Service.GATEWAY).transaction() as session:
        session.execute(update(LoginAttempt).values(at=now() - timedelta(hours=1, minutes=1)))
    assert opine(strict.client()) == 303


def test_no_address_is_kept(strict: House, database_for: DatabaseFor) -> None:
    opine(strict.client(), address="192.0.2.77")
    with database_for(Service.GATEWAY).reading() as session:
        subjects = session.scalars(select(LoginAttempt.subject)).all()
    assert len(subjects) == 1
    assert "192.0.2" not in subjects[0]


def test_acts_at_the_same_moment_are_all_counted(strict: House) -> None:
    together = threading.Barrier(9)

    def send(number: int) -> int:
        client = strict.client()
        client.get("/opinions")
        together.wait()
        return opine(client, f"第 {number} 条")

    with ThreadPoolExecutor(9) as pool:
        answers = sorted(pool.map(send, range(9)))
    assert answers == [303] * MOST + [429] * 6


def test_a_program_at_a_service_is_counted_before_the_service_is_asked(strict: House, serve: Serve) -> None:
    heard: list[str] = []
    app = create_service_app(Service.PETITIONS, [], database=strict.app.database)
    app.before_request(lambda: heard.append("asked"))
    serve(Service.PETITIONS, app)
    client = strict.client()
    answers = [client.post("/api/petitions/track", json=TRACK) for _ in range(13)]
    assert {answer.status_code for answer in answers[:12]} == {404}
    assert len(heard) == 12
    assert answers[12].status_code == 429
    assert answers[12].mimetype == "application/problem+json"
    assert answers[12].json is not None
    assert "分钟" in answers[12].json["detail"]


def test_headers_of_the_client_name_no_address_where_no_proxy_stands(strict: House) -> None:
    answers = [
        opine(strict.client(), **{"X-Forwarded-For": f"198.51.100.{number}", "X-Real-Ip": f"198.51.100.{number}"})
        for number in range(MOST + 1)
    ]
    assert answers == [303] * MOST + [429]


def test_behind_a_proxy_what_the_client_wrote_itself_is_not_believed(behind: Callable[..., FlaskClient]) -> None:
    client = behind(1)
    spoofed = [{"X-Forwarded-For": f"198.51.100.{number}, 192.0.2.50"} for number in range(MOST + 1)]
    assert [opine(client, **headers) for headers in spoofed] == [303] * MOST + [429]
    assert opine(client, **{"X-Forwarded-For": "198.51.100.1, 192.0.2.51"}) == 303


def test_a_proxy_that_names_nobody_is_itself_the_address(behind: Callable[..., FlaskClient]) -> None:
    client = behind(2)
    answers = [opine(client, **{"X-Forwarded-For": f"198.51.100.{number}"}) for number in range(MOST + 1)]
    assert answers == [303] * MOST + [429]


def test_whoever_passes_by_the_proxy_is_not_believed(behind: Callable[..., FlaskClient]) -> None:
    client = behind(1, "127.0.0.1, 10.8.0.0/24")
    passing = [{"X-Forwarded-For": f"198.51.100.{number}"} for number in range(MOST + 1)]
    assert [opine(client, address="192.0.2.9", **headers) for headers in passing] == [303] * MOST + [429]
    assert [opine(client, address="10.8.0.7", **headers) for headers in passing] == [303] * (MOST + 1)
    assert opine(client, address="::ffff:10.8.0.7", **{"X-Forwarded-For": "198.51.100.99"}) == 303


def test_every_limited_route_exists(house: House) -> None:
    rules: set[str] = set()
    for service in Service:
        app = house.app if service is Service.GATEWAY else import_module(f"services.{service}.app").create_app()
        for rule in app.url_map.iter_rules():
            rules |= {f"{method} {rule.rule}" for method in rule.methods or ()}
    missing = [route for act in ACTS for route in act.routes if route not in rules]
    assert missing == []
