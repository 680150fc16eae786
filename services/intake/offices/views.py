"""Duties as lists show them, with names beside ids."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.intake.offices.duties import DUTY_WORDS
from shared.models.registry import Duty, DutyKind, Grid, Office, Person, Village


@dataclass(frozen=True, slots=True)
class DutyView:
    """One line."""

    id: int
    person_id: int
    person_name: str
    kind: DutyKind
    kind_words: str
    village_code: str
    village_name: str
    grid_id: int | None
    grid_name: str
    office_id: int | None
    office_name: str
    title: str
    valid_from: date
    valid_to: date | None
    version: int


def duty_views(session: Session, duties: Sequence[Duty]) -> list[DutyView]:
    """Views in the order given, with all names in one statement."""
    rows = session.execute(
        select(Duty.id, Person.name, Village.code, Village.name, Grid.name, Office.name)
        .join(Person, Person.id == Duty.person_id)
        .outerjoin(Village, Village.id == Duty.village_id)
        .outerjoin(Grid, Grid.id == Duty.grid_id)
        .outerjoin(Office, Office.id == Duty.office_id)
        .where(Duty.id.in_([duty.id for duty in duties]))
    )
    names = {duty_id: rest for duty_id, *rest in rows}
    return [
        DutyView(
            duty.id,
            duty.person_id,
            names[duty.id][0],
            duty.kind,
            duty.title or DUTY_WORDS[duty.kind],
            names[duty.id][1] or "",
            names[duty.id][2] or "",
            duty.grid_id,
            names[duty.id][3] or "",
            duty.office_id,
            names[duty.id][4] or "",
            duty.title,
            duty.valid_from,
            duty.valid_to,
            duty.version,
        )
        for duty in duties
    ]
