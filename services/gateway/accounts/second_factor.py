"""The second factor of admins: a six-digit code of an authenticator app (TOTP, RFC 6238)."""

from __future__ import annotations

import time
from dataclasses import dataclass

import pyotp
from sqlalchemy import or_, update
from sqlalchemy.orm import Session

from shared import audit
from shared.errors import Conflict, Invalid
from shared.identity import Principal, Role
from shared.models.base import now
from shared.models.gateway import Account
from shared.privacy import field_cipher
from shared.topology import Service

_STEP_SECONDS = 30
# One step before and after: phones' clocks differ.
_WINDOW = 1
# Who can change others' records or the system for everybody.
ROLES = (Role.ADMIN, Role.OPERATOR)


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What an authenticator app needs; `uri` as a QR code, `secret` to be typed."""

    secret: str
    uri: str


def begin_enrolment(session: Session, actor: Principal, account: Account) -> Enrolment:
    """A new secret; it counts once a first code was shown. Raises Conflict where there is a confirmed one."""
    if account.totp_confirmed_at is not None:
        raise Conflict("这个账号已经有第二重验证。手机换了或丢了，请由另一位管理员重置；没有别的管理员，请找运维人员。")
    secret = pyotp.random_base32()
    account.totp_encrypted = field_cipher(Service.GATEWAY).encrypt(secret)
    audit.record(session, actor, "begin_second_factor", "account", account.id)
    return Enrolment(secret, pyotp.TOTP(secret).provisioning_uri(name=account.username, issuer_name="乡治"))


def confirm_enrolment(session: Session, actor: Principal, account: Account, code: str) -> None:
    """Let the secret count from now on. Raises Invalid for a wrong code."""
    if account.totp_encrypted is None:
        raise Conflict("请先扫描二维码，再输入手机上显示的 6 位数字。")
    if not take_code(session, account, code):
        sentence = "数字不对或已经过期，请输入手机上现在显示的 6 位数字，并检查手机的时间。"
        raise Invalid(sentence, errors={"code": [sentence]})
    account.totp_confirmed_at = now()
    audit.record(session, actor, "confirm_second_factor", "account", account.id)


def reset_second_factor(session: Session, actor: Principal, account: Account) -> None:
    """Take the second factor away, so that its owner sets up another one at the next login."""
    account.totp_encrypted = account.totp_confirmed_at = account.totp_last_step = None
    account.version += 1
    audit.record(session, actor, "reset_second_factor", "account", account.id)


def take_code(session: Session, account: Account, code: str) -> bool:
    """Whether `code` is right now; it is used up by this: the guard is a conditional update, so a code opens once."""
    if account.totp_encrypted is None or not code.isascii() or not code.isdigit():
        return False
    totp = pyotp.TOTP(field_cipher(Service.GATEWAY).decrypt(account.totp_encrypted))
    current = int(time.time()) // _STEP_SECONDS
    for step in range(current - _WINDOW, current + _WINDOW + 1):
        if pyotp.utils.strings_equal(totp.at(step * _STEP_SECONDS), code):
            taken = session.execute(
                update(Account)
                .where(Account.id == account.id, or_(Account.totp_last_step.is_(None), Account.totp_last_step < step))
                .values(totp_last_step=step)
                .returning(Account.id)
            )
            return taken.scalar() is not None
    return False
