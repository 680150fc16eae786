"""The way back in for an account that nobody of the township can help, used by whoever runs the machine.

python -m services.gateway.accounts.rescue --login admin

An admin who has lost the phone or the password is helped by another admin on 人员; the only one has nobody. Whoever can
run this reaches the database anyhow. It runs in the environment of the gateway, also while the system runs.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import ColumnElement, Select, make_url, or_, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from services.gateway.accounts.accounts import reset_password
from services.gateway.accounts.passwords import hash_password, temporary_password
from services.gateway.accounts.rights import rights_of
from services.gateway.accounts.second_factor import reset_second_factor
from shared.calendar import today
from shared.database import Database
from shared.errors import Conflict, DomainError, NotFound
from shared.identity import Grant, Principal, Role
from shared.models.gateway import Account
from shared.models.registry import Duty, DutyKind, Person, Township
from shared.settings import SettingsError, settings
from shared.topology import Service

# In the audit log: no account did it.
ACTOR = "machine:operator"
_NAMED = 10


@dataclass(frozen=True, slots=True)
class Rescued:
    """Whose account it is, so that the person at the terminal sees whether it is the one that was meant."""

    username: str
    person: str
    township: str


def rescue_account(session: Session, username: str, password_hash: str) -> Rescued:
    """Give an account a temporary password and take its second factor away, as the operator of the machine.

    Its owner sets both anew at the next login; its logins end, and wrong tries no longer count. Raises NotFound for a
    name that no account has, Conflict for one that would not get in all the same: closed, without a duty, of the demo.
    """
    found = session.execute(
        select(Account, Person.name, Township.name)
        .join(Person, Person.id == Account.person_id)
        .join(Township, Township.id == Account.township_id)
        .where(Account.username == username.strip().lower())
    ).one_or_none()
    if found is None:
        raise NotFound(f"没有“{username.strip()}”这个账号，什么也没有改。{_whom_there_is(session)}")
    account, person, township = found
    if account.disabled_at is not None:
        raise Conflict(f"账号“{account.username}”已停用，什么也没有改。请由另一位管理员先在“人员”里重新启用。")
    if not rights_of(session, account.person_id, today()).any:
        raise Conflict(
            f"账号“{account.username}”的主人（{person}）现在没有职责，重置了也进不来，什么也没有改。"
            "请由另一位管理员先在“人员”里登记职责；如果乡镇里已没有别的管理员，而他原来是，请改用 "
            f"python -m deploy.rescue.lone_admin --login {account.username} --renew-duty。"
        )
    actor = Principal(account.township_id, ACTOR, grants=(Grant(Role.ADMIN),))
    reset_password(session, actor, account.id, password_hash)
    if account.totp_encrypted is not None:
        reset_second_factor(session, actor, account)
    return Rescued(account.username, person, township)


def former_admin(session: Session, username: str) -> tuple[int, int]:
    """Person and township of an account whose duty as admin has ended, where nobody else can give it a new one.

    Raises NotFound for a name that no account has; Conflict where another admin can get in, where the account could
    not all the same, and where its owner has never been an admin or still is one.
    """
    account = session.scalars(select(Account).where(Account.username == username.strip().lower())).one_or_none()
    if account is None:
        raise NotFound(f"没有“{username.strip()}”这个账号，什么也没有改。{_whom_there_is(session)}")
    named = f"账号“{account.username}”"
    if account.is_demo:
        raise Conflict(f"{named}是演示账号，由大家共用，什么也没有改。")
    if account.disabled_at is not None:
        raise Conflict(f"{named}已停用，续上职责也进不来，什么也没有改。请换一位原来的管理员的账号。")
    served = select(Duty.id).where(Duty.person_id == account.person_id, Duty.kind == DutyKind.ADMIN)
    if session.scalar(served.where(Duty.valid_from <= today(), _lasting()).limit(1)) is not None:
        raise Conflict(
            f"{named}的管理员职责还在，不用续，什么也没有改。"
            f"进不来请用 python -m services.gateway.accounts.rescue --login {account.username}。"
        )
    if session.scalar(served.where(Duty.valid_from <= today()).limit(1)) is None:
        raise Conflict(f"{named}的主人没有当过管理员，什么也没有改。这里只续原来就有、已经到期的管理员职责。")
    others = session.scalars(_admins().where(Account.township_id == account.township_id)).all()
    if others:
        raise Conflict(
            f"乡镇还有别的管理员（{'、'.join(others)}），什么也没有改。请由他在“人员”里给{named}的主人登记职责。"
        )
    return account.person_id, account.township_id


def _admins() -> Select[str]:
    """The names of accounts that come in as admins today."""
    return (
        select(Account.username)
        .join(Duty, Duty.person_id == Account.person_id)
        .where(Duty.kind == DutyKind.ADMIN, Duty.valid_from <= today(), _lasting(), Account.disabled_at.is_(None))
        .distinct()
        .order_by(Account.username)
        .limit(_NAMED)
    )


def _lasting() -> ColumnElement[bool]:
    return or_(Duty.valid_to.is_(None), Duty.valid_to >= today())


def _whom_there_is(session: Session) -> str:
    """The names that were perhaps meant: those of admins on duty."""
    names = session.scalars(_admins()).all()
    if not names:
        return "这个数据库里一位管理员的账号也没有，请检查 DATABASE_URL 和 XZ_DATA_DIR 是不是正在用的那一个。"
    return f"管理员的账号有：{'、'.join(names)}。"


def main(arguments: Sequence[str] | None = None) -> int:
    """See the module's docstring. Exit code 1 with one sentence when nothing was done."""
    parser = argparse.ArgumentParser(prog="python -m services.gateway.accounts.rescue")
    parser.add_argument("--login", required=True, help="the account's name")
    return say_outcome(parser.parse_args(arguments).login, lambda: None)


def say_outcome(login: str, first: Callable[[], None]) -> int:
    """Do what comes `first`, let the account in, and print either its temporary password or why nothing was done."""
    password = temporary_password()
    hashed = hash_password(password)
    try:
        first()
        database = gateway_database()
        try:
            with database.transaction() as session:
                rescued = rescue_account(session, login, hashed)
        finally:
            database.dispose()
    except (DomainError, SettingsError) as reason:
        print(reason, file=sys.stderr)
        return 1
    except SQLAlchemyError as error:
        cause = str(error.__cause__ or error).strip().splitlines()[0]
        print(
            "数据库不能用，什么也没有改。请检查 DATABASE_URL 和数据库是不是开着，新系统请先启动一次；"
            f"数据库说：{cause}",
            file=sys.stderr,
        )
        return 1
    print(
        f"{rescued.township} {rescued.person}\n账号：{rescued.username}\n临时密码：{password}\n"
        "密码只显示这一次，请当面交给本人。用它登录以后，先换成自己的密码；管理员还要重新设第二重验证。\n"
        "这个账号原来的登录都已退出，这次重置已记入审计日志。"
    )
    return 0


def gateway_database() -> Database:
    """The gateway's database; a SQLite file that is not there is not made. Raises NotFound."""
    url = make_url(settings().database_url_of(Service.GATEWAY))
    if url.get_backend_name() == "sqlite" and not Path(url.database or "").is_file():
        raise NotFound(
            f"没有数据库文件 {url.database}，什么也没有改。请在系统所在的文件夹里、用和系统相同的环境变量运行。"
        )
    return Database(settings().database_url_of(Service.GATEWAY), Service.GATEWAY)


if __name__ == "__main__":
    sys.exit(main())
