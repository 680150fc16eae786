"""People and offices to whom a petition must not exist: the complained-of, and those who recuse."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Select, and_, func, literal, or_, select
from sqlalchemy.orm import Session

from services.petitions.register.duties import holds
from services.petitions.register.secrets import reveal
from shared.models.petition_kinds import Category, ExclusionReason, PartyKind
from shared.models.petitions import Exclusion, Party, Petition
from shared.models.registry import Duty, Office, Person, Village

_SHORTEST_NAME = 2


def exclude_mentioned(session: Session, petition: Petition) -> None:
    """Exclude whoever is complained of: everybody whose name, office or village stands in the words about the accused.

    Of an accusation also every official whose name stands in its text. A name that stands there by chance excludes
    one person too many; the other error would show an accusation to the accused.
    """
    rows = session.scalars(
        select(Party.details_encrypted).where(Party.petition_id == petition.id, Party.kind == PartyKind.ACCUSED)
    )
    accused = "\n".join(str(reveal(stored)["name"]) for stored in rows)
    sealed = petition.category is Category.ACCUSATION
    text = str(reveal(petition.text_encrypted)["text"]) if sealed else ""
    if not accused and not text:
        return
    found: set[tuple[int | None, int | None]] = set()
    for office, head in session.execute(_offices_in(petition, f"{accused}\n{text}" if sealed else accused)):
        found |= {(None, office), (head, None)} if head is not None else {(None, office)}
    found |= {(person, None) for person in session.scalars(_people_in(petition, accused, text))}
    known = session.execute(
        select(Exclusion.person_id, Exclusion.office_id).where(Exclusion.petition_id == petition.id)
    )
    found -= {(person, office) for person, office in known}
    session.add_all(
        Exclusion(petition_id=petition.id, person_id=person, office_id=office, reason=ExclusionReason.COMPLAINED_OF)
        for person, office in sorted(found, key=str)
    )
    session.flush()


def _offices_in(petition: Petition, words: str) -> Select[int, int | None]:
    return select(Office.id, Office.head_id).where(
        Office.township_id == petition.township_id, literal(words).contains(Office.name)
    )


def _people_in(petition: Petition, accused: str, text: str) -> Select[int]:
    """Anybody named as the accused, the officials of a village that is, and officials named in the text."""
    duties = select(Duty.person_id).where(Duty.township_id == petition.township_id)
    of_village = duties.join(Village, Village.id == Duty.village_id).where(literal(accused).contains(Village.name))
    return select(Person.id).where(
        Person.township_id == petition.township_id,
        or_(
            and_(func.length(Person.name) >= _SHORTEST_NAME, literal(accused).contains(Person.name)),
            and_(
                func.length(Person.name) >= _SHORTEST_NAME,
                literal(text).contains(Person.name),
                Person.id.in_(duties),
            ),
            Person.id.in_(of_village),
        ),
    )


def is_excluded(session: Session, petition_id: int, person_id: int, on: date) -> bool:
    """Whether the petition must not exist for this person, by name or by an office that they work for."""
    offices = select(Duty.office_id).where(Duty.person_id == person_id, Duty.office_id.is_not(None), holds(on))
    statement = select(Exclusion.id).where(
        Exclusion.petition_id == petition_id,
        or_(Exclusion.person_id == person_id, Exclusion.office_id.in_(offices)),
    )
    return session.scalars(statement.limit(1)).first() is not None
