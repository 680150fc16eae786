"""Demands: who asked and what was said is forgotten in time; category, days and state stay for the counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, func, or_, select, update
from sqlalchemy.orm import Session

from shared import audit
from shared.calendar import today
from shared.identity.principal import system
from shared.models.intake import Demand, DemandStep
from shared.models.intake_kinds import DemandState
from shared.models.registry import Person, Resident
from shared.retention import FORGOTTEN, period_words, record_forgotten

BATCH = 500
_ENDED = (DemandState.CLOSED, DemandState.WITHDRAWN)
_NOBODY: dict[str, Any] = {"reporter_name": "", "phone_encrypted": None, "phone_tail": "", "household_id": None}
_NOTHING: dict[str, Any] = {**_NOBODY, "text": FORGOTTEN, "place": "", "public_answer": "", "private_answer": ""}


def forget_closed_demands(session: Session, task: str, *, after_days: int) -> int:
    """Forget the next batch of demands that were closed or withdrawn more than `after_days` ago; how many."""
    last = today() - timedelta(days=after_days)
    ended_before = func.coalesce(Demand.closed_on, Demand.received_on) < last
    due = _ended(session, ended_before, limit=BATCH)
    _forget(session, [row.id for row in due])
    for row in due:
        audit.record(
            session, system(row.township_id, task), "forget_demand", "demand", row.number,
            village_id=row.village_id, purpose=period_words(after_days),
        )  # fmt: skip
    record_forgotten(session, task, "demands", Counter(row.township_id for row in due), after_days=after_days)
    return len(due)


def forget_demands_of(session: Session, person_ids: Collection[int], household_ids: Collection[int]) -> int:
    """Forget what these people asked for, by name in a household of theirs, and what these households did; how many.

    Called while the registry still knows the names. Demands that are still open go on without a reporter.
    """
    theirs = or_(_asked_by(person_ids), Demand.household_id.in_(household_ids))
    ended = [row.id for row in _ended(session, theirs)]
    _forget(session, ended)
    still_open = list(session.scalars(select(Demand.id).where(theirs, Demand.forgotten_on.is_(None))))
    session.execute(
        update(Demand)
        .where(Demand.id.in_(still_open))
        .values(**_NOBODY, version=Demand.version + 1)
        .execution_options(synchronize_session=False)
    )
    session.execute(
        update(DemandStep)
        .where(DemandStep.person_id.in_(person_ids), DemandStep.actor_name != "")
        .values(actor_name="")
        .execution_options(synchronize_session=False)
    )
    return len(ended) + len(still_open)


def _asked_by(person_ids: Collection[int]) -> ColumnElement[bool]:
    return (
        select(Resident.id)
        .join(Person, Person.id == Resident.person_id)
        .where(
            Person.id.in_(person_ids),
            Resident.household_id == Demand.household_id,
            Person.name == Demand.reporter_name,
        )
        .exists()
    )


def _ended(session: Session, which: ColumnElement[bool], *, limit: int | None = None) -> list[Row[Any]]:
    # One that became a petition has left nothing here.
    kept = and_(Demand.forgotten_on.is_(None), Demand.converted_on.is_(None))
    return list(
        session.execute(
            select(Demand.id, Demand.township_id, Demand.village_id, Demand.number)
            .where(kept, Demand.state.in_(_ENDED), which)
            .order_by(Demand.id)
            .limit(limit)
        )
    )


def _forget(session: Session, ids: Collection[int]) -> None:
    session.execute(
        update(Demand)
        .where(Demand.id.in_(ids))
        .values(**_NOTHING, forgotten_on=today(), version=Demand.version + 1)
        .execution_options(synchronize_session=False)
    )
    session.execute(
        update(DemandStep)
        .where(DemandStep.demand_id.in_(ids))
        .values(note="", actor_name="")
        .execution_options(synchronize_session=False)
    )
