"""The operator of the machine lets an account in again that nobody of the township can help."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pyotp
import pytest
from sqlalchemy import delete, func, select, update

from services.gateway.accounts.rescue import ACTOR, main
from shared.models.base import now
from shared.models.gateway import Account, LoginAttempt, LoginSession
from shared.models.plumbing import AUDIT
from shared.models.registry import Duty
from shared.settings import settings
from shared.topology import Service
from tests.fixtures.databases import DatabaseFor
from tests.integration.gateway.conftest import PASSWORD, House

Capture = pytest.CaptureFixture[str]


def rescued(capsys: Capture, login: str = "admin") -> str:
    """The temporary password that the command shows."""
    assert main(["--login", login]) == 0
    said = capsys.readouterr()
    assert said.err == ""
    (password,) = re.findall(r"临时密码：(\w{12})\n", said.out)
    assert said.out.count(password) == 1
    return str(password)


def refused(capsys: Capture, login: str = "admin") -> str:
    assert main(["--login", login]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    return said.err


def test_the_only_admin_without_phone_and_password_gets_in_and_sets_both_anew(
    house: House, database_for: DatabaseFor, capsys: Capture
) -> None:
    client = house.log_in("admin")
    secret: Any = client.post("/api/accounts/own/second_factor").json
    code = pyotp.TOTP(secret["secret"]).now()
    assert client.post("/api/accounts/own/second_factor/confirm", json={"code": code}).status_code == 204
    for _ in range(6):
        tried = house.client().post("/api/session", json={"username": "admin", "password": "forgotten it"})
    assert tried.status_code == 429

    password = rescued(capsys, " Admin")

    assert not client.get("/api/session").json["signed_in"]  # type: ignore[index]
    old = house.client().post("/api/session", json={"username": "admin", "password": PASSWORD})
    assert old.status_code == 401
    entered: Any = house.log_in("admin", password=password).get("/api/session").json
    assert (entered["pending"], entered["grants"]) == (["set_password", "set_second_factor"], [])
    log = AUDIT[Service.GATEWAY]
    with database_for(Service.GATEWAY).reading() as session:
        rows = session.execute(
            select(log.action, log.subject_id, log.township_id).where(log.actor == ACTOR).order_by(log.id)
        ).all()
    subject = (str(house.accounts["admin"]), house.township.id)
    assert rows == [("reset_password", *subject), ("reset_second_factor", *subject)]


def test_an_unknown_login_is_told_which_admins_there_are(house: House, capsys: Capture) -> None:
    said = refused(capsys, "石小满")
    assert "没有“石小满”这个账号" in said
    assert "管理员的账号有：admin。" in said


def test_an_account_that_would_not_get_in_is_left_as_it_is(
    house: House, database_for: DatabaseFor, capsys: Capture
) -> None:
    house.log_in("admin")
    with database_for(Service.GATEWAY).transaction() as session:
        session.execute(update(Account).where(Account.username == "admin").values(disabled_at=now()))
        before = session.scalars(select(Account.password_hash).order_by(Account.id)).all()
    assert "已停用" in refused(capsys)
    with database_for(Service.INTAKE).transaction() as session:
        person = select(Account.person_id).where(Account.username == "clerk").scalar_subquery()
        session.execute(delete(Duty).where(Duty.person_id == person))
    assert "现在没有职责" in refused(capsys, "clerk")
    with database_for(Service.GATEWAY).reading() as session:
        assert session.scalars(select(Account.password_hash).order_by(Account.id)).all() == before
        assert session.scalar(select(func.count()).select_from(LoginSession)) == 1
        assert session.scalar(select(func.count()).select_from(LoginAttempt)) == 0


def test_a_demo_account_keeps_its_published_password(demo_house: House, capsys: Capture) -> None:
    assert "演示账号由大家共用" in refused(capsys, "demo-leader")


def test_a_database_that_is_not_there_is_one_sentence_and_is_not_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    missing, empty = tmp_path / "none.db", tmp_path / "empty.db"
    empty.touch()
    for path, sentence in ((missing, f"没有数据库文件 {missing}"), (empty, "数据库不能用，什么也没有改")):
        monkeypatch.setenv("DATABASE_URL", f"sqlite:///{path}")
        monkeypatch.delenv("GATEWAY_DATABASE_URL", raising=False)
        settings.cache_clear()
        assert sentence in refused(capsys)
    settings.cache_clear()
    assert not missing.exists()
