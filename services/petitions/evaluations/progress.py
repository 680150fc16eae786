"""What the petitioner sees with number and code: how far it is, and by when the next step is due. No content."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from services.petitions.evaluations.evaluations import evaluation_of, is_evaluable
from services.petitions.procedure.clocks import REMINDING, clocks_of
from services.petitions.procedure.steps import steps_of
from services.petitions.procedure.words import ACTIONS, STATES
from services.petitions.register.registration import REGISTERED
from shared.models.petition_kinds import Category, ClockKind, Grade
from shared.models.petitions import Clock, Petition

_SEALED = "已收到，正在按规定办理"
_TOLD = {action.value: text for action, text in ACTIONS.items()} | {REGISTERED: "登记"}
# Acts within the office that are no news for the petitioner.
_UNTOLD = frozenset({"amend", "classify", "seal", "hand_over", "confirm_accusation", "object", "keep", "revisit"})


@dataclass(frozen=True, slots=True)
class ProgressStep:
    """One step as it is told to the petitioner."""

    text: str
    on: date


@dataclass(frozen=True, slots=True)
class Progress:
    """A petition as its petitioner sees it."""

    number: str
    state: str
    received_on: date
    steps: list[ProgressStep]
    clocks: list[Clock]
    evaluable: bool
    grade: Grade | None


def progress_of(session: Session, petition: Petition) -> Progress:
    """How far a petition is. Of a sealed one only that it is there: paper lies about, and accused people read."""
    if petition.category is Category.ACCUSATION:
        first = [ProgressStep("登记", petition.received_on)]
        return Progress(petition.number, _SEALED, petition.received_on, first, [], evaluable=False, grade=None)
    given = evaluation_of(session, petition)
    return Progress(
        number=petition.number,
        state=STATES[petition.state],
        received_on=petition.received_on,
        steps=[
            ProgressStep(_TOLD[step.action], step.happened_on)
            for step in steps_of(session, petition)
            if step.action in _TOLD and step.action not in _UNTOLD
        ],
        clocks=[
            clock
            for clock in clocks_of(session, petition)
            if clock.kind is ClockKind.REVIEW_WINDOW
            or (clock.satisfied_on is None and clock.kind in REMINDING and clock.kind is not ClockKind.OBJECTION)
        ],
        evaluable=is_evaluable(petition) and given is None,
        grade=given.grade if given else None,
    )
