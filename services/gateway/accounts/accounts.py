"""Accounts: made by an admin for a person of the township, with a password that its owner changes first."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from services.gateway.accounts.passwords import hash_password, require_good_password
from services.gateway.limits.attempts import forget_attempts
from services.gateway.sessions.throttle import account_subject
from shared import audit
from shared.errors import Conflict, Forbidden, Invalid, NotFound
from shared.identity import Principal, Role
from shared.models.base import now
from shared.models.gateway import Account, LoginSession
from shared.models.registry import Person, Township
from shared.settings import settings

_USERNAME = re.compile(r"[a-z0-9\u4e00-\u9fff][a-z0-9._\-\u4e00-\u9fff]{1,39}")


@dataclass(frozen=True, slots=True)
class DemoLogin:
    """One account of the demo township, as the loader gives it."""

    person_id: int
    username: str


def create_account(session: Session, actor: Principal, *, person_id: int, username: str, password_hash: str) -> Account:
    """An account with a password that must be changed at the first login.

    `password_hash` is `hash_password(…)`, made before the transaction began. Raises Invalid for a user name that
    can't be typed, NotFound for another township's person, Conflict where the person or the name has an account.
    """
    _require_admin(actor)
    name = clean_username(username)
    known = select(Person).where(Person.township_id == actor.township_id, Person.forgotten_on.is_(None))
    person = session.scalar(known.where(Person.id == person_id))
    if person is None:
        raise NotFound("没有这个人，请先在人员里登记。")
    account = Account(
        township_id=actor.township_id,
        person_id=person.id,
        username=name,
        password_hash=password_hash,
        must_change=True,
    )
    try:
        with session.begin_nested():
            session.add(account)
    except IntegrityError as error:
        raise Conflict("这个人已有账号，或这个账号名已被使用，请换一个账号名。") from error
    audit.record(session, actor, "create_account", "account", account.id, details={"person": person.id})
    return account


def create_first_admin_account(
    session: Session, *, township_id: int, person_id: int, username: str, password: str
) -> Account:
    """The first admin of a new township, who chose the password at the terminal. Raises Invalid for a weak one."""
    name = clean_username(username)
    require_good_password(password, name)
    account = Account(
        township_id=township_id, person_id=person_id, username=name, password_hash=hash_password(password)
    )
    session.add(account)
    session.flush()
    return account


def create_demo_accounts(session: Session, township_id: int, logins: Iterable[DemoLogin], password: str) -> int:
    """Accounts of the demo township, all with the one published password, hashed once; the count.

    Raises Forbidden in production and for a township that is no demo.
    """
    _require_demo(session, township_id)
    shared_hash = hash_password(password)
    rows = [
        {
            "township_id": township_id,
            "person_id": login.person_id,
            "username": clean_username(login.username),
            "password_hash": shared_hash,
            "is_demo": True,
        }
        for login in logins
    ]
    if rows:
        session.execute(insert(Account), rows)
    return len(rows)


def account_of(session: Session, actor: Principal, account_id: int) -> Account:
    """An account of the admin's township. Raises NotFound."""
    account = session.scalar(select(Account).where(Account.id == account_id, Account.township_id == actor.township_id))
    if account is None:
        raise NotFound("没有这个账号。")
    return account


def accounts_of_people(session: Session, actor: Principal, person_ids: Collection[int]) -> dict[int, Account]:
    """The accounts of some people of the admin's township, by person."""
    _require_admin(actor)
    found = session.scalars(
        select(Account).where(Account.township_id == actor.township_id, Account.person_id.in_(person_ids))
    )
    return {account.person_id: account for account in found}


def reset_password(session: Session, actor: Principal, account_id: int, password_hash: str) -> Account:
    """A new temporary password, given by an admin; every login of the account ends, the second factor stays.

    Wrong tries no longer count: whoever locked themselves out enters with the new password at once.
    """
    _require_admin(actor)
    account = _changeable(session, actor, account_id)
    account.password_hash = password_hash
    account.must_change = True
    account.version += 1
    end_sessions_of(session, account.id)
    forget_attempts(session, account_subject(account.username))
    audit.record(session, actor, "reset_password", "account", account.id)
    return account


def disable_account(session: Session, actor: Principal, account_id: int) -> Account:
    """Close an account; every login of it ends. Doing it again changes nothing. Raises Conflict for one's own."""
    _require_admin(actor)
    account = _changeable(session, actor, account_id)
    if actor.actor == f"account:{account.id}":
        raise Conflict("不能停用自己的账号，请由另一位管理员来办。")
    if account.disabled_at is None:
        account.disabled_at = now()
        account.version += 1
        end_sessions_of(session, account.id)
        audit.record(session, actor, "disable_account", "account", account.id)
    return account


def enable_account(session: Session, actor: Principal, account_id: int) -> Account:
    """Open a closed account again."""
    _require_admin(actor)
    account = account_of(session, actor, account_id)
    if account.disabled_at is not None:
        account.disabled_at = None
        account.version += 1
        audit.record(session, actor, "enable_account", "account", account.id)
    return account


def change_password(session: Session, actor: Principal, account: Account, password_hash: str) -> None:
    """Set the password that the owner chose; other logins of the account end, this one is renewed by the edge."""
    session.execute(
        update(Account)
        .where(Account.id == account.id)
        .values(password_hash=password_hash, must_change=False, version=Account.version + 1)
    )
    end_sessions_of(session, account.id)
    audit.record(session, actor, "change_password", "account", account.id)


def end_sessions_of(session: Session, account_id: int) -> None:
    """End every login of an account."""
    session.execute(delete(LoginSession).where(LoginSession.account_id == account_id))


def clean_username(username: str) -> str:
    """The user name in lower case. Raises Invalid."""
    name = username.strip().lower()
    if not _USERNAME.fullmatch(name):
        sentence = "账号名要 2 到 40 个字符，只用小写字母、数字、汉字和 . _ -。"
        raise Invalid(sentence, errors={"username": [sentence]})
    return name


def _require_admin(actor: Principal) -> None:
    if not actor.has(Role.ADMIN):
        raise Forbidden("账号由乡镇管理员管理。")


def _changeable(session: Session, actor: Principal, account_id: int) -> Account:
    """Raises NotFound, and Conflict for a demo account, which everybody uses."""
    account = account_of(session, actor, account_id)
    if account.is_demo:
        raise Conflict("演示账号由大家共用，不能停用或重置密码。")
    return account


def _require_demo(session: Session, township_id: int) -> None:
    if settings().production or not session.scalar(select(Township.is_demo).where(Township.id == township_id)):
        raise Forbidden("演示账号的密码是公开的，只能用于演示乡镇。")
