"""Events that another service states by message: the highest version of its record counts, whatever came first."""

from __future__ import annotations

from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.points.events.lines import line_for_day, require_quantity
from services.points.events.posting import post_changes
from services.points.events.sequence import EVENT_IDS, allocate_ids
from services.points.ledger.village import lock_ledger, prepare_village
from shared.database.upserts import execute_counted, insert_or_nothing
from shared.errors import Invalid
from shared.messages.points import RecordEvent
from shared.models.base import now
from shared.models.points import Event, EventSource, EventState, Mode, Review, Rule, RuleCode
from shared.models.registry import Household, Village
from shared.quarters import quarter_of

MADE_BY = "task:points.record_event"
WITHDRAWN = "来源的记录已撤回。"
CHANGED = "来源的记录已更正，另记一条。"

_WAITING = (EventState.DECLARED, EventState.REVIEWED)
_LIVE = (*_WAITING, EventState.POSTED)


def record_message(session: Session, message: RecordEvent) -> Event | None:
    """Take over what a record of another service says now; None where nothing newer is said or it is withdrawn.

    `declared` by the confirmer, posted at once only if the rule asks for no review. A later version replaces the event
    of an earlier one; a withdrawal ends it; what a person has rejected or voided stays so until something else is said.
    Raises Invalid where household or rule are unknown: the message is tried
    again, and kept as a dead letter, until the rulebook or the sender is mended.
    """
    source = _hold_source(session, message.source)
    if source.version >= message.source_version:
        return None
    source.version, source.withdrawn, source.updated_at = message.source_version, message.withdrawn, now()
    _hold_ledgers(session, source, message)
    earlier = _earlier_event(session, source)
    is_live = earlier is not None and earlier.state in _LIVE
    if earlier is not None and not message.withdrawn and _says_the_same(session, earlier, message):
        if is_live:
            return earlier
        if earlier.state_by is not None:
            # A reviewer has rejected or voided it: hearing the same again does not overrule that.
            return None
    if earlier is not None and is_live:
        _end(session, earlier, WITHDRAWN if message.withdrawn else CHANGED)
    if message.withdrawn:
        return None
    event = _declare(session, message)
    source.village_id, source.event_id = event.village_id, event.id
    session.flush()
    return event


def _hold_source(session: Session, name: str) -> EventSource:
    """The record's row, held: two versions that come at once are looked at one after the other."""
    row = {"source": name, "version": 0, "withdrawn": False, "updated_at": now()}
    execute_counted(session, insert_or_nothing(session, EventSource.__table__).values(row))  # type: ignore[arg-type]
    return session.scalars(select(EventSource).where(EventSource.source == name).with_for_update()).one()


def _hold_ledgers(session: Session, source: EventSource, message: RecordEvent) -> None:
    """Take the ledger rows before the event is looked at, the lower village first: a review may be posting it now."""
    villages = set() if source.village_id is None else {source.village_id}
    if not message.withdrawn:
        villages.add(_household_of(session, message).village_id)
    for village_id in sorted(villages):
        prepare_village(session, village_id)
        lock_ledger(session, village_id)


def _household_of(session: Session, message: RecordEvent) -> Household:
    household = session.get(Household, message.household_id)
    if household is None:
        raise Invalid(f"没有编号为 {message.household_id} 的户。")
    return household


def _earlier_event(session: Session, source: EventSource) -> Event | None:
    if source.event_id is None or source.village_id is None:
        return None
    return session.scalar(
        select(Event)
        .where(Event.village_id == source.village_id, Event.id == source.event_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )


def _says_the_same(session: Session, event: Event, message: RecordEvent) -> bool:
    code = session.scalar(select(RuleCode.code).where(RuleCode.id == event.rule_id))
    held = (event.household_id, code, event.occurred_on, event.quantity)
    return held == (message.household_id, message.rule_code, message.occurred_on, message.quantity)


def _end(session: Session, event: Event, reason: str) -> None:
    """Withdraw what waits, void what was posted: its points are taken back by an adjustment."""
    was_posted = event.state is EventState.POSTED
    event.state = EventState.VOIDED if was_posted else EventState.WITHDRAWN
    event.state_at, event.state_reason, event.version = now(), reason, event.version + 1
    session.flush()
    if was_posted:
        post_changes(session, event.village_id, [event], made_by=MADE_BY, reason=reason)


def _declare(session: Session, message: RecordEvent) -> Event:
    village_id = _household_of(session, message).village_id
    line = line_for_day(session, session.get_one(Village, village_id), message.rule_code, message.occurred_on)
    require_quantity(line, message.quantity)
    event = _new_event(message, village_id, line, allocate_ids(session, EVENT_IDS, 1)[0])
    session.add(event)
    session.flush()
    if event.state is EventState.POSTED:
        post_changes(session, village_id, [event], made_by=MADE_BY)
    return event


def _new_event(message: RecordEvent, village_id: int, line: Rule, event_id: int) -> Event:
    day: date = message.occurred_on
    is_posted = line.review is Review.NONE
    return Event(
        id=event_id,
        village_id=village_id,
        household_id=message.household_id,
        rule_id=line.code_id,
        quarter=quarter_of(day),
        month=day.year * 12 + day.month - 1,
        occurred_on=day,
        quantity=message.quantity,
        # Where nobody reviews, nobody chooses: the least of the range.
        chosen=line.minimum if line.mode is Mode.RANGE and is_posted else None,
        state=EventState.POSTED if is_posted else EventState.DECLARED,
        declared_by=message.declared_by,
        declarer_name=message.declarer_name or None,
        note=message.note or None,
    )
