"""Photos and scans of events: they go when their time is over; what they proved was reviewed long ago and stays."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from datetime import timedelta

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from shared.calendar import today
from shared.files import forget_file
from shared.models.points import Event
from shared.models.registry import Village

BATCH = 1000


def forget_old_evidence(session: Session, *, after_days: int) -> Counter[int]:
    """Forget the next batch of photos and scans whose newest event is older than `after_days`; files by township."""
    last = today() - timedelta(days=after_days)
    due = session.execute(
        select(Event.evidence_file, func.min(Village.township_id).label("township_id"))
        .join(Village, Village.id == Event.village_id)
        .where(Event.evidence_file.is_not(None))
        .group_by(Event.evidence_file)
        .having(func.max(Event.occurred_on) < last)
        .order_by(Event.evidence_file)
        .limit(BATCH)
    ).all()
    files = [row.evidence_file for row in due]
    session.execute(
        update(Event)
        .where(Event.evidence_file.in_(files))
        .values(evidence_file=None)
        .execution_options(synchronize_session=False)
    )
    forget_unshown(session, files)
    return Counter(row.township_id for row in due)


def forget_unshown(session: Session, files: Collection[str]) -> None:
    """Delete the files that no event shows any more: one photo may show the work of several households."""
    shown = set(session.scalars(select(Event.evidence_file).where(Event.evidence_file.in_(files)).distinct()))
    for sha256 in files:
        if sha256 not in shown:
            forget_file(session, sha256)
