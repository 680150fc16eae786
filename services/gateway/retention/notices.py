"""Notices and contacts that have served their time."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

from sqlalchemy import delete, exists, select, update
from sqlalchemy.orm import Session

from shared.models.base import now
from shared.models.gateway import Notice, NoticeSource, Opinion

BATCH = 1000


def forget_old_notices(session: Session, *, after_days: int) -> Counter[int]:
    """Delete the next batch of notices older than `after_days`, read or not; how many by township."""
    rows = session.execute(
        select(Notice.id, Notice.source, Notice.township_id)
        .where(Notice.created_at < now() - timedelta(days=after_days))
        .order_by(Notice.id)
        .limit(BATCH)
    ).all()
    session.execute(
        delete(Notice).where(Notice.id.in_([row.id for row in rows])).execution_options(synchronize_session=False)
    )
    # What a notice told of is remembered as long as anybody has it.
    session.execute(
        delete(NoticeSource)
        .where(
            NoticeSource.source.in_({row.source for row in rows}),
            ~exists().where(Notice.source == NoticeSource.source),
        )
        .execution_options(synchronize_session=False)
    )
    return Counter(row.township_id for row in rows)


def forget_contacts(session: Session, *, after_days: int) -> Counter[int]:
    """Forget how the senders of the next batch of opinions answered more than `after_days` ago can be reached."""
    rows = session.execute(
        select(Opinion.id, Opinion.township_id)
        .where(Opinion.contact_encrypted.is_not(None), Opinion.answered_at < now() - timedelta(days=after_days))
        .order_by(Opinion.id)
        .limit(BATCH)
    ).all()
    session.execute(
        update(Opinion)
        .where(Opinion.id.in_([row.id for row in rows]))
        .values(contact_encrypted=None)
        .execution_options(synchronize_session=False)
    )
    return Counter(row.township_id for row in rows)
