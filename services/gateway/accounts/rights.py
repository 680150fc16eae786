"""What a person may do today: the duties valid today, and the household that the person lives in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from shared.identity import Grant, Role
from shared.models.registry import VILLAGE_DUTIES, Duty, Household, Resident


@dataclass(frozen=True, slots=True)
class Rights:
    """Grants, and the household for questions of one's own and for conflicts of interest."""

    grants: tuple[Grant, ...]
    household_id: int | None

    @property
    def any(self) -> bool:
        """Whether there is anything to log in for."""
        return bool(self.grants)


def rights_of(session: Session, person_id: int, on: date) -> Rights:
    """The rights of a person on a day. Someone without a duty is a resident of the household, if of any.

    Officials are not residents at the same time, so that each page knows which of the two they come as; their
    own household opens with its card, as everybody's.
    """
    duties = session.execute(
        select(Duty.kind, Duty.village_id, Duty.grid_id, Duty.office_id)
        .where(
            Duty.person_id == person_id,
            Duty.valid_from <= on,
            or_(Duty.valid_to.is_(None), Duty.valid_to >= on),
        )
        .order_by(Duty.id)
    ).all()
    home = session.execute(
        select(Household.id, Household.village_id)
        .join(Resident, Resident.household_id == Household.id)
        .where(
            Resident.person_id == person_id,
            Resident.valid_from <= on,
            or_(Resident.valid_to.is_(None), Resident.valid_to >= on),
        )
        .order_by(Resident.id.desc())
        .limit(1)
    ).first()
    grants = tuple(
        Grant(Role(kind.value), village_id if kind in VILLAGE_DUTIES else None, grid_id, office_id)
        for kind, village_id, grid_id, office_id in duties
    )
    if not grants and home is not None:
        grants = (Grant(Role.RESIDENT, home.village_id),)
    return Rights(grants, home.id if home is not None else None)
