"""Transitions of a quarter: open → tallied → published → closed, and back from tallied to open."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.orm import Session

from services.points.ledger.village import ChainEnd, lock_ledger
from services.points.quarters.editions import publish_edition
from services.points.quarters.rebookings import bring_home
from services.points.scoring.quarters import ensure_quarter
from shared import audit
from shared.calendar import say_day, today
from shared.errors import Conflict, Invalid, NotFound
from shared.identity import Principal, Role
from shared.identity.scope import village_by_code
from shared.models.base import now
from shared.models.points import (
    Event,
    EventState,
    Objection,
    ObjectionState,
    QuarterLeftover,
    QuarterState,
    VillageQuarter,
)
from shared.quarters import last_day

ACTORS = (Role.CADRE, Role.ADMIN)
READERS = (*ACTORS, Role.SUPERVISOR, Role.JUDGE, Role.AUDITOR)
WAITING = (EventState.DECLARED, EventState.REVIEWED)

_WORDS = {
    QuarterState.OPEN: "进行中",
    QuarterState.TALLIED: "已统计",
    QuarterState.PUBLISHED: "公示中",
    QuarterState.CLOSED: "已定榜",
}


def tally_quarter(session: Session, actor: Principal, village_code: str, quarter: int) -> VillageQuarter:
    """Stop bookings: what is not reviewed is listed and carried over to the next quarter. Repeated: the same.

    Raises Conflict before the quarter's last day is over, or from a later state.
    """
    row, _ = _take(session, actor, village_code, quarter)
    if row.state is QuarterState.TALLIED:
        return row
    if today() <= last_day(quarter):
        raise Conflict(f"这个季度到 {say_day(last_day(quarter))} 才结束，结束以后才能统计。")
    _move(session, row, QuarterState.OPEN, QuarterState.TALLIED, tallied_by=actor.person_id, tallied_at=now())
    # What comes later is booked there.
    ensure_quarter(session, row.village_id, quarter + 1)
    session.execute(
        insert(QuarterLeftover).from_select(
            ["village_id", "quarter", "event_id"],
            select(Event.village_id, Event.quarter, Event.id).where(
                Event.village_id == row.village_id, Event.quarter == quarter, Event.state.in_(WAITING)
            ),
        )
    )
    _record(session, actor, "tally_quarter", row)
    return row


def reopen_quarter(session: Session, actor: Principal, village_code: str, quarter: int) -> VillageQuarter:
    """Take bookings again, as long as nothing was published; what was booked later meanwhile comes home.

    Repeated: the same.
    """
    row, _ = _take(session, actor, village_code, quarter)
    if row.state is QuarterState.OPEN:
        return row
    _move(session, row, QuarterState.TALLIED, QuarterState.OPEN, tallied_by=None, tallied_at=None)
    session.execute(
        delete(QuarterLeftover).where(QuarterLeftover.village_id == row.village_id, QuarterLeftover.quarter == quarter)
    )
    bring_home(session, row.village_id, quarter, made_by=actor.actor)
    _record(session, actor, "reopen_quarter", row)
    return row


def publish_quarter(
    session: Session, actor: Principal, village_code: str, quarter: int, *, objection_days: int | None = None
) -> VillageQuarter:
    """Publish edition 1 and open the objection period (default 7 days). Repeated: the same."""
    row, end = _take(session, actor, village_code, quarter)
    if row.state is QuarterState.PUBLISHED:
        return row
    days = row.objection_days if objection_days is None else objection_days
    if not 1 <= days <= 60:
        raise Invalid("公示期应为 1 到 60 天。", errors={"objection_days": ["应为 1 到 60 天。"]})
    _move(
        session,
        row,
        QuarterState.TALLIED,
        QuarterState.PUBLISHED,
        published_by=actor.person_id,
        published_at=now(),
        objection_days=days,
        objections_until=today() + timedelta(days=days),
    )
    publish_edition(session, actor, row, end, 1)
    _record(session, actor, "publish_quarter", row)
    return row


def close_quarter(session: Session, actor: Principal, village_code: str, quarter: int) -> VillageQuarter:
    """Publish edition 2, with what was upheld of the objections. Repeated: the same.

    Raises Conflict while the objection period runs or an objection has no answer.
    """
    row, end = _take(session, actor, village_code, quarter)
    if row.state is QuarterState.CLOSED:
        return row
    if row.state is QuarterState.PUBLISHED:
        _require_heard(session, row)
    _move(session, row, QuarterState.PUBLISHED, QuarterState.CLOSED, closed_by=actor.person_id, closed_at=now())
    publish_edition(session, actor, row, end, 2)
    _record(session, actor, "close_quarter", row)
    return row


def quarter_in_scope(
    session: Session, actor: Principal, village_code: str, quarter: int, *roles: Role
) -> VillageQuarter:
    """A village's quarter. Raises NotFound, Forbidden."""
    village = village_by_code(session, actor, village_code, *roles)
    row = session.get(VillageQuarter, (village.id, quarter), populate_existing=True)
    if row is None:
        raise NotFound(f"{village.name}还没有这个季度的积分。")
    return row


def _take(session: Session, actor: Principal, village_code: str, quarter: int) -> tuple[VillageQuarter, ChainEnd]:
    """The quarter, under the village's ledger row: no booking is under way."""
    village = village_by_code(session, actor, village_code, *ACTORS)
    end = lock_ledger(session, village.id)
    return quarter_in_scope(session, actor, village_code, quarter), end


def _move(session: Session, row: VillageQuarter, old: QuarterState, new: QuarterState, **values: Any) -> None:
    moved = session.execute(
        update(VillageQuarter)
        .where(
            VillageQuarter.village_id == row.village_id,
            VillageQuarter.quarter == row.quarter,
            VillageQuarter.state == old,
        )
        .values(state=new, version=VillageQuarter.version + 1, **values)
        .execution_options(synchronize_session=False)
    )
    session.refresh(row)
    if moved.rowcount != 1:  # type: ignore[attr-defined]
        raise Conflict(f"这个季度是“{_WORDS[row.state]}”，要先是“{_WORDS[old]}”才能这样办。请刷新后再看。")


def _require_heard(session: Session, row: VillageQuarter) -> None:
    if row.objections_until is not None and today() <= row.objections_until:
        raise Conflict(f"公示期到 {say_day(row.objections_until)}，期满后才能定榜。")
    unanswered = session.scalar(
        select(func.count()).where(
            Objection.village_id == row.village_id,
            Objection.quarter == row.quarter,
            Objection.state == ObjectionState.OPEN,
        )
    )
    if unanswered:
        raise Conflict(f"还有 {unanswered} 件异议没有书面答复，答复后才能定榜。")


def _record(session: Session, actor: Principal, action: str, row: VillageQuarter) -> None:
    audit.record(session, actor, action, "quarter", f"{row.village_id}:{row.quarter}", village_id=row.village_id)
