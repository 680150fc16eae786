"""What the owner of an account does with it, also while the rights are still pending."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.gateway.accounts.accounts import change_password
from services.gateway.accounts.passwords import hash_password, password_fits, require_good_password
from services.gateway.sessions.sessions import NewSession, start_session
from services.gateway.sessions.throttle import account_subject, forgive, register_try
from services.gateway.sessions.visitors import current_visitor
from shared.database import Database
from shared.errors import Conflict, Invalid
from shared.identity import Principal
from shared.models.gateway import Account
from shared.web.refusals import Unauthenticated


def own_account(session: Session) -> tuple[Principal, Account]:
    """The account that is logged in. Raises Unauthenticated without one, Conflict for a demo account."""
    visitor = current_visitor()
    if visitor.account_id is None:
        raise Unauthenticated("请先用账号登录，再做这件事。")
    account = session.get_one(Account, visitor.account_id)
    if account.is_demo:
        raise Conflict("演示账号由大家共用，不能改密码或加第二重验证。")
    return visitor.principal, account


def change_own_password(database: Database, *, current: str, password: str) -> NewSession:
    """Set the owner's new password, and begin a new session in place of all of them.

    Raises Invalid for a wrong present password or a weak new one; wrong ones are counted like logins.
    """
    with database.reading() as session:
        actor, account = own_account(session)
        username, stored = account.username, account.password_hash
    require_good_password(password, username)
    subject = account_subject(username)
    with database.transaction() as session:
        register_try(session, subject, None)
    if not password_fits(stored, current):
        sentence = "现在的密码不对，请重新输入。"
        raise Invalid(sentence, errors={"current": [sentence]})
    if current == password:
        sentence = "新密码和现在的一样，请换一个。"
        raise Invalid(sentence, errors={"password": [sentence]})
    hashed = hash_password(password)
    with database.transaction() as session:
        account = session.scalars(select(Account).where(Account.id == account.id)).one()
        forgive(session, subject, None)
        change_password(session, actor, account, hashed)
        return start_session(session, account_id=account.id)
