"""How the scheduled tasks of a service stand: read from its outbox's slots and its inbox, which are the truth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from shared.messaging.schedule import SCHEDULE, Scheduled, slot_instant
from shared.models.base import UtcDateTime
from shared.models.plumbing_tables import dead_letters_of, inbox_of, outbox_of, service_of
from shared.topology import Service


class RunState(StrEnum):
    """How far the newest slot of a task is."""

    DONE = "done"
    """Its receiver has handled it."""
    WAITING = "waiting"
    """Written, and not handled yet."""
    DEAD = "dead"
    """Failed five times; it waits for a person among the dead letters."""
    MISSED = "missed"
    """Due, and not written: no scheduler is running."""


# The scheduler writes within seconds of the instant; a look in between is no alarm.
GRACE = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class ScheduledRun:
    """A scheduled task. Instants are aware; `done_at` is when it was last handled, be it for an earlier slot."""

    name: str
    state: RunState
    due_at: datetime | None
    done_at: datetime | None
    next_at: datetime | None


@dataclass(frozen=True, slots=True)
class _Slot:
    due_at: datetime
    is_handled: bool
    is_dead: bool


def scheduled_runs(
    session: Session,
    present: datetime,
    schedule: Sequence[Scheduled] = SCHEDULE,
    *,
    service: Service | None = None,
) -> list[ScheduledRun]:
    """The tasks of `service` (the session's own), in the schedule's order, as they stand at `present` (aware)."""
    service = service or service_of(session)
    newest, done = _newest_slots(session, service), _last_done(session, service)
    return [
        ScheduledRun(
            scheduled.name,
            *_standing(newest.get(scheduled.name), scheduled.latest_slot(present - GRACE)),
            done.get(scheduled.name),
            scheduled.next_slot(present),
        )
        for scheduled in schedule
        if scheduled.message.queue.service is service
    ]


def seconds_late(run: ScheduledRun, present: datetime) -> float:
    """How long a task has been due and not done; 0 when its newest slot is done."""
    if run.state is RunState.DONE or run.due_at is None:
        return 0.0
    return max((present - run.due_at).total_seconds(), 0.0)


def _standing(written: _Slot | None, expected: datetime | None) -> tuple[RunState, datetime | None]:
    if written is None or (expected is not None and written.due_at < expected):
        return (RunState.MISSED if expected is not None else RunState.WAITING), expected
    if written.is_dead:
        return RunState.DEAD, written.due_at
    return (RunState.DONE if written.is_handled else RunState.WAITING), written.due_at


def _newest_slots(session: Session, service: Service) -> dict[str, _Slot]:
    outbox, inbox, letters = outbox_of(service), inbox_of(service), dead_letters_of(service)
    newest = select(func.max(outbox.c.id)).where(outbox.c.slot.is_not(None)).group_by(outbox.c.name)
    rows = session.execute(
        select(
            outbox.c.name,
            outbox.c.slot,
            inbox.c.message_id.is_not(None).label("is_handled"),
            letters.c.message_id.is_not(None).label("is_dead"),
        )
        .outerjoin(inbox, inbox.c.message_id == outbox.c.message_id)
        .outerjoin(letters, letters.c.message_id == outbox.c.message_id)
        .where(outbox.c.id.in_(newest))
    )
    return {row.name: _Slot(slot_instant(row.slot), row.is_handled, row.is_dead) for row in rows}


def _last_done(session: Session, service: Service) -> dict[str, datetime]:
    """When a slot of each task was last handled. A dead letter's id is in the inbox too, and is no work done."""
    outbox, inbox, letters = outbox_of(service), inbox_of(service), dead_letters_of(service)
    rows = session.execute(
        select(outbox.c.name, func.max(inbox.c.handled_at, type_=UtcDateTime()))
        .join(inbox, inbox.c.message_id == outbox.c.message_id)
        .outerjoin(letters, letters.c.message_id == outbox.c.message_id)
        .where(outbox.c.slot.is_not(None), letters.c.message_id.is_(None))
        .group_by(outbox.c.name)
    )
    return {row[0]: row[1] for row in rows}
