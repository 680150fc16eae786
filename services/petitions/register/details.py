"""A petition's page: summary, history, clocks, what may follow, who works on it. No words of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.petitions.procedure.clocks import REMINDING, clocks_of
from services.petitions.procedure.outlook import Possible, outlook_of
from services.petitions.procedure.steps import steps_of
from services.petitions.procedure.transitions import has_ended
from services.petitions.procedure.words import ACTIONS, CLOCK_SOURCES, CLOCKS, STATES
from services.petitions.register.arrivals import AMENDED
from services.petitions.register.registration import REGISTERED
from services.petitions.register.summaries import Summary, repeats_of, summaries_of
from services.petitions.register.visibility import is_assigned
from shared.identity import Principal
from shared.models.petition_kinds import ClockKind
from shared.models.petitions import Assignment, Clock, Petition
from shared.models.registry import Person

_ACTS = {action.value: text for action, text in ACTIONS.items()} | {REGISTERED: "登记", AMENDED: "信访人补充"}


@dataclass(frozen=True, slots=True)
class ShownStep:
    """One act of the history."""

    action: str
    action_text: str
    to_state_text: str
    happened_on: date
    actor_name: str


@dataclass(frozen=True, slots=True)
class ShownClock:
    """A time limit in words. `binding` ones are ours; the review window is the petitioner's."""

    kind: ClockKind
    text: str
    source: str
    started_on: date
    due_on: date
    due_on_rolled: date
    provisional: bool
    extended_days: int
    satisfied_on: date | None
    binding: bool


@dataclass(frozen=True, slots=True)
class Detail:
    """Everything of a petition but its words."""

    petition: Summary
    steps: list[ShownStep]
    clocks: list[ShownClock]
    possible: list[Possible]
    assigned: bool
    ended: bool
    """Nobody is put on it any more."""
    people: list[str]
    repeats: list[str]


def detail_of(session: Session, actor: Principal, petition: Petition) -> Detail:
    """The page of a petition that exists for this person."""
    (summary,) = summaries_of(session, [petition])
    return Detail(
        petition=summary,
        steps=[
            ShownStep(step.action, _ACTS[step.action], STATES[step.to_state], step.happened_on, step.actor_name)
            for step in steps_of(session, petition)
        ],
        clocks=[show_clock(clock) for clock in clocks_of(session, petition)],
        possible=outlook_of(actor, petition, summary.grade),
        assigned=is_assigned(session, actor, petition),
        ended=has_ended(petition.state, petition.category),
        people=names_of_people(session, petition),
        repeats=repeats_of(session, actor, petition),
    )


def show_clock(clock: Clock) -> ShownClock:
    """A clock with its words."""
    return ShownClock(
        kind=clock.kind,
        text=CLOCKS[clock.kind],
        source=CLOCK_SOURCES[clock.kind],
        started_on=clock.started_on,
        due_on=clock.due_on,
        due_on_rolled=clock.due_on_rolled,
        provisional=clock.provisional,
        extended_days=clock.extended_days,
        satisfied_on=clock.satisfied_on,
        binding=clock.kind in REMINDING,
    )


def names_of_people(session: Session, petition: Petition) -> list[str]:
    """Names of those who work on it."""
    statement = (
        select(Person.name)
        .join(Assignment, Assignment.person_id == Person.id)
        .where(Assignment.petition_id == petition.id)
        .order_by(Person.id)
    )
    return list(session.scalars(statement))
