"""Lists of demands: what someone may see, filtered; and what waits for someone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, Select, case, false, func, or_, select
from sqlalchemy.orm import Session

from services.intake.demands.access import demand_visible
from services.intake.demands.transitions import OPEN_STATES
from shared.calendar import today
from shared.identity import Principal, Role
from shared.models.intake import Demand, DemandCategory
from shared.models.intake_kinds import DemandState
from shared.models.registry import Village
from shared.privacy import clean_query


@dataclass(frozen=True, slots=True)
class DemandFilter:
    """What a list is narrowed to; None is everything."""

    states: Sequence[DemandState] = ()
    village: str | None = None
    category: str | None = None
    office_id: int | None = None
    query: str = ""
    waits_for_me: bool = False
    since: date | None = None
    until: date | None = None


def list_demands(actor: Principal, wanted: DemandFilter) -> Select[Demand]:
    """The demands that this person may see and that fit the filter, in no order yet."""
    statement = select(Demand).where(demand_visible(actor))
    if wanted.states:
        statement = statement.where(Demand.state.in_(wanted.states))
    if wanted.village:
        village = select(Village.id).where(Village.code == wanted.village, Village.township_id == actor.township_id)
        statement = statement.where(Demand.village_id.in_(village))
    if wanted.category:
        category = select(DemandCategory.id).where(
            DemandCategory.code == wanted.category, DemandCategory.township_id == actor.township_id
        )
        statement = statement.where(Demand.category_id.in_(category))
    if wanted.office_id is not None:
        statement = statement.where(Demand.office_id == wanted.office_id)
    if wanted.since:
        statement = statement.where(Demand.received_on >= wanted.since)
    if wanted.until:
        statement = statement.where(Demand.received_on <= wanted.until)
    if query := clean_query(wanted.query):
        statement = statement.where(_matches(query))
    if wanted.waits_for_me:
        statement = statement.where(waits_for(actor))
    return statement


def waits_for(actor: Principal) -> ColumnElement[bool]:
    """What this person should act on now: dispatch, handle, or ask whether it is done."""
    conditions: list[ColumnElement[bool]] = [false()]
    if villages := actor.villages_of(Role.CADRE):
        mine = or_(Demand.answered_by.is_(None), Demand.answered_by != (actor.person_id or 0))
        conditions.append(Demand.village_id.in_(villages) & (Demand.state == DemandState.WAITING))
        conditions.append(Demand.village_id.in_(villages) & (Demand.state == DemandState.ANSWERED) & mine)
    in_hand = Demand.state.in_([DemandState.ASSIGNED, DemandState.TAKEN, DemandState.WORKING])
    if offices := actor.offices_of(Role.HANDLER):
        conditions.append(Demand.office_id.in_(offices) & Demand.assignee_id.is_(None) & in_hand)
    if actor.person_id is not None:
        conditions.append((Demand.assignee_id == actor.person_id) & in_hand)
    if actor.covers_township(Role.ADMIN):
        # The township's desk: what nobody has taken in hand although its time is up.
        conditions.append(Demand.state.in_(OPEN_STATES) & (Demand.due_on < today()))
    return (Demand.township_id == actor.township_id) & or_(*conditions)


@dataclass(frozen=True, slots=True)
class Waiting:
    """One line of 待办: how many demands of a state wait for someone, and the oldest."""

    state: DemandState
    count: int
    oldest_on: date
    oldest_id: int
    overdue: int


def waiting_lines(session: Session, actor: Principal, day: date) -> list[Waiting]:
    """What waits for this person, by state, in one statement."""
    overdue = func.sum(case((Demand.due_on < day, 1), else_=0))
    statement = (
        select(Demand.state, func.count(), func.min(Demand.received_on), func.min(Demand.id), overdue)
        .where(waits_for(actor), Demand.state.in_(OPEN_STATES))
        .group_by(Demand.state)
    )
    lines = [Waiting(*row) for row in session.execute(statement)]
    return sorted(lines, key=lambda line: (line.oldest_on, line.oldest_id))


def _matches(query: str) -> ColumnElement[bool]:
    """By number, end of the phone, name, or words of the text."""
    literal = query.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    conditions: list[ColumnElement[bool]] = [
        Demand.reporter_name.like(f"%{literal}%", escape="\\"),
        Demand.text.like(f"%{literal}%", escape="\\"),
        Demand.number == query,
    ]
    if query.isdigit() and len(query) == 4:
        conditions.append(Demand.phone_tail == query)
    return or_(*conditions)
