"""Statutory clocks: the starting day is not counted, an end on a free day rolls to the next working day."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from shared.calendar import add_days, add_working_days, is_provisional, next_working_day
from shared.models.petition_kinds import ClockKind
from shared.models.petitions import Clock, Petition

NOTICE_DAYS = 15
"""Art. 23: written notice after receipt."""
OBJECTION_WORKING_DAYS = 5
"""Art. 23: after receipt of a transfer; the only clock that counts working days."""
HANDLING_DAYS = 60
"""Art. 34: from acceptance to the opinion."""
LONGEST_EXTENSION_DAYS = 30
"""Art. 34: once, approved by the head."""
REVIEW_WINDOW_DAYS = 30
"""Art. 35: from delivery, in which the petitioner may ask for a review."""

REMINDING = (ClockKind.NOTICE, ClockKind.OBJECTION, ClockKind.HANDLING, ClockKind.LEGAL_ROUTE)
"""Clocks that bind us. The review window binds nobody here and is shown as information."""

NO_DUE_DAY = date.max
"""What `next_due_on` holds when no binding clock runs."""

_DAYS = {
    ClockKind.NOTICE: NOTICE_DAYS,
    ClockKind.HANDLING: HANDLING_DAYS,
    ClockKind.REVIEW_WINDOW: REVIEW_WINDOW_DAYS,
}


def due_day(kind: ClockKind, started_on: date) -> date:
    """The plain day on which a clock of a statutory length ends. Raises KeyError for a clock with a due day by hand."""
    if kind is ClockKind.OBJECTION:
        return add_working_days(started_on, OBJECTION_WORKING_DAYS)
    return add_days(started_on, _DAYS[kind])


def start_clock(
    session: Session, petition: Petition, kind: ClockKind, started_on: date, *, due_on: date | None = None
) -> Clock:
    """Start a clock; a running one of the kind is refused by the database. `due_on` is for clocks set by hand."""
    due = due_on or due_day(kind, started_on)
    rolled = next_working_day(due)
    clock = Clock(
        petition_id=petition.id,
        kind=kind,
        started_on=started_on,
        due_on=due,
        due_on_rolled=rolled,
        provisional=is_provisional(started_on if kind is ClockKind.OBJECTION else due, rolled),
    )
    session.add(clock)
    session.flush()
    return clock


def stop_clocks(session: Session, petition: Petition, kinds: Iterable[ClockKind], on: date) -> None:
    """Satisfy the running clocks of these kinds."""
    session.execute(
        update(Clock)
        .where(Clock.petition_id == petition.id, Clock.kind.in_(tuple(kinds)), Clock.satisfied_on.is_(None))
        .values(satisfied_on=on)
    )


def running_clock(session: Session, petition: Petition, kind: ClockKind) -> Clock | None:
    """The running clock of a kind, if there is one."""
    return session.scalars(
        select(Clock).where(Clock.petition_id == petition.id, Clock.kind == kind, Clock.satisfied_on.is_(None))
    ).one_or_none()


def extend_clock(clock: Clock, days: int) -> None:
    """Move the end by `days`, counted on from the plain due day."""
    clock.extended_days = days
    clock.due_on = add_days(clock.due_on, days)
    clock.due_on_rolled = next_working_day(clock.due_on)
    clock.provisional = is_provisional(clock.due_on, clock.due_on_rolled)


def note_next_due(session: Session, petition: Petition) -> None:
    """Keep on the petition when its nearest binding clock ends: the order of the register's list."""
    nearest = session.scalar(
        select(func.min(Clock.due_on_rolled)).where(
            Clock.petition_id == petition.id, Clock.kind.in_(REMINDING), Clock.satisfied_on.is_(None)
        )
    )
    petition.next_due_on = nearest or NO_DUE_DAY
    session.flush()


def clocks_of(session: Session, petition: Petition) -> list[Clock]:
    """All clocks of a petition in the order in which they started."""
    return list(session.scalars(select(Clock).where(Clock.petition_id == petition.id).order_by(Clock.id)))
