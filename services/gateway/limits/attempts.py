"""Attempts, counted in SQL, so that every gateway process counts the same and a restart forgets nothing.

An attempt is counted and committed before anything is looked at or passed on: a hundred at once are a hundred in the
count. Redis has no part in it: flushing it lets nobody in.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Session

from services.gateway.limits.addresses import group_of
from shared.database.engine import is_sqlite
from shared.database.upserts import execute_counted
from shared.errors import TooMany
from shared.metrics import THROTTLES
from shared.models.base import now
from shared.models.gateway import LoginAttempt
from shared.privacy import blind_index

KEPT_HOURS = 24
"""No window is longer."""


def address_subject(address: str) -> str:
    """The name under which an address is counted; the address itself is not kept."""
    return f"address:{blind_index(group_of(address), 'gateway.address')[:32]}"


def register_attempt(session: Session, limits: Mapping[str, int], *, seconds: int, refusal: str) -> None:
    """Count one attempt for each subject of `limits`; its transaction commits before the attempt is looked at.

    Raises TooMany with `refusal`, whose `{minutes}` says how long to wait, when a subject's attempts of the last
    `seconds`, this one included, are more than its limit. A refused one is not written, so that whoever keeps trying
    is let in again in the end.
    """
    _one_at_a_time(session, sorted(limits))
    present = now()
    session.execute(insert(LoginAttempt), [{"subject": name, "at": present} for name in limits])
    counted = session.execute(
        select(LoginAttempt.subject, func.count(), func.min(LoginAttempt.at))
        .where(LoginAttempt.subject.in_(limits), LoginAttempt.at > present - timedelta(seconds=seconds))
        .group_by(LoginAttempt.subject)
    ).all()
    beyond = {name: oldest for name, count, oldest in counted if count > limits[name]}
    if beyond:
        for name in beyond:
            THROTTLES.labels(_kind_of(name)).inc()
        waits = [max(1, seconds - int((present - oldest).total_seconds())) for oldest in beyond.values()]
        raise TooMany(refusal.format(minutes=-(-max(waits) // 60)), retry_after=max(waits))


def _kind_of(subject: str) -> str:
    """`account`, `card`, `address`, or the act: what stands before whoever it was."""
    return subject.partition(":")[0]


def _one_at_a_time(session: Session, names: list[str]) -> None:
    """Let attempts of the same account, card, login or address count one after the other.

    On SQLite there is one writer anyhow. On PostgreSQL they would not see each other's rows before the commit, and a
    burst would pass; locked in one order, so that two never wait for each other.
    """
    if is_sqlite(session):
        return
    for name in names:
        session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(name, 0))))


def forget_attempts(session: Session, subject: str) -> None:
    """The attempts of a subject count no more."""
    session.execute(delete(LoginAttempt).where(LoginAttempt.subject == subject))


def take_back_attempt(session: Session, subject: str) -> None:
    """The latest attempt of a subject counts no more."""
    latest = select(func.max(LoginAttempt.id)).where(LoginAttempt.subject == subject).scalar_subquery()
    session.execute(delete(LoginAttempt).where(LoginAttempt.id == latest))


def forget_old_attempts(session: Session) -> int:
    """Delete attempts that count no more; the number."""
    return execute_counted(session, delete(LoginAttempt).where(LoginAttempt.at < now() - timedelta(hours=KEPT_HOURS)))
