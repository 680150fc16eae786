"""A demand as it is shown: with names beside ids, numbers masked, and what this person may do with it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.intake.demands.access import capacities
from services.intake.demands.transitions import STATE_WORDS, TRANSITIONS, Who
from services.intake.people.masks import masked_phone
from shared.calendar import day_of, today
from shared.identity import Principal, Role
from shared.models.intake import Demand, DemandCategory, DemandStep, SealedReceipt
from shared.models.intake_kinds import DemandAction
from shared.models.registry import Grid, Office, Person, Village


@dataclass(frozen=True, slots=True)
class DemandView:
    """What lists and pages show. `allowed` are the acts that the table lets this person do now."""

    demand: Demand
    village_code: str
    village_name: str
    group_name: str
    category_code: str
    category_name: str
    office_name: str
    assignee_name: str
    state_words: str
    is_overdue: bool
    allowed: tuple[DemandAction, ...]

    @property
    def phone_masked(self) -> str:
        return masked_phone(self.demand.phone_encrypted)


def views_of(session: Session, actor: Principal, demands: Sequence[Demand]) -> list[DemandView]:
    """Views of a page of a list: one statement per kind of name, whatever its length."""
    villages = {
        village_id: (code, name)
        for village_id, code, name in session.execute(
            select(Village.id, Village.code, Village.name).where(Village.id.in_({each.village_id for each in demands}))
        )
    }
    categories = {
        category_id: (code, name)
        for category_id, code, name in session.execute(
            select(DemandCategory.id, DemandCategory.code, DemandCategory.name).where(
                DemandCategory.id.in_({each.category_id for each in demands})
            )
        )
    }
    groups = _names(session, Grid, {each.group_id for each in demands})
    offices = _names(session, Office, {each.office_id for each in demands})
    people = _names(session, Person, {each.assignee_id for each in demands})
    day = today()
    return [
        DemandView(
            demand=demand,
            village_code=villages[demand.village_id][0],
            village_name=villages[demand.village_id][1],
            group_name=groups.get(demand.group_id or 0, ""),
            category_code=categories[demand.category_id][0],
            category_name=categories[demand.category_id][1],
            office_name=offices.get(demand.office_id or 0, ""),
            assignee_name=people.get(demand.assignee_id or 0, ""),
            state_words=STATE_WORDS[demand.state],
            is_overdue=demand.answered_on is None and demand.closed_on is None and demand.due_on < day,
            allowed=allowed_acts(session, actor, demand),
        )
        for demand in demands
    ]


def view_of(session: Session, actor: Principal, demand: Demand) -> DemandView:
    """The view of one demand."""
    return views_of(session, actor, [demand])[0]


def allowed_acts(
    session: Session, actor: Principal, demand: Demand, *, as_reporter: bool = False
) -> tuple[DemandAction, ...]:
    """The acts that the table allows from the demand's state to this person; none on what is a petition now."""
    if demand.converted_on is not None:
        return ()
    held = capacities(session, actor, demand) | ({Who.REPORTER} if as_reporter else set())
    return tuple(action for action, line in TRANSITIONS.items() if demand.state in line.sources and held & line.who)


@dataclass(frozen=True, slots=True)
class StepView:
    """One act as people read it. `note` and `actor_name` are empty for those outside."""

    on: date
    action: DemandAction
    state_words: str
    actor_name: str
    note: str


def steps_of(session: Session, demand: Demand, *, inside: bool) -> list[StepView]:
    """The history in order; with `inside`, with names and notes."""
    steps = session.scalars(select(DemandStep).where(DemandStep.demand_id == demand.id).order_by(DemandStep.id))
    return [
        StepView(
            on=day_of(step.at),
            action=step.action,
            state_words=STATE_WORDS[step.to_state],
            actor_name=step.actor_name if inside else "",
            note=step.note if inside else "",
        )
        for step in steps
    ]


def is_inside(actor: Principal) -> bool:
    """Whether names of officials and notes among them are for this person."""
    return not actor.roles <= {Role.PUBLIC, Role.RESIDENT}


def _names(session: Session, model: type[Grid | Office | Person], ids: Collection[int | None]) -> dict[int, str]:
    wanted = {each for each in ids if each is not None}
    if not wanted:
        return {}
    return {row.id: row.name for row in session.execute(select(model.id, model.name).where(model.id.in_(wanted)))}


@dataclass(frozen=True, slots=True)
class DemandDetail(DemandView):
    """One demand with its history."""

    steps: tuple[StepView, ...] = ()


def detail_of(session: Session, actor: Principal, demand: Demand) -> DemandDetail:
    """Names and notes of officials are for those inside; the household sees the states and the answers."""
    view = view_of(session, actor, demand)
    values = {field.name: getattr(view, field.name) for field in fields(view)}
    return DemandDetail(**values, steps=tuple(steps_of(session, demand, inside=is_inside(actor))))


def followed_view(session: Session, actor: Principal, found: Demand | SealedReceipt) -> dict[str, Any]:
    """What number and code show. Of a sealed one this service knows nothing more than its day."""
    if isinstance(found, SealedReceipt):
        return {"number": found.number, "is_petition": True, "received_on": found.received_on}
    view = view_of(session, actor, found)
    return {
        "number": found.number,
        "is_petition": found.converted_on is not None,
        "received_on": found.received_on,
        "state": found.state.value,
        "state_words": view.state_words,
        "petition_state": found.petition_state,
        "village_name": view.village_name,
        "category_name": view.category_name,
        "text": found.text,
        "due_on": found.due_on,
        "is_overdue": view.is_overdue,
        "public_answer": found.public_answer,
        "private_answer": found.private_answer,
        "allowed": [
            action
            for action in allowed_acts(session, actor, found, as_reporter=True)
            if Who.REPORTER in TRANSITIONS[action].who
        ],
        "steps": steps_of(session, found, inside=False),
    }
