"""Declaring events, one or many, and taking a declaration back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.points.events.evidence import take_evidence
from services.points.events.finding import event_in_scope
from services.points.events.lines import (
    line_for_day,
    require_chosen,
    require_evidence,
    require_quantity,
)
from services.points.events.posting import post_changes
from services.points.events.sequence import EVENT_IDS, allocate_ids
from services.points.imports.settling import settle_batch
from services.points.ledger.village import lock_ledger
from shared import audit
from shared.calendar import say_day
from shared.errors import Conflict, DomainError, Forbidden, Invalid
from shared.identity import Principal, Role
from shared.identity.scope import household_in_scope
from shared.models.base import now
from shared.models.points import Event, EventState, Mode, Once, Review, Rule
from shared.models.registry import Household, Village
from shared.quarters import first_day, last_day, quarter_of

DECLARERS = (Role.GRID_MEMBER, Role.CADRE, Role.JUDGE, Role.ADMIN)
MOST_AT_ONCE = 500
"""Events of one call; more come as a workbook."""


@dataclass(frozen=True, slots=True)
class Declaration:
    """What someone states: this household did this, on this day, this many (hundredths)."""

    household_id: int
    rule: str
    occurred_on: date
    quantity: int = 100
    chosen: int | None = None
    note: str = ""
    witness: str = ""
    evidence_file: str | None = None


def declare_events(session: Session, actor: Principal, declarations: Sequence[Declaration]) -> list[Event]:
    """Declare events, all or none. Lines that ask for no review are posted at once.

    Raises Invalid with the errors of every wrong row (`rows.3.quantity`), Forbidden or NotFound for households that
    the actor is not responsible for, Conflict for what counts only once.
    """
    if not 0 < len(declarations) <= MOST_AT_ONCE:
        raise Invalid(f"一次可以申报 1 到 {MOST_AT_ONCE} 条，更多请用 Excel 导入。")
    if len(declarations) == 1:
        events = [_declare(session, actor, declarations[0], now())]
    else:
        _hold_ledgers(session, actor, declarations)
        events = _declare_rows(session, actor, declarations)
    session.flush()
    posted: dict[int, list[Event]] = {}
    for event in events:
        if event.state is EventState.POSTED:
            posted.setdefault(event.village_id, []).append(event)
    for village_id, of_village in sorted(posted.items()):
        post_changes(session, village_id, of_village, made_by=actor.actor)
    return events


def _hold_ledgers(session: Session, actor: Principal, declarations: Sequence[Declaration]) -> None:
    """Where rows are of several villages: hold their ledgers, the lower first, before a row asks for one of them."""
    villages = session.scalars(
        select(Household.village_id)
        .join(Village, Village.id == Household.village_id)
        .where(
            Household.id.in_({stated.household_id for stated in declarations}),
            Village.township_id == actor.township_id,
        )
        .distinct()
        .order_by(Household.village_id)
    ).all()
    reachable = [village_id for village_id in villages if actor.may_in(village_id, *DECLARERS)]
    if len(reachable) > 1:
        for village_id in reachable:
            lock_ledger(session, village_id)


def _declare_rows(session: Session, actor: Principal, declarations: Sequence[Declaration]) -> list[Event]:
    events: list[Event] = []
    errors: dict[str, list[str]] = {}
    # One instant for all: by it a repeated request finds them again.
    instant = now()
    for number, declaration in enumerate(declarations):
        try:
            events.append(_declare(session, actor, declaration, instant))
        except DomainError as error:
            fields = error.errors or {"": [error.detail]}
            errors |= {f"rows.{number}.{name}".rstrip("."): sentences for name, sentences in fields.items()}
    if errors:
        raise Invalid(f"有 {len(errors)} 处填写不对，全部没有登记。改好后请再提交一次。", errors=errors)
    return events


def _declare(session: Session, actor: Principal, stated: Declaration, instant: datetime) -> Event:
    household = household_in_scope(session, actor, stated.household_id, *DECLARERS)
    if household.valid_from > stated.occurred_on or (household.valid_to and household.valid_to < stated.occurred_on):
        raise Invalid("这一户在那一天不在册，请核对户或日期。", errors={"occurred_on": ["那一天这一户不在册。"]})
    village = session.get_one(Village, household.village_id)
    line = line_for_day(session, village, stated.rule, stated.occurred_on)
    require_quantity(line, stated.quantity)
    require_evidence(line, note=stated.note, witness=stated.witness, has_file=stated.evidence_file is not None)
    if stated.evidence_file is not None:
        take_evidence(session, stated.evidence_file)
    _require_first(session, village.id, line, stated)
    unreviewed = line.review is Review.NONE
    # Where nobody reviews, the declarer chooses inside the range; else the reviewer does.
    chosen = None if line.mode is Mode.RANGE and not unreviewed else require_chosen(line, stated.chosen)
    event = Event(
        village_id=village.id,
        household_id=household.id,
        rule_id=line.code_id,
        quarter=quarter_of(stated.occurred_on),
        occurred_on=stated.occurred_on,
        id=allocate_ids(session, EVENT_IDS, 1)[0],
        month=stated.occurred_on.year * 12 + stated.occurred_on.month - 1,
        quantity=stated.quantity,
        chosen=chosen,
        state=EventState.POSTED if unreviewed else EventState.DECLARED,
        declared_at=instant,
        declared_by=actor.person_id,
        declarer_name=actor.name or None,
        note=stated.note or None,
        witness=stated.witness or None,
        evidence_file=stated.evidence_file,
    )
    session.add(event)
    session.flush()
    audit.record(session, actor, "declare_event", "event", event.id, village_id=village.id)
    return event


def _require_first(session: Session, village_id: int, line: Rule, stated: Declaration) -> None:
    """Refuse a second declaration of what counts once in its period, where the first is known."""
    if line.once is None:
        return
    day = stated.occurred_on
    known = select(Event.occurred_on).where(
        Event.village_id == village_id,
        Event.household_id == stated.household_id,
        Event.rule_id == line.code_id,
        Event.state.in_((EventState.DECLARED, EventState.REVIEWED, EventState.POSTED)),
    )
    words = "只记一次"
    if line.once is Once.QUARTER:
        known, words = known.where(Event.quarter == quarter_of(day)), "每季度只记一次"
    elif line.once is Once.YEAR:
        year = day.year * 4
        known = known.where(Event.occurred_on.between(first_day(year), last_day(year + 3)))
        words = "每年只记一次"
    earlier = session.scalar(known.limit(1))
    if earlier is not None:
        raise Conflict(f"“{line.title}”{words}，这一户 {say_day(earlier)} 已经登记过了。")


def withdraw_event(session: Session, actor: Principal, event_id: int, *, reason: str = "") -> Event:
    """Take back what waits for review: by whoever declared it, or the township's admin. Again: nothing more happens."""
    event = event_in_scope(session, actor, event_id, *DECLARERS, hold=True)
    if event.state is EventState.WITHDRAWN:
        return event
    if event.declared_by != actor.person_id and not actor.covers_township(Role.ADMIN):
        raise Forbidden("只有申报人本人可以撤回。要退回别人的申报，请在审核时选“不通过”。")
    if event.state is not EventState.DECLARED:
        raise Conflict("这条已经审核过，不能撤回了。如有错误，请由村干部作废。")
    event.state, event.state_by, event.state_at = EventState.WITHDRAWN, actor.person_id, now()
    event.state_reason, event.version = reason or "申报人撤回。", event.version + 1
    session.flush()
    settle_batch(session, event)
    audit.record(session, actor, "withdraw_event", "event", event.id, village_id=event.village_id)
    return event
