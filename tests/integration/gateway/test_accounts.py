"""Accounts, PINs, and the second factor of admins."""

from __future__ import annotations

import time
from typing import Any

import pyotp
import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from services.gateway.accounts.accounts import DemoLogin, create_demo_accounts
from services.gateway.accounts.pins import set_demo_pins
from shared.errors import Forbidden
from shared.models.gateway import Account, CardPin
from shared.models.plumbing import AUDIT
from shared.models.registry import DutyKind
from shared.topology import Service
from tests.fixtures.databases import DatabaseFor
from tests.fixtures.township import build_township
from tests.integration.gateway.conftest import PASSWORD, PIN, House


def enrolled(house: House, username: str = "admin") -> tuple[FlaskClient, pyotp.TOTP]:
    """The browser of the admin or of another account after setting up the second factor."""
    client = house.log_in(username)
    secret: Any = client.post("/api/accounts/own/second_factor").json
    totp = pyotp.TOTP(secret["secret"])
    confirmed = client.post("/api/accounts/own/second_factor/confirm", json={"code": totp.now()})
    assert confirmed.status_code == 204, confirmed.text
    return client, totp


def test_an_admin_has_no_rights_before_the_second_factor(house: House) -> None:
    client = house.log_in("admin")
    shown: Any = client.get("/api/session").json
    assert (shown["pending"], shown["grants"]) == (["set_second_factor"], [])
    assert client.get("/api/accounts").status_code == 401
    wrong = client.post("/api/accounts/own/second_factor/confirm", json={"code": "000000"})
    assert wrong.status_code == 409


def test_with_the_second_factor_the_rights_hold_and_logins_ask_for_a_code(house: House) -> None:
    client, totp = enrolled(house)
    assert client.get("/api/accounts").status_code == 200
    body = {"username": "admin", "password": PASSWORD}
    asked = house.client().post("/api/session", json=body)
    assert asked.status_code == 422
    assert asked.json is not None
    assert list(asked.json["errors"]) == ["code"]
    wrong = house.client().post("/api/session", json={**body, "code": "123"})
    assert wrong.status_code == 401
    later = totp.at(int(time.time()) + 30)
    assert house.client().post("/api/session", json={**body, "code": later}).status_code == 201


def test_a_code_opens_once(house: House) -> None:
    _, totp = enrolled(house)
    body = {"username": "admin", "password": PASSWORD, "code": totp.at(int(time.time()) + 30)}
    assert house.client().post("/api/session", json=body).status_code == 201
    assert house.client().post("/api/session", json=body).status_code == 401


def test_the_secret_is_not_readable_in_the_table(house: House, database_for: DatabaseFor) -> None:
    client = house.log_in("admin")
    secret: Any = client.post("/api/accounts/own/second_factor").json
    with database_for(Service.GATEWAY).reading() as session:
        stored = session.scalars(select(Account.totp_encrypted).where(Account.username == "admin")).one()
    assert stored is not None
    assert secret["secret"].encode() not in stored


def make_account(client: FlaskClient, person: int, username: str, key: str = "key-00000001") -> Any:
    return client.post(
        "/api/accounts", json={"person_id": person, "username": username}, headers={"Idempotency-Key": key}
    )


def test_a_new_account_sets_its_own_password_first(house: House) -> None:
    client, _ = enrolled(house)
    judge = house.township.villages[0].officials[DutyKind.JUDGE][0]
    made = make_account(client, judge, "Judge.1")
    assert made.status_code == 201
    temporary = made.json["temporary_password"]
    again = make_account(client, judge, "Judge.1")
    assert again.json["id"] == made.json["id"]
    assert again.json.get("temporary_password") is None

    theirs = house.client()
    entered: Any = theirs.post("/api/session", json={"username": "judge.1", "password": temporary}).json
    assert (entered["pending"], entered["grants"]) == (["set_password"], [])
    headers = {"X-CSRF-Token": entered["csrf_token"]}
    path = "/api/accounts/own/password"
    for weak in ("short", "judge.1judge.1", "aaaaaaaaaaaa"):
        refused = theirs.post(path, json={"current": temporary, "password": weak}, headers=headers)
        assert refused.status_code == 422
    wrong = theirs.post(path, json={"current": "not this", "password": PASSWORD}, headers=headers)
    assert wrong.status_code == 422
    before = theirs.get_cookie("xz_session")
    changed = theirs.post(path, json={"current": temporary, "password": PASSWORD}, headers=headers)
    assert changed.status_code == 204
    assert theirs.get_cookie("xz_session") != before
    shown: Any = theirs.get("/api/session").json
    assert [grant["role"] for grant in shown["grants"]] == ["judge"]


@pytest.mark.parametrize("username", ["a", "has space", "quote'", "UPPER/lower"])
def test_user_names_that_can_not_be_typed_are_refused(house: House, username: str) -> None:
    client, _ = enrolled(house)
    answer = make_account(client, house.township.villages[0].officials[DutyKind.JUDGE][0], username)
    assert answer.status_code == 422
    assert list(answer.json["errors"]) == ["username"]


def test_one_account_a_person_and_one_person_a_name(house: House) -> None:
    client, _ = enrolled(house)
    cadre = house.township.villages[0].officials[DutyKind.CADRE][0]
    judge = house.township.villages[0].officials[DutyKind.JUDGE][0]
    assert make_account(client, cadre, "second").status_code == 409
    assert make_account(client, judge, "cadre1", "key-00000002").status_code == 409


def test_another_townships_people_and_accounts_are_not_there(house: House, database_for: DatabaseFor) -> None:
    with database_for(Service.INTAKE).transaction() as session:
        other = build_township(session, "431299002", "邻乡")
    person = other.officials[DutyKind.CLERK][0]
    with database_for(Service.GATEWAY).transaction() as session:
        account = Account(township_id=other.id, person_id=person, username="theirs", password_hash="x")
        session.add(account)
        session.flush()
        account_id = account.id
    client, _ = enrolled(house)
    assert make_account(client, other.officials[DutyKind.LEADER][0], "leader").status_code == 404
    assert client.get(f"/api/accounts/{account_id}").status_code == 404
    assert client.post(f"/api/accounts/{account_id}/reset").status_code == 404
    listed: Any = client.get("/api/accounts").json
    assert [item["username"] for item in listed["items"]] == ["admin", "cadre1", "clerk"]


def test_resetting_and_closing_end_the_logins(house: House) -> None:
    admin, _ = enrolled(house)
    theirs = house.log_in("cadre1")
    reset: Any = admin.post(f"/api/accounts/{house.accounts['cadre1']}/reset").json
    assert theirs.get("/api/notices").status_code == 401
    body = {"username": "cadre1", "password": reset["temporary_password"]}
    assert house.client().post("/api/session", json=body).status_code == 201
    assert admin.post(f"/api/accounts/{house.accounts['cadre1']}/disable").status_code == 200
    assert admin.post(f"/api/accounts/{house.accounts['cadre1']}/disable").status_code == 200
    assert house.client().post("/api/session", json=body).status_code == 403
    assert admin.post(f"/api/accounts/{house.accounts['admin']}/disable").status_code == 409


def test_accounts_are_for_admins(house: House) -> None:
    assert house.log_in("cadre1").get("/api/accounts").status_code == 403
    assert house.client().get("/api/accounts").status_code == 401


def test_a_cadre_gives_a_card_of_the_village_a_new_pin(house: House, database_for: DatabaseFor) -> None:
    village, other = house.township.villages
    client = house.log_in("cadre1")
    given: Any = client.post(f"/api/cards/{village.cards[0]}/pin").json
    assert len(given["pin"]) == 6
    old = house.client().post("/api/session", json={"card": village.cards[0], "pin": PIN})
    new = house.client().post("/api/session", json={"card": village.cards[0], "pin": given["pin"]})
    assert (new.status_code, old.status_code) == (201, 401 if given["pin"] != PIN else 201)
    assert client.post(f"/api/cards/{other.cards[0]}/pin").status_code == 403
    assert client.post("/api/cards/0000000000/pin").status_code == 404
    audit: Any = AUDIT[Service.GATEWAY]
    with database_for(Service.GATEWAY).reading() as session:
        row = session.scalars(select(audit).where(audit.action == "reset_pin")).one()
    assert (row.subject_id, row.village_id) == (str(village.households[0]), village.id)
    assert given["pin"] not in row.details


def test_demo_passwords_are_refused_outside_the_demo(house: House, database_for: DatabaseFor) -> None:
    leader = house.township.officials[DutyKind.LEADER][0]
    with database_for(Service.GATEWAY).transaction() as session:
        with pytest.raises(Forbidden):
            create_demo_accounts(session, house.township.id, [DemoLogin(leader, "leader")], PASSWORD)
        with pytest.raises(Forbidden):
            set_demo_pins(session, house.township.id, "246810")


def test_every_demo_card_has_the_published_pin_and_a_set_one_stays(
    demo_house: House, database_for: DatabaseFor
) -> None:
    with database_for(Service.GATEWAY).transaction() as session:
        set_demo_pins(session, demo_house.township.id, "246810")
        set_demo_pins(session, demo_house.township.id, "246810")
        assert len(session.scalars(select(CardPin.household_id)).all()) == 12
    first, second = demo_house.township.villages[0].cards[:2]
    assert demo_house.client().post("/api/session", json={"card": first, "pin": PIN}).status_code == 201
    assert demo_house.client().post("/api/session", json={"card": second, "pin": "246810"}).status_code == 201


def test_demo_accounts_are_shared_and_can_not_be_changed(demo_house: House) -> None:
    client = demo_house.client()
    entered: Any = client.post("/api/session/demo", json={"username": "demo-leader"}).json
    headers = {"X-CSRF-Token": entered["csrf_token"]}
    body = {"current": PASSWORD, "password": "another horse battery"}
    assert client.post("/api/accounts/own/password", json=body, headers=headers).status_code == 409
    assert client.post("/api/accounts/own/second_factor", headers=headers).status_code == 409
