"""People as lists show them: where they live, and what they are responsible for today."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.intake.offices.duties import list_duties
from services.intake.offices.views import DutyView, duty_views
from services.intake.people.masks import masked_identity, masked_phone
from shared.calendar import today
from shared.models.registry import Duty, Household, Person, Resident, Village


@dataclass(frozen=True, slots=True)
class PersonView:
    """One person, numbers by their tails; household fields are empty for somebody who lives in none."""

    id: int
    name: str
    birth_year: int | None
    identity_masked: str
    phone_masked: str
    household_id: int | None
    head_name: str
    village_name: str
    duties: tuple[DutyView, ...]
    # Since then the personal data is deleted.
    forgotten_on: date | None
    version: int


def person_views(session: Session, township_id: int, people: Sequence[Person]) -> list[PersonView]:
    """Views in the order given, with one statement for homes and two for duties."""
    ids = [person.id for person in people]
    homes = {
        row.person_id: row
        for row in session.execute(
            select(Resident.person_id, Household.id, Household.head_name, Village.name.label("village"))
            .join(Household, Household.id == Resident.household_id)
            .join(Village, Village.id == Household.village_id)
            .where(Resident.person_id.in_(ids), Resident.valid_to.is_(None))
        )
    }
    held = session.scalars(
        list_duties(township_id, day=today()).where(Duty.person_id.in_(ids)).order_by(Duty.id)
    ).all()  # fmt: skip
    duties: dict[int, list[DutyView]] = defaultdict(list)
    for duty in duty_views(session, held):
        duties[duty.person_id].append(duty)
    return [
        PersonView(
            id=person.id,
            name=person.name,
            birth_year=person.birth_year,
            identity_masked=masked_identity(person.identity_encrypted),
            phone_masked=masked_phone(person.phone_encrypted),
            household_id=home.id if home else None,
            head_name=home.head_name if home else "",
            village_name=home.village if home else "",
            duties=tuple(duties[person.id]),
            forgotten_on=person.forgotten_on,
            version=person.version,
        )
        for person in people
        for home in [homes.get(person.id)]
    ]
