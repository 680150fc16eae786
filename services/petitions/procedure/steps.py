"""The history of a petition: appended to, never changed (triggers in the database refuse it)."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from services.petitions.register.secrets import hide
from shared.identity import Principal
from shared.models.petition_kinds import State
from shared.models.petitions import Petition, Step


def record_step(
    session: Session,
    actor: Principal,
    petition: Petition,
    action: str,
    before: State | None,
    on: date,
    details: dict[str, Any],
) -> Step:
    """Append an act that led from `before` to the petition's present state."""
    step = Step(
        petition_id=petition.id,
        action=action,
        from_state=before,
        to_state=petition.state,
        happened_on=on,
        person_id=actor.person_id,
        actor=actor.actor,
        actor_name=actor.name,
        details_encrypted=hide(details),
    )
    session.add(step)
    session.flush()
    return step


def steps_of(session: Session, petition: Petition) -> list[Step]:
    """The history in the order of recording."""
    return list(session.scalars(select(Step).where(Step.petition_id == petition.id).order_by(Step.id)))


def latest_day(session: Session, petition: Petition) -> date:
    """The day of the last act, on which the next one may lie at the earliest."""
    latest = session.scalar(select(func.max(Step.happened_on)).where(Step.petition_id == petition.id))
    return max(petition.received_on, latest or petition.received_on)
