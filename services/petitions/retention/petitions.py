"""Petitions past their archival period: what was said and by whom is forgotten; number, kind, days and result stay."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from datetime import timedelta

from sqlalchemy import delete, exists, insert, select, update
from sqlalchemy.orm import Session

from services.petitions.procedure.transitions import TRANSITIONS
from services.petitions.register.secrets import hide
from shared import audit
from shared.calendar import today
from shared.database.upserts import execute_counted
from shared.identity.principal import system
from shared.models.petition_kinds import State
from shared.models.petitions import Assignment, Evaluation, Party, Petition, Rewriting, Step
from shared.retention import FORGOTTEN, period_words, record_forgotten

BATCH = 200
# Where no act leads anywhere else any more.
ENDS = frozenset(
    state for state in State if all(each.to_state is state for each in TRANSITIONS if each.from_state is state)
)


def forget_old_petitions(session: Session, task: str, *, after_days: int) -> int:
    """Forget the next batch of petitions that ended, and on which nothing was done for `after_days`; how many."""
    last = today() - timedelta(days=after_days)
    due = session.execute(
        select(Petition.id, Petition.township_id)
        .where(
            Petition.forgotten_on.is_(None),
            Petition.state.in_(ENDS),
            Petition.received_on < last,
            ~exists().where(Step.petition_id == Petition.id, Step.happened_on >= last),
        )
        .order_by(Petition.id)
        .limit(BATCH)
    ).all()
    ids = [row.id for row in due]
    if ids:
        _empty(session, ids)
    for row in due:
        # Not the number: lines about sealed petitions name nothing that betrays one.
        audit.record(
            session, system(row.township_id, task), "forget_petition", "petition", row.id,
            purpose=period_words(after_days),
        )  # fmt: skip
    record_forgotten(session, task, "petitions", Counter(row.township_id for row in due), after_days=after_days)
    return len(due)


def _empty(session: Session, ids: Collection[int]) -> None:
    unsaid = {"text_encrypted": hide({"text": FORGOTTEN, "place": ""}), "official_number": None}
    session.execute(
        update(Petition)
        .where(Petition.id.in_(ids))
        .values(**unsaid, forgotten_on=today(), version=Petition.version + 1)
        .execution_options(synchronize_session=False)
    )
    # Exclusions stay: that an accusation exists must not become known afterwards.
    session.execute(delete(Party).where(Party.petition_id.in_(ids)))
    session.execute(
        update(Evaluation)
        .where(Evaluation.petition_id.in_(ids))
        .values(words_encrypted=hide({"words": "", "assisted_by": ""}))
        .execution_options(synchronize_session=False)
    )
    session.execute(insert(Rewriting).values(reason="retention"))
    session.execute(
        update(Step)
        .where(Step.petition_id.in_(ids))
        .values(details_encrypted=hide({}))
        .execution_options(synchronize_session=False)
    )
    session.execute(delete(Rewriting))


def forget_assignments(session: Session, person_ids: Collection[int]) -> int:
    """Forget that these people worked on petitions that have ended; the acts that they signed stay in the record."""
    ended = select(Petition.id).where(Petition.state.in_(ENDS))
    return execute_counted(
        session,
        delete(Assignment)
        .where(Assignment.person_id.in_(person_ids), Assignment.petition_id.in_(ended))
        .execution_options(synchronize_session=False),
    )
