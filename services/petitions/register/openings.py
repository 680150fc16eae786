"""Opening what a petition says: a right of whoever works on it; others say what for, and every opening is logged."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.petitions.procedure.steps import steps_of
from services.petitions.procedure.words import say_details
from services.petitions.register.parties import PersonDetails
from services.petitions.register.secrets import reveal
from services.petitions.register.visibility import is_assigned, petition_by_number
from shared import audit
from shared.errors import Invalid
from shared.identity import Principal
from shared.models.petition_kinds import PartyKind, State
from shared.models.petitions import Evaluation, Party, Petition


class Purpose(StrEnum):
    """What a petition is opened for by someone who does not work on it."""

    SUPERVISION = "supervision"
    """督办."""
    REVISIT = "revisit"
    """回访."""
    REVIEW = "review"
    """复查复核."""
    AUDIT = "audit"
    """审计监督."""


PURPOSES = {
    Purpose.SUPERVISION: "督办",
    Purpose.REVISIT: "回访",
    Purpose.REVIEW: "复查复核",
    Purpose.AUDIT: "审计监督",
}
HANDLING = "办理"
PRINTING = "打印查询码"


@dataclass(frozen=True, slots=True)
class OpenedStep:
    """One act with everything that was said at it."""

    action: str
    from_state: State | None
    to_state: State
    happened_on: date
    recorded_at: datetime
    actor_name: str
    details: dict[str, Any]

    @property
    def said(self) -> list[str]:
        """The details as sentences."""
        return say_details(self.details)


@dataclass(frozen=True, slots=True)
class Opened:
    """A petition's words."""

    text: str
    place: str
    petitioner: PersonDetails | None
    representatives: list[PersonDetails]
    complained_of: str
    steps: list[OpenedStep]
    evaluation_words: str


def open_petition(session: Session, actor: Principal, number: str, purpose: Purpose | None = None) -> Opened:
    """The words of a petition. Whoever works on it is not asked what for. Raises NotFound, Invalid."""
    petition = petition_by_number(session, actor, number)
    if is_assigned(session, actor, petition):
        why = HANDLING
    elif purpose is not None:
        why = PURPOSES[purpose]
    else:
        sentence = "您不是这件信访事项的经办人，查看内容前请选择用途。"
        raise Invalid(sentence, errors={"purpose": [sentence]})
    audit.record(session, actor, "open_petition", "petition", petition.id, purpose=why)
    return _opened(session, petition)


def open_code(session: Session, actor: Principal, number: str) -> str:
    """The petitioner's code, to print it again: for whoever works on the petition. Raises NotFound, Invalid."""
    petition = petition_by_number(session, actor, number)
    if not is_assigned(session, actor, petition):
        raise Invalid("查询码只能由这件信访事项的经办人打印。")
    audit.record(session, actor, "open_petition_code", "petition", petition.id, purpose=PRINTING)
    return str(reveal(petition.code_encrypted)["code"])


def _opened(session: Session, petition: Petition) -> Opened:
    said = reveal(petition.text_encrypted)
    parties = session.scalars(select(Party).where(Party.petition_id == petition.id).order_by(Party.id)).all()
    details = [(party.kind, reveal(party.details_encrypted)) for party in parties]
    people = [(kind, PersonDetails(**values)) for kind, values in details if kind is not PartyKind.ACCUSED]
    words = session.scalar(select(Evaluation.words_encrypted).where(Evaluation.petition_id == petition.id))
    return Opened(
        text=said["text"],
        place=said["place"],
        petitioner=next((person for kind, person in people if kind is PartyKind.PETITIONER), None),
        representatives=[person for kind, person in people if kind is PartyKind.REPRESENTATIVE],
        complained_of="、".join(values["name"] for kind, values in details if kind is PartyKind.ACCUSED),
        steps=[
            OpenedStep(
                step.action,
                step.from_state,
                step.to_state,
                step.happened_on,
                step.recorded_at,
                step.actor_name,
                reveal(step.details_encrypted),
            )
            for step in steps_of(session, petition)
        ],
        evaluation_words=str(reveal(words)["words"]) if words else "",
    )
