"""Finding a person among the present residents."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, or_, select
from sqlalchemy.orm import Session

from services.intake.households.scope import household_visible
from services.intake.households.search import escape_like
from services.intake.people.masks import masked_phone
from services.intake.roles import MEMBER_READERS
from shared.identity import Principal
from shared.models.registry import Household, Person, Resident, Village
from shared.privacy import clean_query


@dataclass(frozen=True, slots=True)
class ResidentLine:
    """One person with the household, numbers by their tails."""

    id: int
    person_id: int
    name: str
    relation: str
    birth_year: int | None
    phone_masked: str
    household_id: int
    head_name: str
    village_code: str
    village_name: str


def search_residents(actor: Principal, *, query: str = "", village: str | None = None) -> Select[Resident]:
    """Present memberships in the households that this person may look into, in no order yet."""
    households = select(Household.id).where(household_visible(actor, *MEMBER_READERS))
    if village:
        households = households.where(
            Household.village_id.in_(
                select(Village.id).where(Village.code == village, Village.township_id == actor.township_id)
            )
        )
    statement = select(Resident).where(Resident.valid_to.is_(None), Resident.household_id.in_(households))
    if cleaned := clean_query(query):
        people = select(Person.id).where(Person.township_id == actor.township_id, person_matches(cleaned))
        statement = statement.where(Resident.person_id.in_(people))
    return statement


def resident_lines(session: Session, residents: Sequence[Resident]) -> list[ResidentLine]:
    """Lines in the order given, in one statement."""
    rows = session.execute(
        select(Resident, Person, Household, Village)
        .join(Person, Person.id == Resident.person_id)
        .join(Household, Household.id == Resident.household_id)
        .join(Village, Village.id == Household.village_id)
        .where(Resident.id.in_([resident.id for resident in residents]))
    )
    lines = {
        resident.id: ResidentLine(
            resident.id,
            person.id,
            person.name,
            resident.relation,
            person.birth_year,
            masked_phone(person.phone_encrypted),
            household.id,
            household.head_name,
            village.code,
            village.name,
        )
        for resident, person, household, village in rows
    }
    return [lines[resident.id] for resident in residents]


def person_matches(query: str) -> ColumnElement[bool]:
    """A condition on `Person`: a cleaned query is a name, pinyin, initials, or digits that end a phone."""
    pattern = escape_like(query)
    if query.isascii() and query.isdigit():
        return Person.phone_tail == query[-4:]
    if query.isascii():
        return or_(Person.pinyin.like(f"{pattern}%", escape="\\"), Person.initials.like(f"{pattern}%", escape="\\"))
    return Person.name.like(f"%{pattern}%", escape="\\")
