"""Who works for the township, from the registry: for choices in forms, and for what stands beside a name."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from shared.calendar import today
from shared.models.registry import Duty, Office, Person, Village

Option = tuple[str, str]


def officials_of(session: Session, township_id: int) -> list[Option]:
    """Everybody with a duty today, by the sound of their names: id, and the name with one place or title."""
    day = today()
    rows = session.execute(
        select(Person.id, Person.name, Village.name, Duty.title)
        .join(Duty, Duty.person_id == Person.id)
        .outerjoin(Village, Village.id == Duty.village_id)
        .where(
            Duty.township_id == township_id,
            Duty.valid_from <= day,
            or_(Duty.valid_to.is_(None), Duty.valid_to >= day),
        )
        .order_by(Person.pinyin, Person.id, Duty.id)
    )
    named: dict[str, str] = {}
    for person_id, name, village, title in rows:
        named.setdefault(str(person_id), " ".join(part for part in (name, village, title) if part))
    return list(named.items())


def head_of_office(session: Session, township_id: int, office_id: int) -> int | None:
    """The person who heads an office; its public answer never says it."""
    return session.scalar(select(Office.head_id).where(Office.id == office_id, Office.township_id == township_id))


def names_of(session: Session, township_id: int, person_ids: Sequence[int]) -> dict[int, str]:
    """Names by id."""
    people = select(Person.id, Person.name).where(Person.township_id == township_id, Person.id.in_(person_ids))
    return {row.id: row.name for row in session.execute(people)}
