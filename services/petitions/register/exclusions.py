"""People and offices to whom a petition must not exist: the complained-of, and those who recuse."""

from __future__ import annotations

from datetime import date

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from services.petitions.register.duties import holds
from services.petitions.register.secrets import reveal
from shared.calendar import today
from shared.models.petition_kinds import Category, ExclusionReason, PartyKind
from shared.models.petitions import Exclusion, Party, Petition
from shared.models.registry import Duty, Office, Person

_SHORTEST_NAME = 2


def exclude_named(session: Session, petition: Petition, words: str) -> None:
    """Exclude every official and office of the township whose name stands in `words`.

    A name that stands there by chance excludes one person too many; the other error would show an accusation to
    the accused.
    """
    people = session.execute(
        select(Person.id, Person.name)
        .where(Person.township_id == petition.township_id)
        .where(Person.id.in_(select(Duty.person_id).where(Duty.township_id == petition.township_id, holds(today()))))
    )
    offices = [
        (office.id, office.head_id)
        for office in session.scalars(select(Office).where(Office.township_id == petition.township_id))
        if _stands_in(office.name, words)
    ]
    known = set(
        session.execute(select(Exclusion.person_id, Exclusion.office_id).where(Exclusion.petition_id == petition.id))
    )
    found: set[tuple[int | None, int | None]] = {(person, None) for person, name in people if _stands_in(name, words)}
    found |= {(None, office) for office, _ in offices} | {(head, None) for _, head in offices if head is not None}
    session.add_all(
        Exclusion(petition_id=petition.id, person_id=person, office_id=office, reason=ExclusionReason.COMPLAINED_OF)
        for person, office in sorted(found - known, key=str)
    )
    session.flush()


def exclude_mentioned(session: Session, petition: Petition) -> None:
    """Exclude whoever is complained of; where nobody said who, whoever's name stands in the text of an accusation."""
    accused = select(Party.details_encrypted).where(Party.petition_id == petition.id, Party.kind == PartyKind.ACCUSED)
    words = [str(reveal(stored)["name"]) for stored in session.scalars(accused)]
    if not words and petition.category is Category.ACCUSATION:
        words = [str(reveal(petition.text_encrypted)["text"])]
    if words:
        exclude_named(session, petition, "\n".join(words))


def is_excluded(session: Session, petition_id: int, person_id: int, on: date) -> bool:
    """Whether the petition must not exist for this person, by name or by an office that they work for."""
    offices = select(Duty.office_id).where(Duty.person_id == person_id, Duty.office_id.is_not(None), holds(on))
    statement = select(Exclusion.id).where(
        Exclusion.petition_id == petition_id,
        or_(Exclusion.person_id == person_id, Exclusion.office_id.in_(offices)),
    )
    return session.scalars(statement.limit(1)).first() is not None


def _stands_in(name: str, words: str) -> bool:
    return len(name) >= _SHORTEST_NAME and name in words
