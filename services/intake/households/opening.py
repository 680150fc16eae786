"""Opening a full identity number or phone: for a purpose, kept in the audit log."""

from __future__ import annotations

from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.intake.roles import OPENERS
from shared import audit
from shared.errors import Invalid, NotFound
from shared.identity import Principal
from shared.models.registry import Household, Person, Resident
from shared.privacy import field_cipher
from shared.topology import Service


class Secret(StrEnum):
    """What is masked in lists."""

    IDENTITY = "identity_number"
    PHONE = "phone"


def open_value(
    session: Session, actor: Principal, household: Household, person_id: int, secret: Secret, purpose: str
) -> str:
    """The full value. Raises Forbidden outside one's villages, Invalid without a purpose, NotFound where none is."""
    actor.require_in(household.village_id, *OPENERS)
    if len(purpose.strip()) < 2:
        raise Invalid("请写明查看的用途。", errors={"purpose": ["请写明查看的用途。"]})
    person = session.scalar(
        select(Person)
        .join(Resident, Resident.person_id == Person.id)
        .where(Person.id == person_id, Resident.household_id == household.id, Resident.valid_to.is_(None))
    )
    stored = None
    if person is not None:
        stored = person.identity_encrypted if secret is Secret.IDENTITY else person.phone_encrypted
    if stored is None:
        raise NotFound("没有登记这一项。")
    audit.record(
        session, actor, f"open_{secret}", "person", person_id,
        village_id=household.village_id, purpose=purpose.strip(),
    )  # fmt: skip
    return field_cipher(Service.INTAKE).decrypt(stored)
