"""Logging in and out."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import pytest
from sqlalchemy import delete, func, select, update

from shared.metrics import THROTTLES
from shared.models.base import now
from shared.models.gateway import Account, CardPin, LoginAttempt, LoginSession
from shared.models.plumbing import AUDIT
from shared.models.registry import Duty, DutyKind, Household
from shared.settings import settings
from shared.topology import Service
from tests.fixtures.databases import DatabaseFor
from tests.integration.gateway.conftest import PASSWORD, PIN, House


def test_an_official_logs_in_with_the_grants_of_today(house: House) -> None:
    client = house.client()
    answer = client.post("/api/session", json={"username": " Cadre1 ", "password": PASSWORD})
    assert answer.status_code == 201
    assert answer.json is not None
    village = house.township.villages[0]
    assert answer.json["grants"] == [
        {"role": "cadre", "village_id": str(village.id), "grid_id": None, "office_id": None}
    ]
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    shown = client.get("/api/session")
    assert shown.json is not None
    assert (shown.json["signed_in"], shown.json["pending"]) == (True, [])


def test_a_household_logs_in_with_card_and_pin(house: House) -> None:
    client = house.client()
    card = house.township.villages[0].cards[0]
    answer = client.post("/api/session", json={"card": f"{card[:4]} {card[4:]}", "pin": PIN})
    assert answer.json is not None
    assert answer.json["household_id"] == str(house.township.villages[0].households[0])
    assert [grant["role"] for grant in answer.json["grants"]] == ["resident"]
    assert client.get("/api/notices").status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        {"username": "cadre1", "password": "wrong horse battery"},
        {"username": "nobody", "password": PASSWORD},
        {"card": "0000000000", "pin": PIN},
        {"card": "CARD", "pin": "000000"},
    ],
)
def test_wrong_words_open_nothing_and_tell_nothing(house: House, body: dict[str, str]) -> None:
    client = house.client()
    body = {name: house.township.villages[0].cards[0] if value == "CARD" else value for name, value in body.items()}
    answer = client.post("/api/session", json=body)
    assert answer.status_code == 401
    assert "Set-Cookie" not in answer.headers
    shown = client.get("/api/session")
    assert shown.json is not None
    assert shown.json["signed_in"] is False


def test_a_card_without_a_pin_does_not_open(house: House) -> None:
    body = {"card": house.township.villages[0].cards[1], "pin": PIN}
    assert house.client().post("/api/session", json=body).status_code == 401


@pytest.mark.parametrize(
    "body",
    [{}, {"username": "a"}, {"card": "1"}, {"username": "a", "password": "b", "card": "1", "pin": "2"}, {"pin": 5}, []],
)
def test_half_a_login_is_a_problem_with_fields(house: House, body: object) -> None:
    answer = house.client().post("/api/session", json=body)
    assert answer.status_code == 422
    assert answer.json is not None
    assert answer.json["errors"]


def test_the_sixth_try_for_one_account_is_not_heard_even_when_right(house: House) -> None:
    for _ in range(5):
        house.client().post("/api/session", json={"username": "cadre1", "password": "wrong"})
    refused = THROTTLES.labels("account")._value.get()
    answer = house.client().post("/api/session", json={"username": "cadre1", "password": PASSWORD})
    assert answer.status_code == 429
    assert THROTTLES.labels("account")._value.get() == refused + 1
    assert 0 < int(answer.headers["Retry-After"]) <= 900
    assert answer.json is not None
    assert "分钟" in answer.json["detail"]
    assert house.client().post("/api/session", json={"username": "admin", "password": "wrong"}).status_code == 401


def test_a_quarter_of_an_hour_later_it_is_heard_again(house: House, database_for: DatabaseFor) -> None:
    for _ in range(5):
        house.client().post("/api/session", json={"username": "cadre1", "password": "wrong"})
    with database_for(Service.GATEWAY).transaction() as session:
        session.execute(update(LoginAttempt).values(at=now() - timedelta(minutes=16)))
    house.log_in("cadre1")


def test_one_address_is_counted_over_all_cards(house: House) -> None:
    for number in range(40):
        house.client().post("/api/session", json={"card": f"999999{number:04d}", "pin": "000000"})
    card = house.township.villages[0].cards[0]
    assert house.client().post("/api/session", json={"card": card, "pin": PIN}).status_code == 429


def test_a_login_that_succeeds_forgives_the_tries_before(house: House, database_for: DatabaseFor) -> None:
    for _ in range(4):
        house.client().post("/api/session", json={"username": "cadre1", "password": "wrong"})
    house.log_in("cadre1")
    for _ in range(4):
        assert house.client().post("/api/session", json={"username": "cadre1", "password": "no"}).status_code == 401


def test_a_session_that_the_browser_brought_is_not_continued(house: House) -> None:
    client = house.client()
    client.set_cookie("xz_session", "chosen-by-someone-else")
    client.post("/api/session", json={"username": "cadre1", "password": PASSWORD})
    cookie = client.get_cookie("xz_session")
    assert cookie is not None
    assert cookie.value != "chosen-by-someone-else"


def test_logging_in_again_ends_the_session_before(house: House, database_for: DatabaseFor) -> None:
    client = house.log_in("cadre1")
    first = client.get_cookie("xz_session")
    client.post("/api/session", json={"username": "clerk", "password": PASSWORD})
    assert first is not None
    old = house.client()
    old.set_cookie("xz_session", first.value)
    shown = old.get("/api/session")
    assert shown.json is not None
    assert shown.json["signed_in"] is False
    with database_for(Service.GATEWAY).reading() as session:
        assert session.scalar(select(func.count()).select_from(LoginSession)) == 1


def test_the_table_of_sessions_opens_nothing(house: House, database_for: DatabaseFor) -> None:
    house.log_in("cadre1")
    with database_for(Service.GATEWAY).reading() as session:
        stored = session.scalars(select(LoginSession.token_sha256)).one()
    thief = house.client()
    thief.set_cookie("xz_session", stored)
    shown = thief.get("/api/session")
    assert shown.json is not None
    assert shown.json["signed_in"] is False


def test_logging_out_ends_the_session_on_the_server(house: House) -> None:
    client = house.log_in("cadre1")
    cookie = client.get_cookie("xz_session")
    assert client.delete("/api/session").status_code == 204
    assert cookie is not None
    client.set_cookie("xz_session", cookie.value)
    assert client.get("/api/notices").status_code == 401


def test_an_expired_session_is_the_public(house: House, database_for: DatabaseFor) -> None:
    client = house.log_in("cadre1")
    with database_for(Service.GATEWAY).transaction() as session:
        session.execute(update(LoginSession).values(expires_at=now() - timedelta(seconds=1)))
    assert client.get("/api/notices").status_code == 401


def test_rights_end_with_the_duty(house: House, database_for: DatabaseFor) -> None:
    client = house.log_in("cadre1")
    with database_for(Service.INTAKE).transaction() as session:
        session.execute(update(Duty).where(Duty.kind == DutyKind.CADRE).values(valid_to=date(2021, 1, 1)))
    assert client.get("/api/notices").status_code == 401
    again = house.client().post("/api/session", json={"username": "cadre1", "password": PASSWORD})
    assert again.status_code == 403
    assert again.json is not None
    assert "职责已经到期" in again.json["detail"]


def test_a_household_that_has_ended_has_no_card(house: House, database_for: DatabaseFor) -> None:
    with database_for(Service.INTAKE).transaction() as session:
        session.execute(update(Household).values(valid_to=date(2021, 1, 1)))
    body = {"card": house.township.villages[0].cards[0], "pin": PIN}
    assert house.client().post("/api/session", json=body).status_code == 401


def test_a_disabled_account_is_out_at_once(house: House, database_for: DatabaseFor) -> None:
    client = house.log_in("cadre1")
    with database_for(Service.GATEWAY).transaction() as session:
        session.execute(update(Account).values(disabled_at=now()))
    assert client.get("/api/notices").status_code == 401


def test_the_demo_button_needs_a_demo(house: House, database_for: DatabaseFor) -> None:
    assert house.client().post("/api/session/demo", json={"username": "cadre1"}).status_code == 404


def test_the_demo_button_logs_in_without_typing(demo_house: House) -> None:
    answer = demo_house.client().post("/api/session/demo", json={"username": "demo-leader"})
    assert answer.status_code == 201
    assert answer.json is not None
    assert [grant["role"] for grant in answer.json["grants"]] == ["leader"]
    assert demo_house.client().post("/api/session/demo", json={"username": "cadre1"}).status_code == 404


def test_demo_off_closes_the_button(demo_house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XZ_DEMO", "false")
    settings.cache_clear()
    assert demo_house.client().post("/api/session/demo", json={"username": "demo-leader"}).status_code == 404


def test_logins_are_in_the_audit_log(house: House, database_for: DatabaseFor) -> None:
    house.log_in("cadre1")
    audit = AUDIT[Service.GATEWAY]
    with database_for(Service.GATEWAY).reading() as session:
        rows = session.execute(select(audit.actor, audit.action)).all()  # type: ignore[attr-defined]
    assert [tuple(row) for row in rows] == [(f"account:{house.accounts['cadre1']}", "log_in")]


def test_passwords_and_pins_are_not_stored_readable(house: House, database_for: DatabaseFor) -> None:
    with database_for(Service.GATEWAY).reading() as session:
        hashes = [*session.scalars(select(Account.password_hash)), *session.scalars(select(CardPin.pin_hash))]
    assert all(stored.startswith("$argon2id$") and PIN not in stored for stored in hashes)


def test_a_card_whose_pin_is_gone_stays_closed(house: House, database_for: DatabaseFor) -> None:
    with database_for(Service.GATEWAY).transaction() as session:
        session.execute(delete(CardPin))
    body = {"card": house.township.villages[0].cards[0], "pin": PIN}
    assert house.client().post("/api/session", json=body).status_code == 401


def test_tries_at_the_same_moment_are_all_counted(house: House) -> None:
    together = threading.Barrier(12)

    def guess(number: int) -> int:
        together.wait()
        body = {"card": house.township.villages[0].cards[0], "pin": f"{number:06d}"}
        return house.client().post("/api/session", json=body).status_code

    with ThreadPoolExecutor(12) as pool:
        answers = sorted(pool.map(guess, range(12)))
    assert set(answers) == {401, 429}
    assert answers.count(401) == 5
