"""A value in every encrypted column of every service, each under the newest key of its service."""

from __future__ import annotations

from datetime import date, timedelta

from sqlalchemy import Column, func, select
from sqlalchemy.orm import Session

from shared.models.gateway import Account, Opinion
from shared.models.intake import Demand, DemandCategory
from shared.models.intake_kinds import DemandChannel, DemandState
from shared.models.petition_kinds import Category, Channel, Grade, PartyKind, State
from shared.models.petitions import Evaluation, Party, Petition, Step
from shared.models.plumbing import FILES
from shared.models.registry import Person
from shared.privacy import field_cipher
from shared.renewal import encrypted_columns
from shared.topology import Service
from tests.fixtures.township import SmallTownship

DAY = date(2026, 6, 1)


def said_in(column: Column[bytes]) -> str:
    """What the value of a column says."""
    return f"said in {column}"


def hidden(service: Service, column: Column[bytes]) -> bytes:
    return field_cipher(service).encrypt(said_in(column))


def fill(session: Session, service: Service, township: SmallTownship) -> None:
    """Insert a row for each encrypted column of `service`."""
    values = {str(column): hidden(service, column) for column in encrypted_columns(service)}
    sealed = f"{service.value}_file.sealed_key"
    session.add(FILES[service](sha256="0" * 64, size=1, media_type="application/pdf", sealed_key=values[sealed]))
    _FILLERS[service](session, township, values)
    session.flush()


def read_all(session: Session, service: Service) -> dict[str, bytes]:
    """The stored value of each column, by `table.column`."""
    return {
        str(column): session.scalars(select(column).where(column.is_not(None))).one()
        for column in encrypted_columns(service)
    }


def _fill_intake(session: Session, township: SmallTownship, values: dict[str, bytes]) -> None:
    person = session.get_one(Person, township.villages[0].heads[0])
    person.identity_encrypted = values["registry_person.identity_encrypted"]
    person.phone_encrypted = values["registry_person.phone_encrypted"]
    category = DemandCategory(township_id=township.id, code="ROAD", name="道路")
    session.add(category)
    session.flush()
    session.add(
        Demand(
            township_id=township.id,
            village_id=township.villages[0].id,
            category_id=category.id,
            number="D1",
            channel=next(iter(DemandChannel)),
            state=DemandState.WAITING,
            text="路灯不亮",
            phone_encrypted=values["intake_demand.phone_encrypted"],
            received_on=DAY,
            due_on=DAY + timedelta(days=9),
        )
    )


def _fill_points(session: Session, township: SmallTownship, values: dict[str, bytes]) -> None:
    """Points keeps nothing encrypted but files."""


def _fill_petitions(session: Session, township: SmallTownship, values: dict[str, bytes]) -> None:
    petition = Petition(
        township_id=township.id,
        number=f"2026-{(session.scalar(select(func.count(Petition.id))) or 0) + 1:06}",
        channel=Channel.VISIT,
        category=Category.CLAIM,
        state=State.REGISTERED,
        received_on=DAY,
        text_encrypted=values["petitions_petition.text_encrypted"],
        code_encrypted=values["petitions_petition.code_encrypted"],
        next_due_on=DAY,
    )
    session.add(petition)
    session.flush()
    details = values["petitions_party.details_encrypted"]
    session.add(
        Party(petition_id=petition.id, kind=next(iter(PartyKind)), details_encrypted=details, person_index="0" * 64)
    )
    details = values["petitions_step.details_encrypted"]
    session.add(
        Step(
            petition_id=petition.id,
            action="register",
            to_state=State.REGISTERED,
            happened_on=DAY,
            actor="person:1",
            details_encrypted=details,
        )
    )
    words = values["petitions_evaluation.words_encrypted"]
    session.add(Evaluation(petition_id=petition.id, grade=next(iter(Grade)), words_encrypted=words, evaluated_on=DAY))


def _fill_gateway(session: Session, township: SmallTownship, values: dict[str, bytes]) -> None:
    session.add(
        Account(
            township_id=township.id,
            person_id=township.villages[0].heads[0],
            username="shi",
            password_hash="-",
            totp_encrypted=values["gateway_account.totp_encrypted"],
        )
    )
    contact = values["gateway_opinion.contact_encrypted"]
    session.add(
        Opinion(township_id=township.id, key="opinion-1", text="字大一点", contact_encrypted=contact, made_by="public")
    )


_FILLERS = {
    Service.INTAKE: _fill_intake,
    Service.POINTS: _fill_points,
    Service.PETITIONS: _fill_petitions,
    Service.GATEWAY: _fill_gateway,
}
