"""Logging in, in three steps, so that no transaction is held while a password is hashed: count, verify, begin."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from services.gateway.accounts.passwords import hash_password, is_outdated, password_fits, pin_fits
from services.gateway.accounts.rights import rights_of
from services.gateway.accounts.second_factor import ROLES as SECOND_FACTOR_ROLES
from services.gateway.accounts.second_factor import take_code
from services.gateway.sessions.sessions import NewSession, live_household, start_session
from services.gateway.sessions.throttle import account_subject, card_subject, forgive, register_try
from shared import audit
from shared.calendar import today
from shared.database import Database
from shared.errors import Forbidden, Invalid, NotFound
from shared.identity import Principal
from shared.models.base import now
from shared.models.gateway import Account, CardPin
from shared.models.registry import Household, Township, Village
from shared.settings import settings
from shared.web.refusals import Unauthenticated

_WRONG = "账号或密码不对，请检查大小写后重新输入。"
_WRONG_CARD = "卡号或查询密码不对。查询密码是 6 位数字，忘记了请找村干部重置。"
_ENDED = "您的职责已经到期或账号已停用，不能登录。如需继续使用，请联系乡镇管理员。"


class CodeRequired(Invalid):
    """The password was right, and the account has a second factor: the code is asked for (422)."""


@dataclass(frozen=True, slots=True)
class _Found:
    """What is known of an account before its password was verified."""

    account_id: int | None
    password_hash: str | None


def log_in(database: Database, *, username: str, password: str, code: str | None, address: str) -> NewSession:
    """Begin a session by user name and password, and a code where the account has a second factor.

    Raises TooMany, Unauthenticated for wrong words, CodeRequired, Forbidden where the duty has ended.
    """
    name = username.strip().lower()
    subject = account_subject(name)
    _count(database, subject, address)
    with database.reading() as session:
        row = session.execute(select(Account.id, Account.password_hash).where(Account.username == name)).first()
    found = _Found(*row) if row is not None else _Found(None, None)
    if not password_fits(found.password_hash, password) or found.account_id is None:
        raise Unauthenticated(_WRONG)
    renewed = hash_password(password) if found.password_hash and is_outdated(found.password_hash) else None
    with database.transaction() as session:
        account = session.get_one(Account, found.account_id)
        actor = _require_open(session, account)
        _require_code(session, account, actor, code)
        forgive(session, subject, address)
        return _begin(session, actor, account, renewed)


def log_in_with_card(database: Database, *, card: str, pin: str, address: str) -> NewSession:
    """Begin a household's session by card number and PIN. Raises TooMany, Unauthenticated."""
    number = card.replace(" ", "")
    subject = card_subject(number)
    _count(database, subject, address)
    with database.reading() as session:
        household = live_household(session, number, today())
        stored = None
        if household is not None:
            stored = session.scalar(select(CardPin.pin_hash).where(CardPin.household_id == household.id))
    if not pin_fits(stored, pin) or household is None:
        raise Unauthenticated(_WRONG_CARD)
    with database.transaction() as session:
        forgive(session, subject, address)
        made = start_session(session, household_id=household.id)
        actor = _household_principal(session, household)
        audit.record(session, actor, "log_in", "household", household.id, village_id=household.village_id)
        return made


def log_in_as_demo(database: Database, *, username: str, township_id: int) -> NewSession:
    """Begin the session of a demo account by its button. Raises NotFound unless this is a demo of a demo township."""
    with database.transaction() as session:
        account = None
        if settings().demo and not settings().production:
            account = session.scalar(
                select(Account)
                .join(Township, Township.id == Account.township_id)
                .where(
                    Account.username == username.strip().lower(),
                    Account.is_demo.is_(True),
                    Township.is_demo.is_(True),
                    Account.township_id == township_id,
                )
            )
        if account is None:
            raise NotFound("这里没有这个演示账号。")
        return _begin(session, _require_open(session, account), account, None)


def _count(database: Database, subject: str, address: str) -> None:
    with database.transaction() as session:
        register_try(session, subject, address)


def _require_open(session: Session, account: Account) -> Principal:
    """The account's principal with its rights of today. Raises Forbidden where there are none."""
    rights = rights_of(session, account.person_id, today())
    if account.disabled_at is not None or not rights.any:
        raise Forbidden(_ENDED)
    return Principal(
        account.township_id,
        f"account:{account.id}",
        person_id=account.person_id,
        household_id=rights.household_id,
        grants=rights.grants,
    )


def _require_code(session: Session, account: Account, actor: Principal, code: str | None) -> None:
    if account.is_demo or account.totp_confirmed_at is None or not actor.has(*SECOND_FACTOR_ROLES):
        return
    if not code:
        sentence = "请输入手机验证器上现在显示的 6 位数字。"
        raise CodeRequired(sentence, errors={"code": [sentence]})
    if not take_code(session, account, code.replace(" ", "")):
        raise Unauthenticated("验证数字不对或已用过，请等手机上显示下一组数字再试。")


def _begin(session: Session, actor: Principal, account: Account, renewed: str | None) -> NewSession:
    changes: dict[str, object] = {"last_login_at": now()}
    if renewed is not None:
        changes["password_hash"] = renewed
    session.execute(update(Account).where(Account.id == account.id).values(**changes))
    audit.record(session, actor, "log_in", "account", account.id)
    return start_session(session, account_id=account.id)


def _household_principal(session: Session, household: Household) -> Principal:
    township_id = session.scalars(select(Village.township_id).where(Village.id == household.village_id)).one()
    return Principal(township_id, f"household:{household.id}", household_id=household.id)
