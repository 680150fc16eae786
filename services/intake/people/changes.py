"""Changing what is stored of a person, whoever it is."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from services.intake.households.people import checked_person, identity_fields, identity_index, phone_fields
from services.intake.households.registration import HEAD
from shared.database.upserts import execute_counted
from shared.errors import Conflict, Stale
from shared.models.registry import Household, Person, Resident


def update_person(
    session: Session,
    person: Person,
    version: int,
    *,
    name: str | None = None,
    phone: str | None = None,
    identity_number: str | None = None,
    **columns: Any,
) -> list[str]:
    """Change what is given, and further `columns` as they are; an empty phone or number takes it away.

    Returns the columns that were written, for the audit log. Raises Invalid at the fields, Conflict for a number of
    somebody else's or for somebody who is forgotten, Stale.
    """
    if person.forgotten_on is not None:
        raise Conflict("这个人的个人信息已经删除，不能再改。又回来的，请重新登记。")
    read = checked_person(
        {"name": person.name if name is None else name, "phone": phone or "", "identity_number": identity_number or ""}
    )
    values = dict(columns)
    if name is not None:
        full, initials = read.pinyin
        values |= {"name": read.name, "pinyin": full, "initials": initials}
    if phone is not None:
        values |= phone_fields(read.phone)
    if identity_number is not None:
        values |= identity_fields(read.identity_number)
        require_unknown_number(session, person.township_id, read.identity_number, except_for=person.id)
    statement = update(Person).where(Person.id == person.id, Person.version == version)
    if execute_counted(session, statement.values(**values, version=version + 1)) != 1:
        raise Stale("您打开之后，这个人的资料已被别人改过。请刷新后再改。")
    session.refresh(person)
    if name is not None:
        _rename_as_head(session, person)
    return sorted(values)


def require_unknown_number(
    session: Session, township_id: int, identity_number: str, *, except_for: int | None = None
) -> None:
    """Raises Conflict at the field when this checked number is registered for somebody else."""
    if not identity_number:
        return
    known = session.execute(
        select(Person.id, Person.name).where(
            Person.township_id == township_id, Person.identity_index == identity_index(identity_number)
        )
    ).first()
    if known is not None and known.id != except_for:
        sentence = f"这个身份证号已登记在“{known.name}”名下，请核对。"
        raise Conflict(sentence, errors={"identity_number": [sentence]})


def _rename_as_head(session: Session, person: Person) -> None:
    """Lists show the head's name from the household itself."""
    led = select(Resident.household_id).where(
        Resident.person_id == person.id, Resident.relation == HEAD, Resident.valid_to.is_(None)
    )
    session.execute(
        update(Household)
        .where(Household.id.in_(led))
        .values(
            head_name=person.name,
            head_pinyin=person.pinyin,
            head_initials=person.initials,
            version=Household.version + 1,
        )
    )
