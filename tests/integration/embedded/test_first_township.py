"""A system of one's own begins with a township and its first admin, and nothing half-made."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import func, select

from deploy.embedded import first_township
from deploy.embedded.first_township import FirstTownship, Refused, from_environment, main, make_township
from shared.database import Database
from shared.errors import Invalid
from shared.models.gateway import Account
from shared.models.registry import Duty, DutyKind, Person, Township
from shared.topology import Service

ANSWERS = FirstTownship("示例乡", "431299001", "石小满", "shi", "山里的茶园 220 亩")


def test_the_admin_can_do_an_admins_work(any_database: str) -> None:
    database = Database(any_database, Service.GATEWAY)
    with database.transaction() as session:
        township = make_township(session, ANSWERS)
        assert not township.is_demo
        assert session.scalar(select(Duty.kind)) is DutyKind.ADMIN
        assert session.scalar(select(Account.username)) == "shi"
        assert session.scalar(select(Person.initials)) == "sxm"
    database.dispose()


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"code": "43123"}, Refused),
        ({"code": "４３１２９９００１"}, Refused),
        ({"name": " "}, Refused),
        ({"admin_name": ""}, Refused),
        ({"username": "x"}, Invalid),
        ({"password": "short"}, Invalid),
    ],
)
def test_a_wrong_answer_leaves_nothing_behind(
    sqlite_database: str, change: dict[str, str], error: type[Exception]
) -> None:
    database = Database(sqlite_database, Service.GATEWAY)
    with pytest.raises(error), database.transaction() as session:
        make_township(session, replace(ANSWERS, **change))
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Township)) == 0
    database.dispose()


def test_without_a_terminal_the_missing_variables_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOWNSHIP_NAME", "示例乡")
    monkeypatch.setenv("ADMIN_NAME", "石小满")
    with pytest.raises(Refused, match="TOWNSHIP_CODE, ADMIN_USERNAME, ADMIN_PASSWORD"):
        from_environment()


def test_the_terminal_asks_again_until_an_answer_fits(
    sqlite_database: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    typed = iter(["示例乡", "12", "431299001", "石小满", "shi"])
    secrets = iter(["short", ANSWERS.password, "not the same", ANSWERS.password, ANSWERS.password])
    monkeypatch.setattr("builtins.input", lambda _question: next(typed))
    monkeypatch.setattr(first_township.getpass, "getpass", lambda _question: next(secrets))
    monkeypatch.setattr(first_township.sys.stdin, "isatty", lambda: True, raising=False)
    assert main() == 0
    said = capsys.readouterr().out
    assert "9 位数字" in said
    assert "两次不一样" in said
    assert "已建立 示例乡（431299001）" in said
