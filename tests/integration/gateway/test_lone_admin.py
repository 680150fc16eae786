"""A township whose only admin's duty has ended is not locked out: the operator of the machine renews it, on record."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from deploy.rescue.lone_admin import main
from services.gateway.accounts import rescue
from services.gateway.accounts.rescue import ACTOR
from shared.calendar import today
from shared.models.base import now
from shared.models.gateway import Account
from shared.models.plumbing import AUDIT
from shared.models.registry import Duty, DutyKind
from shared.topology import Service
from tests.fixtures.databases import DatabaseFor
from tests.integration.gateway.conftest import House

Capture = pytest.CaptureFixture[str]
COMMAND = ["--login", "admin", "--renew-duty"]


def refused(capsys: Capture, *arguments: str) -> str:
    assert main(list(arguments)) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    return said.err


@pytest.fixture
def ended(house: House, database_for: DatabaseFor) -> House:
    """Every duty as admin ended yesterday."""
    with database_for(Service.INTAKE).transaction() as session:
        last = today() - timedelta(days=1)
        session.execute(update(Duty).where(Duty.kind == DutyKind.ADMIN).values(valid_to=last))
    return house


def duties(database_for: DatabaseFor) -> int:
    with database_for(Service.INTAKE).reading() as session:
        return len(session.scalars(select(Duty.id)).all())


def test_the_last_admin_whose_duty_has_ended_becomes_admin_again_and_both_logs_say_so(
    ended: House, database_for: DatabaseFor, capsys: Capture
) -> None:
    assert rescue.main(["--login", "admin"]) == 1
    assert "--login admin --renew-duty" in capsys.readouterr().err
    assert main(COMMAND) == 0
    (password,) = re.findall(r"临时密码：(\w{12})\n", capsys.readouterr().out)
    entered: Any = ended.log_in("admin", password=password).get("/api/session").json
    assert entered["pending"][0] == "set_password"
    for service, action in ((Service.INTAKE, "give_duty"), (Service.GATEWAY, "reset_password")):
        log: Any = AUDIT[service]
        with database_for(service).reading() as session:
            rows = session.execute(select(log.action, log.township_id).where(log.actor == ACTOR)).all()
        assert rows == [(action, ended.township.id)]
    with database_for(Service.INTAKE).reading() as session:
        person = select(Account.person_id).where(Account.username == "admin").scalar_subquery()
        renewed = session.scalars(
            select(Duty).where(Duty.person_id == person, Duty.kind == DutyKind.ADMIN, Duty.valid_to.is_(None))
        ).one()
        assert renewed.valid_from == today()
    assert "管理员职责还在" in refused(capsys, *COMMAND)


def test_nothing_is_done_without_the_word_for_it(ended: House, database_for: DatabaseFor, capsys: Capture) -> None:
    before = duties(database_for)
    assert "请加上 --renew-duty" in refused(capsys, "--login", "admin")
    assert duties(database_for) == before


def test_where_another_admin_can_get_in_that_one_is_asked(
    ended: House, database_for: DatabaseFor, capsys: Capture
) -> None:
    with database_for(Service.INTAKE).transaction() as session:
        clerk = session.scalars(select(Account.person_id).where(Account.username == "clerk")).one()
        session.add(Duty(township_id=ended.township.id, person_id=clerk, kind=DutyKind.ADMIN, valid_from=today()))
    before = duties(database_for)
    assert "乡镇还有别的管理员（clerk）" in refused(capsys, *COMMAND)
    assert duties(database_for) == before


def test_nobody_becomes_admin_who_was_none_and_no_closed_account_opens(
    ended: House, database_for: DatabaseFor, capsys: Capture
) -> None:
    before = duties(database_for)
    assert "没有当过管理员" in refused(capsys, "--login", "clerk", "--renew-duty")
    assert "没有“nobody”这个账号" in refused(capsys, "--login", "nobody", "--renew-duty")
    with database_for(Service.GATEWAY).transaction() as session:
        session.execute(update(Account).where(Account.username == "admin").values(disabled_at=now()))
    assert "已停用" in refused(capsys, *COMMAND)
    assert duties(database_for) == before


def test_demo_accounts_are_left_alone(demo_house: House, capsys: Capture) -> None:
    assert "是演示账号" in refused(capsys, "--login", "demo-leader", "--renew-duty")
