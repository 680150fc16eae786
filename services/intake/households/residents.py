"""Residents 户内成员: who belongs to a household, and since when."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from services.intake.households.heads import change_relation
from services.intake.households.people import NewPerson, identity_index, person_values
from services.intake.households.registration import HEAD
from services.intake.people.changes import update_person
from services.intake.people.masks import masked_identity, masked_phone
from services.intake.roles import CARE_READERS, REGISTRY_WRITERS
from shared import audit
from shared.calendar import today
from shared.errors import Conflict, Invalid, NotFound
from shared.identity import Principal
from shared.models.registry import Household, Person, Resident
from shared.privacy import parse_identity_number


@dataclass(frozen=True, slots=True)
class ResidentView:
    """One resident as inner lists show it: numbers by their tails, care labels only where they are needed."""

    id: int
    person_id: int
    name: str
    relation: str
    birth_year: int | None
    identity_masked: str
    phone_masked: str
    care_labels: Sequence[str]
    valid_from: date
    version: int


def residents_of(session: Session, actor: Principal, household: Household) -> list[ResidentView]:
    """The present residents, the head first."""
    sees_care = actor.may_in(household.village_id, *CARE_READERS)
    rows = session.execute(
        select(Resident, Person)
        .join(Person, Person.id == Resident.person_id)
        .where(Resident.household_id == household.id, Resident.valid_to.is_(None))
        .order_by(Resident.id)
    ).all()
    views = [_view(resident, person, sees_care) for resident, person in rows]
    return sorted(views, key=lambda view: (view.relation != HEAD, view.id))


def _view(resident: Resident, person: Person, sees_care: bool) -> ResidentView:
    return ResidentView(
        id=resident.id,
        person_id=person.id,
        name=person.name,
        relation=resident.relation,
        birth_year=person.birth_year,
        identity_masked=masked_identity(person.identity_encrypted),
        phone_masked=masked_phone(person.phone_encrypted),
        care_labels=json.loads(person.care_labels) if sees_care else (),
        valid_from=resident.valid_from,
        version=person.version,
    )


def add_resident(session: Session, actor: Principal, household: Household, person: NewPerson, relation: str) -> int:
    """A new resident, or a known person (by identity number) who belongs to no household now. The person's id.

    Raises Conflict for someone who belongs to another household, Invalid for a second head.
    """
    actor.require_in(household.village_id, *REGISTRY_WRITERS)
    if household.valid_to is not None:
        raise Conflict("这一户已经注销，不能再添加成员。")
    if relation == HEAD:
        raise Invalid(
            "这一户已有户主。如需变更，请先添加这位成员，再更换户主。", errors={"relation": ["这一户已有户主。"]}
        )
    person_id = _known_person(session, actor.township_id, person.identity_number)
    if person_id is None:
        values = person_values(actor.township_id, [person])
        person_id = session.scalars(insert(Person).values(values).returning(Person.id)).one()
    elif session.scalar(select(Resident.id).where(Resident.person_id == person_id, Resident.valid_to.is_(None))):
        raise Conflict("这个人已登记在另一户。请先在原来的户里迁出，再添加到这一户。")
    session.add(Resident(person_id=person_id, household_id=household.id, relation=relation, valid_from=today()))
    session.flush()
    audit.record(session, actor, "add_resident", "person", person_id, village_id=household.village_id)
    return person_id


def change_person(
    session: Session,
    actor: Principal,
    household: Household,
    person_id: int,
    version: int,
    *,
    name: str | None = None,
    phone: str | None = None,
    identity_number: str | None = None,
    care_labels: Sequence[str] | None = None,
    relation: str | None = None,
) -> Person:
    """Change what is given; an empty phone or number takes it away. Raises Stale, Invalid, Conflict, NotFound."""
    actor.require_in(household.village_id, *REGISTRY_WRITERS)
    person, resident = _member(session, household, person_id)
    columns = {}
    if care_labels is not None:
        columns["care_labels"] = json.dumps(list(care_labels), ensure_ascii=False)
    written = update_person(
        session, person, version, name=name, phone=phone, identity_number=identity_number, **columns
    )  # fmt: skip
    if relation is not None:
        change_relation(session, resident, relation)
        written.append("relation")
    audit.record(
        session, actor, "change_person", "person", person_id,
        village_id=household.village_id, details={"fields": written},
    )  # fmt: skip
    return person


def move_out(session: Session, actor: Principal, household: Household, person_id: int, last_day: date) -> None:
    """The person belongs to the household until `last_day`. Raises Conflict for the head, who is replaced first."""
    actor.require_in(household.village_id, *REGISTRY_WRITERS)
    _, resident = _member(session, household, person_id)
    if resident.relation == HEAD:
        raise Conflict("户主不能直接迁出。请先更换户主，或注销这一户。")
    if last_day < resident.valid_from:
        raise Invalid("迁出日期不能早于迁入日期。", errors={"last_day": ["迁出日期不能早于迁入日期。"]})
    resident.valid_to = last_day
    session.flush()
    audit.record(session, actor, "move_out", "person", person_id, village_id=household.village_id)


def _member(session: Session, household: Household, person_id: int) -> tuple[Person, Resident]:
    row = session.execute(
        select(Person, Resident)
        .join(Resident, Resident.person_id == Person.id)
        .where(Person.id == person_id, Resident.household_id == household.id, Resident.valid_to.is_(None))
    ).one_or_none()
    if row is None:
        raise NotFound("这一户里没有这个人。")
    return row[0], row[1]


def _known_person(session: Session, township_id: int, identity_number: str) -> int | None:
    if not identity_number:
        return None
    index = identity_index(parse_identity_number(identity_number).number)
    return session.scalar(select(Person.id).where(Person.township_id == township_id, Person.identity_index == index))
