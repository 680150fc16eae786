"""People 人员: registered for a duty without living in a household here, and found among all of the township."""

from __future__ import annotations

from sqlalchemy import Select, exists, insert, select
from sqlalchemy.orm import Session

from services.intake.households.people import NewPerson, person_values
from services.intake.households.people_search import person_matches
from services.intake.people.changes import require_unknown_number, update_person
from shared import audit
from shared.errors import NotFound
from shared.identity import Principal
from shared.models.registry import Duty, Person
from shared.privacy import clean_query


def search_people(actor: Principal, *, query: str = "", officials: bool = False) -> Select[Person]:
    """The township's people by name, pinyin, initials or phone tail, in no order yet.

    `officials` leaves only those who hold or held a duty.
    """
    statement = select(Person).where(Person.township_id == actor.township_id, Person.forgotten_on.is_(None))
    if officials:
        statement = statement.where(exists().where(Duty.person_id == Person.id))
    if cleaned := clean_query(query):
        statement = statement.where(person_matches(cleaned))
    return statement


def person_by_id(session: Session, actor: Principal, person_id: int) -> Person:
    """Raises NotFound, also for another township's."""
    person = session.get(Person, person_id)
    if person is None or person.township_id != actor.township_id:
        raise NotFound("没有这个人，请在人员里重新查找。")
    return person


def register_person(session: Session, actor: Principal, new: NewPerson) -> Person:
    """Somebody who is to hold a duty and is no resident. Raises Conflict for a number that is registered already."""
    require_unknown_number(session, actor.township_id, new.identity_number)
    person_id = session.scalars(insert(Person).returning(Person.id), person_values(actor.township_id, [new])).one()
    audit.record(session, actor, "register_person", "person", person_id)
    return session.get_one(Person, person_id)


def change_person_of_township(
    session: Session,
    actor: Principal,
    person: Person,
    version: int,
    *,
    name: str | None = None,
    phone: str | None = None,
    identity_number: str | None = None,
) -> Person:
    """Change what is given; the household of a head shows the new name at once. Raises Stale, Invalid, Conflict."""
    written = update_person(session, person, version, name=name, phone=phone, identity_number=identity_number)
    audit.record(session, actor, "change_person", "person", person.id, details={"fields": written})
    return person
