"""Opening days 营业日: the weekdays on which a village's store is open, and what they mean for a reservation."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from services.points.ledger.village import lock_ledger
from services.points.store.items import KEEPERS
from shared import audit
from shared.errors import Invalid, Stale
from shared.identity import Principal
from shared.identity.scope import village_by_code
from shared.models.points import OpeningDay

KEPT_DAYS = 7
"""How long goods are kept for a household; the last day counts wholly."""

KEPT_OPENINGS = 2
"""And at least so many opening days, so that who missed one can still come."""


def opening_days(session: Session, village_id: int) -> frozenset[int]:
    """Weekdays from 1, Monday, to 7, Sunday; empty where the village has not said."""
    return frozenset(session.scalars(select(OpeningDay.weekday).where(OpeningDay.village_id == village_id)))


def version_of(weekdays: Collection[int]) -> int:
    """The days as one number, a bit for each: the same days are the same version, whoever has stated them."""
    return sum(1 << day for day in set(weekdays))


def state_opening_days(
    session: Session, actor: Principal, *, village_code: str, weekdays: Collection[int], expected_version: int
) -> None:
    """Say on which weekdays a village's store is open. What is reserved already keeps its last day.

    Raises Invalid for other weekdays, Stale where the store is no longer open on the days that the edit was made on.
    """
    village = village_by_code(session, actor, village_code, *KEEPERS)
    days = sorted(set(weekdays))
    if any(not 1 <= day <= 7 for day in days):
        raise Invalid("营业日是周一到周日，写成 1 到 7。", errors={"weekdays": ["写成 1 到 7。"]})
    # Two keepers at once: the second sees what the first has stated.
    lock_ledger(session, village.id)
    if version_of(opening_days(session, village.id)) != expected_version:
        raise Stale("您打开之后，营业日已被别人改过。请刷新，看过最新的营业日后再改。")
    session.execute(delete(OpeningDay).where(OpeningDay.village_id == village.id))
    session.add_all(OpeningDay(village_id=village.id, weekday=day) for day in days)
    session.flush()
    audit.record(
        session, actor, "state_opening_days", "village", village.id, village_id=village.id, details={"weekdays": days}
    )


def last_day_to_fetch(open_on: Collection[int], reserved_on: date) -> date:
    """The last day of a reservation: seven days, and the second opening day after it where that is later.

    The day of reserving is not counted. `open_on`: the weekdays of the village's store; one that has not said when it
    is open may open any day.
    """
    day = reserved_on + timedelta(days=KEPT_DAYS)
    openings = sum((reserved_on + timedelta(days=n)).isoweekday() in open_on for n in range(1, KEPT_DAYS + 1))
    while open_on and openings < KEPT_OPENINGS:
        day += timedelta(days=1)
        openings += day.isoweekday() in open_on
    return day
