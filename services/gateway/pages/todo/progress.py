"""How far a township is filled in, from the registry: what there is, and which villages lack something."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import exists, func, or_, select
from sqlalchemy.orm import Session

from services.gateway.pages.place import VillageName
from shared.calendar import today
from shared.models.gateway import Account
from shared.models.registry import Duty, DutyKind, Grid, GridLevel, Household, Office, Village


@dataclass(frozen=True, slots=True)
class Progress:
    """Counts, and the villages that lack groups, a cadre who can log in, or households."""

    villages: list[VillageName]
    without_groups: list[VillageName]
    without_cadres: list[VillageName]
    without_households: list[VillageName]
    offices: int
    households: int


def progress_of(session: Session, township_id: int) -> Progress:
    """Read it in two statements."""
    day = today()
    grouped = exists().where(Grid.village_id == Village.id, Grid.level == GridLevel.GROUP)
    led = exists().where(
        Duty.village_id == Village.id,
        Duty.kind == DutyKind.CADRE,
        Duty.valid_from <= day,
        or_(Duty.valid_to.is_(None), Duty.valid_to >= day),
        Account.person_id == Duty.person_id,
        Account.disabled_at.is_(None),
    )
    inhabited = exists().where(Household.village_id == Village.id, Household.valid_to.is_(None))
    rows = session.execute(
        select(Village.code, Village.name, Village.phone, grouped, led, inhabited)
        .where(
            Village.township_id == township_id,
            Village.valid_from <= day,
            or_(Village.valid_to.is_(None), Village.valid_to > day),
        )
        .order_by(Village.code)
    ).all()
    villages = [VillageName(*row[:3]) for row in rows]
    offices = select(func.count()).select_from(Office).where(Office.township_id == township_id)
    households = (
        select(func.count())
        .select_from(Household)
        .join(Village, Village.id == Household.village_id)
        .where(Village.township_id == township_id, Household.valid_to.is_(None))
    )
    office_count, household_count = session.execute(
        select(offices.scalar_subquery(), households.scalar_subquery())
    ).one()

    def lacking(column: int) -> list[VillageName]:
        return [village for village, row in zip(villages, rows, strict=True) if not row[column]]

    return Progress(villages, lacking(3), lacking(4), lacking(5), office_count, household_count)
