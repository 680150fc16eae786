"""People, duties and accounts over their pages: from a name to somebody who logs in, and back."""

from __future__ import annotations

import re

import pytest

from services.gateway.accounts.passwords import hash_password
from shared.calendar import today
from shared.models.gateway import Account
from shared.models.registry import DutyKind
from shared.topology import Service
from tests.fixtures.databases import DatabaseFor
from tests.fixtures.township import build_township
from tests.integration.gateway.conftest import PASSWORD, House
from tests.integration.gateway.test_registry_pages import HIDDEN, audited, submit, town

__all__ = ["town"]

SHOWN_ONCE = re.compile(r"<dt>密码</dt><dd>([2-9a-z]{12})</dd>")


def password_of(page: str) -> str:
    found = SHOWN_ONCE.search(page)
    assert found, page
    return found[1]


def test_a_new_official_gets_a_duty_and_an_account_and_logs_in(town: House, database_for: DatabaseFor) -> None:
    admin, village = town.log_in("admin"), town.township.villages[0]
    assert "没有找到“覃大山”" in admin.get("/people?q=覃大山").text
    shown = submit(admin, "/people/new", name="覃大山", phone="16000001234")
    path = re.search(r"/people/\d+", shown[shown.index("给一项职责") - 200 :])
    assert path
    person = path[0]
    assert "还没有职责" in shown
    kinds = admin.get(f"{person}/duties/new").text
    assert "登记住户、审核积分" in kinds
    wrong = submit(admin, f"{person}/duties/new?kind=cadre", f"{person}/duties/new", 422, kind="cadre", title="村支书")
    assert "请选择这项职责在哪个村" in wrong
    assert 'value="村支书"' in wrong
    given = submit(
        admin, f"{person}/duties/new?kind=cadre", f"{person}/duties/new", kind="cadre", place=village.code,
        title="村支书", valid_from=today().isoformat(),
    )  # fmt: skip
    assert "示例1村" in given
    assert "没有账号" in admin.get("/people").text
    assert "账号名要 2 到 40 个字符" in submit(admin, person, f"{person}/account", 422, username="村 支书")
    assert "已被使用" in submit(admin, person, f"{person}/account", 422, username="cadre1")
    hidden = dict(HIDDEN.findall(admin.get(person).text)) | {"username": "Qin"}
    made = admin.post(f"{person}/account", data=hidden)
    assert made.headers["Cache-Control"] == "no-store"
    temporary = password_of(made.text)
    assert "已经有账号了" in admin.post(f"{person}/account", data=hidden, follow_redirects=True).text

    theirs = town.client()
    landed = submit(theirs, "/login", username="qin", password=temporary)
    assert "设一个自己的密码" in landed
    done = submit(
        theirs, "/password", status=200, former=temporary, password="山里的茶园很大 220", again="山里的茶园很大 220"
    )
    assert "待办" in done
    assert "登记一户" in theirs.get("/registry").text
    assert {"create_account", "change_password"} <= set(audited(database_for, Service.GATEWAY))


def test_an_account_gets_a_new_password_is_closed_and_opened_again(town: House, database_for: DatabaseFor) -> None:
    admin, cadre = town.log_in("admin"), town.log_in("cadre1")
    person = f"/people/{town.township.villages[0].officials[DutyKind.CADRE][0]}"
    for _ in range(6):
        town.client().post("/api/session", json={"username": "cadre1", "password": "not this one"})
    temporary = password_of(submit(admin, person, f"{person}/account/reset"))
    assert cadre.get("/todo").status_code == 303, "its logins have ended"
    entered = town.client().post("/api/session", json={"username": "cadre1", "password": temporary})
    assert entered.status_code == 201, "and wrong tries no longer count"
    assert "账号已停用" in submit(admin, person, f"{person}/account/disable")
    refused = town.client().post("/api/session", json={"username": "cadre1", "password": temporary})
    assert refused.status_code == 403
    assert "又可以登录了" in submit(admin, person, f"{person}/account/enable")
    assert town.client().post("/api/session", json={"username": "cadre1", "password": temporary}).status_code == 201
    log = audited(database_for, Service.GATEWAY)
    assert [act for act in log if act.endswith("_account") or act == "reset_password"] == [
        "reset_password", "disable_account", "enable_account",
    ]  # fmt: skip


def test_a_duty_is_ended_and_the_work_goes_to_a_successor(town: House) -> None:
    admin, village = town.log_in("admin"), town.township.villages[0]
    first, second = village.officials[DutyKind.CADRE]
    shown = admin.get(f"/people/{first}").text
    end = re.search(r'href="(/people/duties/\d+/end)"', shown)
    assert end
    assert "卸任日期不能早于任职日期" in submit(admin, end[1], status=422, last_day="2019-01-01")
    ended = submit(admin, end[1], last_day=today().isoformat(), successor_id=str(second))
    assert "这项职责到" in ended
    lines = admin.get(f"/people/duties?village={village.code}&kind=cadre").text
    assert lines.count("<tr>") == 3, "it still holds today"


def test_the_last_admin_is_told_to_name_another_first(town: House) -> None:
    admin = town.log_in("admin")
    first, second = town.township.officials[DutyKind.ADMIN]

    def end_of(person: int) -> str:
        found = re.search(r'href="(/people/duties/\d+/end)"', admin.get(f"/people/{person}").text)
        assert found
        return found[1]

    submit(admin, end_of(second), last_day=today().isoformat())
    assert "最后一位管理员" in submit(admin, end_of(first), status=422, last_day=today().isoformat())


def test_nobody_reaches_the_accounts_of_another_township(town: House, database_for: DatabaseFor) -> None:
    with database_for(Service.INTAKE).transaction() as session:
        stranger = build_township(session, "431299002", "邻乡")
    theirs = stranger.villages[0].officials[DutyKind.CADRE][0]
    with database_for(Service.GATEWAY).transaction() as session:
        session.add(
            Account(township_id=stranger.id, person_id=theirs, username="other", password_hash=hash_password(PASSWORD))
        )
    admin = town.log_in("admin")
    hidden = dict(HIDDEN.findall(admin.get("/people").text)) | {"username": "mine"}
    for act in ("account", "account/reset", "account/disable", "account/enable", "account/reset_second_factor"):
        assert admin.post(f"/people/{theirs}/{act}", data=hidden).status_code == 404, act
    free = stranger.villages[0].heads[0]
    assert admin.post(f"/people/{free}/account", data=hidden).status_code == 404
    assert town.client().post("/api/session", json={"username": "other", "password": PASSWORD}).status_code == 201


@pytest.mark.parametrize("act", ["reset", "disable"])
def test_a_demo_account_stays_as_everybody_knows_it(town: House, act: str) -> None:
    admin = town.log_in("admin")
    own = town.township.officials[DutyKind.ADMIN][0]
    assert "演示账号由大家共用" in submit(admin, f"/people/{own}", f"/people/{own}/account/{act}", 409)


def test_a_cadre_declares_a_relative_and_the_admin_takes_a_mistake_back(town: House) -> None:
    cadre, admin, village = town.log_in("cadre1"), town.log_in("admin"), town.township.villages[0]
    page = "/people/relatives"
    found = cadre.get(f"{page}?q=吴小满").text
    assert "申报吴小满户" in found
    told = submit(cadre, f"{page}?q=吴小满", page, household_id=str(village.households[1]))
    assert "已申报吴小满户" in told
    person = f"/people/{village.officials[DutyKind.CADRE][0]}"
    withdraw = re.search(r'action="(/people/\d+/relatives/\d+/withdraw)"', admin.get(person).text)
    assert withdraw
    hidden = dict(HIDDEN.findall(cadre.get(page).text))
    assert cadre.post(withdraw[1], data=hidden).status_code == 403
    assert "申报的亲属" not in submit(admin, person, withdraw[1])
    assert "还没有申报" in cadre.get(page).text
