"""People whom the registry knows already, by identity number: nobody is registered twice or lives in two households."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.intake.households.people import identity_index
from services.intake.households.registration import NewResident
from shared.errors import Invalid
from shared.models.registry import Household, Person, Resident

_TWICE = "这个身份证号在这一户里填了两次，请核对。"


def with_known_people(session: Session, township_id: int, residents: Sequence[NewResident]) -> list[NewResident]:
    """The residents with the ids of those whom the registry knows, such as someone who has moved out elsewhere.

    Raises Invalid at `residents.N.identity_number` for a number of another name, one that is given twice, and one
    whose person belongs to a household now.
    """
    indexes = [
        identity_index(each.person.identity_number) if each.person.identity_number else None for each in residents
    ]
    known = {
        row.identity_index: row
        for row in session.execute(
            select(Person.id, Person.name, Person.identity_index, Household.head_name)
            .outerjoin(Resident, (Resident.person_id == Person.id) & Resident.valid_to.is_(None))
            .outerjoin(Household, Household.id == Resident.household_id)
            .where(Person.township_id == township_id, Person.identity_index.in_([each for each in indexes if each]))
        )
    }
    errors: dict[str, list[str]] = {}
    found = list(residents)
    for position, (resident, index) in enumerate(zip(residents, indexes, strict=True)):
        row = known.get(index) if index else None
        sentence = ""
        if index and index in indexes[:position]:
            sentence = _TWICE
        elif row is not None and row.name != resident.person.name:
            sentence = f"这个身份证号登记的姓名是“{row.name}”，和填写的不一样，请核对。"
        elif row is not None and row.head_name is not None:
            sentence = f"“{row.name}”现在登记在{row.head_name}户。请先在那一户里办迁出。"
        elif row is not None:
            found[position] = replace(resident, person_id=row.id)
        if sentence:
            errors[f"residents.{position}.identity_number"] = [sentence]
    if errors:
        raise Invalid(" ".join(sentences[0] for sentences in errors.values()), errors=errors)
    return found
