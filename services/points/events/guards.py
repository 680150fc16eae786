"""Who may not review what: the own household, a declared relative's, and what one has declared oneself."""

from __future__ import annotations

from sqlalchemy import CompoundSelect, exists, select, union
from sqlalchemy.orm import Session

from shared.errors import Forbidden
from shared.identity import Principal
from shared.models.points import Event
from shared.models.registry import Kinship, Resident


def barred_households(person_id: int) -> CompoundSelect[int]:
    """The households that a person reviews nothing of: the own ones and those of declared relatives."""
    return union(
        select(Resident.household_id).where(Resident.person_id == person_id, Resident.valid_to.is_(None)),
        select(Kinship.household_id).where(Kinship.person_id == person_id),
    )


def require_impartial(session: Session, actor: Principal, event: Event) -> int:
    """Raise Forbidden where this person must not review this event; else the person's id."""
    if actor.person_id is None:
        raise Forbidden("审核要以本人账号登录，这样才能看出是谁审的。")
    if event.declared_by == actor.person_id:
        raise Forbidden("这条是您自己申报的，请由另一位同志审核。")
    require_unrelated(session, actor.person_id, event)
    return actor.person_id


def require_unrelated(session: Session, person_id: int, event: Event) -> None:
    """Raise Forbidden where the event is of the person's own household or of a declared relative's."""
    barred = barred_households(person_id).subquery()
    if session.scalar(select(exists().where(barred.c.household_id == event.household_id))):
        raise Forbidden("这是您本户或已申报亲属户的积分，按规定须由别的同志办理。")
