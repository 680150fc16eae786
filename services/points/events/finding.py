"""Finding events: one by id, lists by village, household and state, and what waits for a reviewer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import Session, aliased

from services.points.events.guards import barred_households
from shared.errors import NotFound
from shared.identity import Principal, Role
from shared.identity.scope import household_in_scope, village_by_code, villages_in_scope
from shared.models.plumbing import FILES
from shared.models.points import (
    Category,
    Entry,
    Event,
    EventState,
    Rule,
    RuleCode,
    VillageQuarter,
)
from shared.models.registry import Household, Person, Village
from shared.topology import Service

READERS = (
    Role.GRID_MEMBER,
    Role.CADRE,
    Role.JUDGE,
    Role.KEEPER,
    Role.SUPERVISOR,
    Role.ADMIN,
    Role.AUDITOR,
    Role.RESIDENT,
)
REVIEWERS = (Role.CADRE, Role.JUDGE, Role.ADMIN)
WAITING = (EventState.DECLARED, EventState.REVIEWED)


def event_in_scope(session: Session, actor: Principal, event_id: int, *roles: Role, hold: bool = False) -> Event:
    """The event, where one of `roles` holds in its village. `hold` keeps others from changing it meanwhile.

    Raises NotFound for unknown events and those of other townships and villages alike.
    """
    statement = select(Event).where(Event.village_id.in_(villages_in_scope(actor, *roles)), Event.id == event_id)
    if hold:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    event = session.scalar(statement)
    if event is None or (actor.roles <= {Role.RESIDENT, Role.PUBLIC} and event.household_id != actor.household_id):
        raise NotFound("没有这条积分记录，或它不在您负责的村。")
    return event


_Declarer, _Reviewer, _Second = aliased(Person), aliased(Person), aliased(Person)
_File: Any = FILES[Service.POINTS]


def select_events() -> Select[tuple[Event]]:
    """Events with what a page shows of them: household, line in force, people, and what the ledger holds."""
    held = (
        select(func.sum(Entry.amount))
        .where(Entry.village_id == Event.village_id, Entry.event_id == Event.id)
        .correlate(Event)
        .scalar_subquery()
    )
    twin, elsewhere = aliased(Event), aliased(Village)
    same_photo = (
        select(func.count())
        .select_from(twin)
        .join(elsewhere, elsewhere.id == twin.village_id)
        .where(twin.evidence_file == Event.evidence_file, twin.id != Event.id, twin.state != EventState.WITHDRAWN)
        .where(elsewhere.township_id == Village.township_id)
        .correlate(Event, Village)
        .scalar_subquery()
    )
    return (
        select(  # type: ignore[return-value]
            Event,
            Village.code.label("village_code"),
            Household.number.label("household_number"),
            Household.head_name,
            RuleCode.code,
            Rule.title,
            Rule.unit,
            Rule.mode,
            Rule.minimum,
            Rule.maximum,
            Rule.review,
            Category.name.label("category"),
            func.coalesce(_Declarer.name, Event.declarer_name).label("declarer"),
            _Reviewer.name.label("reviewer"),
            _Second.name.label("second_reviewer"),
            held.label("points"),
            same_photo.label("same_photo"),
            _File.media_type.label("evidence_type"),
        )
        .join(Village, Village.id == Event.village_id)
        .join(Household, Household.id == Event.household_id)
        .join(RuleCode, RuleCode.id == Event.rule_id)
        .outerjoin(
            VillageQuarter,
            and_(VillageQuarter.village_id == Event.village_id, VillageQuarter.quarter == Event.quarter),
        )
        .outerjoin(
            Rule,
            and_(
                Rule.rulebook_id == VillageQuarter.rulebook_id,
                Rule.code_id == Event.rule_id,
                or_(Rule.village_id.is_(None), Rule.village_id == Event.village_id),
            ),
        )
        .outerjoin(Category, Category.id == Rule.category_id)
        .outerjoin(_Declarer, _Declarer.id == Event.declared_by)
        .outerjoin(_Reviewer, _Reviewer.id == Event.reviewed_by)
        .outerjoin(_Second, _Second.id == Event.second_by)
        .outerjoin(_File, _File.sha256 == Event.evidence_file)
    )


@dataclass(frozen=True, slots=True)
class EventFilter:
    """What a list is narrowed to; None: everything in the actor's reach."""

    village: str | None = None
    household_id: int | None = None
    quarter: int | None = None
    state: EventState | None = None
    rule: str | None = None
    mine: bool = False
    """Only what the actor may review."""
    declared_by_me: bool = False
    evidence_file: str | None = None
    """Only events with this photo or scan."""


def list_events(session: Session, actor: Principal, wanted: EventFilter) -> Select[tuple[Event]]:
    """Events in the actor's reach, to be ordered by id."""
    statement = select_events()
    if wanted.household_id is not None:
        household = household_in_scope(session, actor, wanted.household_id, *READERS)
        statement = statement.where(Event.village_id == household.village_id, Event.household_id == household.id)
    elif actor.roles <= {Role.RESIDENT, Role.PUBLIC}:
        statement = statement.where(
            Event.village_id.in_(villages_in_scope(actor, Role.RESIDENT)), Event.household_id == actor.household_id
        )
    elif wanted.village is not None:
        village = village_by_code(session, actor, wanted.village, *READERS)
        statement = statement.where(Event.village_id == village.id)
    else:
        statement = statement.where(Event.village_id.in_(villages_in_scope(actor, *READERS)))
    if wanted.quarter is not None:
        statement = statement.where(Event.quarter == wanted.quarter)
    if wanted.state is not None:
        statement = statement.where(Event.state == wanted.state)
    if wanted.rule is not None:
        statement = statement.where(RuleCode.code == wanted.rule)
    if wanted.declared_by_me:
        statement = statement.where(Event.declared_by == (actor.person_id or 0))
    if wanted.evidence_file is not None:
        statement = statement.where(Event.evidence_file == wanted.evidence_file)
    if wanted.mine:
        statement = statement.where(*waiting_for(actor))
    return statement


def waiting_for(actor: Principal) -> tuple[ColumnElement[bool], ...]:
    """The conditions of events that this person may review now."""
    person = actor.person_id or 0
    return (
        Event.village_id.in_(villages_in_scope(actor, *REVIEWERS)),
        Event.state.in_(WAITING),
        or_(Event.declared_by.is_(None), Event.declared_by != person),
        or_(Event.reviewed_by.is_(None), Event.reviewed_by != person),
        Event.household_id.not_in(barred_households(person)),
    )


@dataclass(frozen=True, slots=True)
class WaitingCounts:
    """待办 of a reviewer: how many events, and since when."""

    to_review: int
    to_review_again: int
    oldest_at: datetime | None


def count_waiting(session: Session, actor: Principal) -> WaitingCounts:
    """What waits for this person."""
    rows = session.execute(
        select(Event.state, func.count(), func.min(Event.declared_at)).where(*waiting_for(actor)).group_by(Event.state)
    ).all()
    counts = {state: count for state, count, _ in rows}
    oldest = min((instant for _, _, instant in rows), default=None)
    return WaitingCounts(counts.get(EventState.DECLARED, 0), counts.get(EventState.REVIEWED, 0), oldest)
