"""Tries to log in: per account or card, and per address."""

from __future__ import annotations

from sqlalchemy.orm import Session

from services.gateway.limits.attempts import address_subject, forget_attempts, register_attempt, take_back_attempt
from shared.settings import settings

WINDOW_SECONDS = 15 * 60
PER_SUBJECT = 5
# A village hall's people share one address; only wrong tries stay counted. `XZ_LIMIT_FACTOR` above 1 raises it, up to
# tenfold, where a whole county comes by one address of its phone company; no account's or card's own limit moves.
PER_ADDRESS = 40
_MOST_TIMES = 10.0
_REFUSAL = "输错的次数太多，请过 {minutes} 分钟再试。忘记密码的，请联系村干部或乡镇管理员重置。"


def account_subject(username: str) -> str:
    """The name under which tries for a user name are counted, whether there is such an account or not."""
    return f"account:{username[:60]}"


def card_subject(card_number: str) -> str:
    """The name under which tries for a card are counted."""
    return f"card:{card_number[:60]}"


def register_try(session: Session, subject: str, address: str | None) -> None:
    """Count one try for `subject` from `address`; its transaction commits before the password is looked at.

    Without an address for who is logged in already. Raises TooMany when there were too many in the last 15 minutes,
    this one included.
    """
    limits = {subject: PER_SUBJECT}
    if address is not None:
        limits[address_subject(address)] = tries_of_address()
    register_attempt(session, limits, seconds=WINDOW_SECONDS, refusal=_REFUSAL)


def tries_of_address() -> int:
    """How many wrong tries one address has in 15 minutes."""
    return round(PER_ADDRESS * min(max(settings().limit_factor, 1.0), _MOST_TIMES))


def forgive(session: Session, subject: str, address: str | None) -> None:
    """The password was right: its subject's tries no longer count, and one of the address's is taken back."""
    forget_attempts(session, subject)
    if address is not None:
        take_back_attempt(session, address_subject(address))
