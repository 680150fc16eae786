"""Quarters as officials see them: states by village, and what was left unreviewed when a quarter was tallied."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from services.points.quarters.transitions import READERS, WAITING, quarter_in_scope
from shared.identity import Principal
from shared.identity.scope import villages_in_scope
from shared.models.points import (
    Event,
    Objection,
    ObjectionState,
    QuarterLeftover,
    QuarterState,
    Rule,
    Rulebook,
    RuleCode,
    VillageQuarter,
)
from shared.models.registry import Household, Village


@dataclass(frozen=True, slots=True)
class Leftover:
    """An event that was not reviewed in time: it counts in a later quarter."""

    event_id: int
    title: str
    household: str
    household_number: int
    occurred_on: date


@dataclass(frozen=True, slots=True)
class QuarterView:
    """One quarter of one village with what is needed to take the next step."""

    row: VillageQuarter
    village_code: str
    village: str
    revision: int
    unreviewed: int
    open_objections: int
    leftovers: list[Leftover]


@dataclass(frozen=True, slots=True)
class QuarterLine:
    """A line of the list of quarters."""

    village_code: str
    village: str
    quarter: int
    state: QuarterState
    revision: int
    objections_until: date | None


def list_quarters(session: Session, actor: Principal, *, village_code: str | None = None) -> list[QuarterLine]:
    """The quarters of the villages that `actor` answers for, villages by code, newest quarter first."""
    statement = (
        select(VillageQuarter, Village.code, Village.name, Rulebook.revision)
        .join(Village, Village.id == VillageQuarter.village_id)
        .join(Rulebook, Rulebook.id == VillageQuarter.rulebook_id)
        .where(VillageQuarter.village_id.in_(villages_in_scope(actor, *READERS)))
        .order_by(Village.code, VillageQuarter.quarter.desc())
    )
    if village_code is not None:
        statement = statement.where(Village.code == village_code)
    return [
        QuarterLine(code, name, row.quarter, row.state, revision, row.objections_until)
        for row, code, name, revision in session.execute(statement)
    ]


def show_quarter(session: Session, actor: Principal, village_code: str, quarter: int) -> QuarterView:
    """One quarter. Raises NotFound, Forbidden."""
    row = quarter_in_scope(session, actor, village_code, quarter, *READERS)
    village = session.get_one(Village, row.village_id)
    unreviewed = session.scalar(
        select(func.count()).where(
            Event.village_id == row.village_id, Event.quarter == quarter, Event.state.in_(WAITING)
        )
    )
    objections = session.scalar(
        select(func.count()).where(
            Objection.village_id == row.village_id,
            Objection.quarter == quarter,
            Objection.state == ObjectionState.OPEN,
        )
    )
    return QuarterView(
        row=row,
        village_code=village.code,
        village=village.name,
        revision=session.scalar(select(Rulebook.revision).where(Rulebook.id == row.rulebook_id)) or 0,
        unreviewed=unreviewed or 0,
        open_objections=objections or 0,
        leftovers=_leftovers(session, row),
    )


def _leftovers(session: Session, row: VillageQuarter) -> list[Leftover]:
    rows = session.execute(
        select(
            Event.id,
            func.coalesce(Rule.title, RuleCode.code),
            Household.head_name,
            Household.number,
            Event.occurred_on,
        )
        .join(
            QuarterLeftover, (QuarterLeftover.village_id == Event.village_id) & (QuarterLeftover.event_id == Event.id)
        )
        .join(RuleCode, RuleCode.id == Event.rule_id)
        .join(Household, Household.id == Event.household_id)
        .outerjoin(
            Rule,
            (Rule.rulebook_id == row.rulebook_id)
            & (Rule.code_id == Event.rule_id)
            & or_(Rule.village_id.is_(None), Rule.village_id == row.village_id),
        )
        .where(QuarterLeftover.village_id == row.village_id, QuarterLeftover.quarter == row.quarter)
        .order_by(Event.occurred_on, Event.id)
    )
    return [Leftover(*row) for row in rows]
