"""Who holds a duty today."""

from __future__ import annotations

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from shared.calendar import today
from shared.models.registry import Duty, DutyKind


def duty_holders(
    session: Session,
    township_id: int,
    kind: DutyKind,
    *,
    village_id: int | None = None,
    office_id: int | None = None,
) -> list[int]:
    """Ids of the persons who hold a duty of this kind today, in this village or office where one is named."""
    day = today()
    statement = select(Duty.person_id).where(
        Duty.township_id == township_id,
        Duty.kind == kind,
        Duty.valid_from <= day,
        or_(Duty.valid_to.is_(None), Duty.valid_to >= day),
    )
    if village_id is not None:
        statement = statement.where(Duty.village_id == village_id)
    if office_id is not None:
        statement = statement.where(Duty.office_id == office_id)
    return sorted(set(session.scalars(statement)))
