"""The page on which an admin deletes the personal data of somebody who has left."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select, update

from shared.calendar import today
from shared.messaging.inbox import Outcome
from shared.models.gateway import Account
from shared.models.registry import DutyKind, Household, Person, Resident
from shared.retention import FORGOTTEN
from shared.topology import Service
from tests.fixtures.databases import DatabaseFor
from tests.integration.gateway.conftest import PASSWORD, House
from tests.integration.gateway.test_registry_pages import audited, submit, town
from tests.integration.retention.deliveries import deliver, sent_to

__all__ = ["town"]

WHY = {"reason": "家属书面申请"}


def leave(town: House, database_for: DatabaseFor) -> int:
    """The second household's head has left with the household; the account is still there."""
    village, day = town.township.villages[0], today() - timedelta(days=5)
    home, head = village.households[1], village.heads[1]
    with database_for(Service.INTAKE).transaction() as session:
        session.execute(update(Household).where(Household.id == home).values(valid_to=day))
        session.execute(update(Resident).where(Resident.household_id == home).values(valid_to=day))
    with database_for(Service.GATEWAY).transaction() as session:
        stored = session.scalars(select(Account.password_hash).limit(1)).one()
        session.add(Account(township_id=town.township.id, person_id=head, username="left", password_hash=stored))
    return head


def test_who_has_left_is_forgotten_after_a_page_that_says_what_goes_and_what_stays(
    town: House, database_for: DatabaseFor
) -> None:
    admin, head = town.log_in("admin"), leave(town, database_for)
    with database_for(Service.INTAKE).reading() as session:
        name = session.get_one(Person, head).name
    page = f"/people/{head}/forget"
    assert page in admin.get(f"/people/{head}").text
    asked = admin.get(page).text
    for sentence in ("会删掉，删了找不回来", "按规定要留下", "信访档案的期限", "账目照样能核对"):
        assert sentence in asked
    refused = submit(admin, page, status=422, reason=" ")
    assert 'id="error-reason"' in refused
    assert "请写明为什么删除" in refused
    assert refused.count("error-summary") == 1
    done = submit(admin, page, reason="家属书面申请")
    assert "个人信息已删除" in done
    assert name not in done
    assert "删除个人信息</a>" not in done
    assert admin.get(page).status_code == 404
    assert f'/people/{head}"' not in admin.get(f"/people?q={name}").text
    assert audited(database_for, Service.INTAKE).count("forget_resident") >= 1

    (body,) = sent_to(database_for(Service.INTAKE), Service.GATEWAY, "forget_resident")
    gateway = database_for(Service.GATEWAY)
    assert deliver(gateway, "gateway.forget_resident", body, "m-1") is Outcome.HANDLED
    theirs = town.client()
    assert "不对" in submit(theirs, "/login", status=401, username="left", password=PASSWORD)
    with gateway.reading() as session:
        assert session.scalar(select(Account.username).where(Account.person_id == head)) != "left"
    assert FORGOTTEN not in admin.get("/people").text


def test_the_page_says_what_comes_first_for_who_lives_or_serves_here(town: House, database_for: DatabaseFor) -> None:
    admin, village = town.log_in("admin"), town.township.villages[0]
    resident = admin.get(f"/people/{village.heads[0]}/forget").text
    assert "还登记在示例1村" in resident
    assert f'action="/people/{village.heads[0]}/forget"' not in resident
    official = admin.get(f"/people/{village.officials[DutyKind.CADRE][0]}/forget").text
    assert "先结束这项职责" in official


def test_the_page_is_for_admins(town: House) -> None:
    head = town.township.villages[0].heads[1]
    assert town.log_in("cadre1").get(f"/people/{head}/forget").status_code == 403
    assert town.log_in("cadre1").post(f"/people/{head}/forget", data=WHY).status_code == 403
