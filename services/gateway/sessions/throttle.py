"""Login attempts, counted in SQL, so that every gateway process counts the same and a restart forgets nothing.

An attempt is counted and committed before anything is verified: a hundred at once are a hundred in the count.
"""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import case, delete, func, insert, select
from sqlalchemy.orm import Session

from shared.database.engine import is_sqlite
from shared.errors import TooMany
from shared.models.base import now
from shared.models.gateway import LoginAttempt
from shared.privacy import blind_index

WINDOW_SECONDS = 15 * 60
PER_SUBJECT = 5
# A village hall's people share one address.
PER_ADDRESS = 40
KEPT_HOURS = 24


def account_subject(username: str) -> str:
    """The name under which tries for a user name are counted, whether there is such an account or not."""
    return f"account:{username[:60]}"


def card_subject(card_number: str) -> str:
    """The name under which tries for a card are counted."""
    return f"card:{card_number[:60]}"


def address_subject(address: str) -> str:
    """The name under which an address is counted; the address itself is not kept."""
    return f"address:{blind_index(address, 'gateway.address')}"


def register_attempt(session: Session, subject: str, address: str) -> None:
    """Count one try for `subject` from `address`; its transaction commits before the password is looked at.

    Raises TooMany when the tries of the last 15 minutes, this one included, are more than is allowed; a refused
    try is not written, so that whoever keeps trying is let in again in the end.
    """
    since = now() - timedelta(seconds=WINDOW_SECONDS)
    place = address_subject(address)
    limits = {subject: PER_SUBJECT, place: PER_ADDRESS}
    _one_at_a_time(session, sorted(limits))
    session.execute(insert(LoginAttempt), [{"subject": name, "at": now()} for name in limits])
    counted = session.execute(
        select(LoginAttempt.subject, func.count(), func.min(LoginAttempt.at))
        .where(LoginAttempt.subject.in_(limits), LoginAttempt.at > since)
        .group_by(LoginAttempt.subject)
        .order_by(case((LoginAttempt.subject == subject, 0), else_=1))
    ).all()
    for name, count, oldest in counted:
        if count > limits[name]:
            wait = max(1, WINDOW_SECONDS - int((now() - oldest).total_seconds()))
            minutes = -(-wait // 60)
            raise TooMany(
                f"输错的次数太多，请过 {minutes} 分钟再试。忘记密码的，请联系村干部或乡镇管理员重置。",
                retry_after=wait,
            )


def _one_at_a_time(session: Session, names: list[str]) -> None:
    """Let tries for the same account, card or address count one after the other.

    On SQLite there is one writer anyhow. On PostgreSQL they would not see each other's rows before the commit, and a
    burst would pass; locked in one order, so that two never wait for each other.
    """
    if is_sqlite(session):
        return
    for name in names:
        session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(name, 0))))


def forgive(session: Session, subject: str, address: str) -> None:
    """A login has succeeded: its subject's tries no longer count, and one of the address's is taken back."""
    forget_attempts(session, subject)
    latest = select(func.max(LoginAttempt.id)).where(LoginAttempt.subject == address_subject(address)).scalar_subquery()
    session.execute(delete(LoginAttempt).where(LoginAttempt.id == latest))


def forget_attempts(session: Session, subject: str) -> None:
    """The tries for an account or card count no more: it was given a new password or PIN."""
    session.execute(delete(LoginAttempt).where(LoginAttempt.subject == subject))


def forget_old_attempts(session: Session) -> int:
    """Delete tries that count no more; the number."""
    done = session.execute(delete(LoginAttempt).where(LoginAttempt.at < now() - timedelta(hours=KEPT_HOURS)))
    return int(done.rowcount)  # type: ignore[attr-defined]
