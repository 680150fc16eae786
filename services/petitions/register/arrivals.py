"""Demands that intake says are petitions: unsealed here and nowhere else."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from services.petitions.procedure.steps import latest_day, record_step
from services.petitions.procedure.tidings import tell_people
from services.petitions.register.assignments import assign_to_duty, people_on
from services.petitions.register.parties import PersonDetails
from services.petitions.register.registration import Filing, enter, write_parties
from services.petitions.register.secrets import clean_code, hide, new_code
from shared.identity import Principal
from shared.models.petition_kinds import Category, Channel, State
from shared.models.petitions import Party, Petition
from shared.privacy import unseal
from shared.topology import Service

AMENDED = "amend"


@dataclass(frozen=True, slots=True)
class Arrival:
    """A demand as it was sent; `sealed` is readable for this service only."""

    source: str
    source_version: int
    village_id: int | None
    received_on: date
    complains_of_official: bool
    sealed: str


def take_arrival(session: Session, actor: Principal, arrival: Arrival) -> None:
    """Enter the demand as a petition, or take its newer version. An older version than the known one does nothing.

    The first day of receipt stays: the 15 days do not start anew. Raises shared.privacy.Unsealable.
    """
    known = session.scalars(select(Petition).where(Petition.source == arrival.source)).one_or_none()
    if known is None:
        filing, code = _opened(arrival)
        enter(
            session,
            actor,
            filing,
            code=clean_code(code) or new_code(),
            source=arrival.source,
            source_version=arrival.source_version,
        )
    elif known.source_version is None or arrival.source_version > known.source_version:
        _amend(session, actor, known, arrival)


def _amend(session: Session, actor: Principal, petition: Petition, arrival: Arrival) -> None:
    """A newer version replaces the words while nothing is decided; afterwards it is added to the history only."""
    filing, _ = _opened(arrival)
    petition.source_version = arrival.source_version
    before = petition.state
    if before in (State.DRAFT, State.REGISTERED):
        petition.text_encrypted = hide({"text": filing.text, "place": filing.place})
        petition.anonymous = filing.petitioner is None
        seals = filing.complains_of_official and before is State.REGISTERED
        if seals and petition.category is not Category.ACCUSATION:
            petition.category, petition.state = Category.ACCUSATION, State.DRAFT
        session.flush()
        session.execute(delete(Party).where(Party.petition_id == petition.id))
        write_parties(session, petition, filing)
        assign_to_duty(session, petition, petition.received_on)
    petition.version += 1
    session.flush()
    record_step(session, actor, petition, AMENDED, before, latest_day(session, petition), {"text": filing.text})
    tell_people(session, petition, people_on(session, petition))


def _opened(arrival: Arrival) -> tuple[Filing, str]:
    """The filing, and the code that the petitioner already holds."""
    opened: dict[str, Any] = json.loads(unseal(Service.PETITIONS, arrival.sealed))
    said = {key: str(value or "").strip() for key, value in opened.items()}
    person = PersonDetails(
        name=said.get("petitioner_name", ""),
        phone=said.get("phone", ""),
        identity_number=said.get("identity_number", ""),
        address=said.get("place", ""),
    )
    filing = Filing(
        channel=Channel.DEMAND,
        category=Category.ACCUSATION if arrival.complains_of_official else Category.CLAIM,
        text=said.get("text", ""),
        received_on=arrival.received_on,
        petitioner=person if person.name or person.phone else None,
        complains_of_official=arrival.complains_of_official,
        place=said.get("place", ""),
        village_id=arrival.village_id,
    )
    return filing, said.get("track_code", "")
