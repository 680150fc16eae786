"""Reminders of time limits: the day before, and when one has run out; each once, as one digest a person.

What has run out is also told to the next level: the cadres of the village and the township's admins.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import date

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from shared.calendar import add_days
from shared.messages.gateway import Notify
from shared.messaging import outbox
from shared.models.intake import Demand
from shared.models.intake_kinds import DemandState
from shared.models.registry import Duty, DutyKind

SOON, OVERDUE = "soon", "overdue"
_UNANSWERED = (DemandState.WAITING, DemandState.ASSIGNED, DemandState.TAKEN, DemandState.WORKING)


def remind_of_time_limits(session: Session, day: date) -> int:
    """Send what is due on `day`; how many people were told. A second run on the same day tells nobody."""
    due = _newly_due(session, SOON, day)
    late = _newly_due(session, OVERDUE, day)
    holders = _holders(session, day)
    counts: dict[tuple[int, int], Counter[str]] = defaultdict(Counter)
    for stage, demands in ((SOON, due), (OVERDUE, late)):
        for demand in demands:
            for person_id in _people(demand, holders, escalate=stage == OVERDUE):
                counts[(demand.township_id, person_id)][stage] += 1
    messages = [_digest(township_id, person_id, day, found) for (township_id, person_id), found in counts.items()]
    outbox.send_all(session, messages)
    return len(messages)


def _newly_due(session: Session, stage: str, day: date) -> Sequence[Demand]:
    """Demands that have reached the stage and were not reminded of it; marked in the same statement."""
    reached = Demand.due_on < day if stage == OVERDUE else Demand.due_on.between(day, add_days(day, 1))
    before = ("", SOON) if stage == OVERDUE else ("",)
    return session.scalars(
        update(Demand)
        .where(Demand.state.in_(_UNANSWERED), reached, Demand.reminded.in_(before))
        .values(reminded=stage)
        .returning(Demand)
    ).all()


Place = tuple[DutyKind, int]


def _holders(session: Session, day: date) -> dict[Place, set[int]]:
    """Who handles for which office, who is a cadre of which village, who is an admin of which township."""
    duties = session.scalars(
        select(Duty).where(
            Duty.kind.in_([DutyKind.HANDLER, DutyKind.CADRE, DutyKind.ADMIN]),
            Duty.valid_from <= day,
            or_(Duty.valid_to.is_(None), Duty.valid_to >= day),
        )
    )
    holders: dict[Place, set[int]] = defaultdict(set)
    for duty in duties:
        place = {DutyKind.HANDLER: duty.office_id, DutyKind.CADRE: duty.village_id}.get(duty.kind, duty.township_id)
        if place is not None:
            holders[(duty.kind, place)].add(duty.person_id)
    return holders


def _people(demand: Demand, holders: dict[Place, set[int]], *, escalate: bool) -> set[int]:
    cadres = holders.get((DutyKind.CADRE, demand.village_id), set())
    if demand.state is DemandState.WAITING:
        people = set(cadres)
    elif demand.assignee_id is not None:
        people = {demand.assignee_id}
    else:
        people = set(holders.get((DutyKind.HANDLER, demand.office_id or 0), set()))
    if escalate:
        people |= cadres | holders.get((DutyKind.ADMIN, demand.township_id), set())
    return people


def _digest(township_id: int, person_id: int, day: date, found: Counter[str]) -> Notify:
    parts = []
    if found[OVERDUE]:
        parts.append(f"{found[OVERDUE]} 件已超期")
    if found[SOON]:
        parts.append(f"{found[SOON]} 件今天或明天到期")
    return Notify(
        source=f"intake.demands_due:{person_id}:{day.isoformat()}",
        source_version=1,
        withdrawn=False,
        township_id=township_id,
        person_ids=[person_id],
        household_ids=[],
        title="诉求的答复期限",
        text=f"诉求 {'，'.join(parts)}，请尽快办理并答复。",
        link="/demands",
        urgent=bool(found[OVERDUE]),
    )
