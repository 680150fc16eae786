"""Daily reminders: 7 and 3 days before, on the day, and once after it; one digest a person, without content."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from typing import cast

from sqlalchemy import ColumnElement, Table, case, literal, or_, select
from sqlalchemy.orm import Session

from services.petitions.procedure.clocks import REMINDING
from services.petitions.procedure.tidings import LIST_PAGE
from shared.database.upserts import insert_or_nothing
from shared.messages.gateway import Notify
from shared.messaging import outbox
from shared.models.petition_kinds import ReminderStage
from shared.models.petitions import Assignment, Clock, Petition, Reminder

_BEFORE = {ReminderStage.SEVEN_DAYS: 7, ReminderStage.THREE_DAYS: 3}
DIGEST = "信访事项期限提醒"


@dataclass(frozen=True, slots=True)
class Digest:
    """What one person is reminded of on one day."""

    township_id: int
    person_id: int
    soon: int
    overdue: int

    @property
    def text(self) -> str:
        parts = [f"有 {self.soon} 件临近期限"] if self.soon else []
        parts += [f"有 {self.overdue} 件已超期限"] if self.overdue else []
        return "，".join(parts) + "，请打开信访事项办理。"


def send_reminders(session: Session, on: date) -> list[Digest]:
    """Remind of every clock that has reached a new stage on `on`. Days that were missed are not made up one by one:
    only the stage that holds today is given, and each comes once for a due day.
    """
    reached = _reached(session, on)
    if not reached:
        return []
    session.execute(
        insert_or_nothing(session, cast(Table, Reminder.__table__)),
        [{"clock_id": clock, "stage": stage, "due_on": due, "sent_on": on} for clock, stage, due in reached],
    )
    digests = _digests(session, {clock: stage for clock, stage, _ in reached})
    outbox.send_all(session, [_notice(digest, on) for digest in digests])
    return digests


def _stage(on: date) -> ColumnElement[str]:
    return case(
        (Clock.due_on_rolled < on, literal(ReminderStage.OVERDUE.value)),
        (Clock.due_on <= on, literal(ReminderStage.DUE.value)),
        *(
            (Clock.due_on <= on + timedelta(days=days), literal(stage.value))
            for stage, days in sorted(_BEFORE.items(), key=lambda entry: entry[1])
        ),
        else_=None,
    )


def _reached(session: Session, on: date) -> list[tuple[int, ReminderStage, date]]:
    """Running, binding clocks with the stage that they are in and that nobody was reminded of yet."""
    stage = _stage(on)
    given = select(Reminder.id).where(
        Reminder.clock_id == Clock.id, Reminder.due_on == Clock.due_on, Reminder.stage == stage
    )
    statement = (
        select(Clock.id, stage, Clock.due_on)
        .where(Clock.satisfied_on.is_(None), Clock.kind.in_(REMINDING))
        .where(Clock.due_on <= on + timedelta(days=max(_BEFORE.values())), ~given.exists())
        .order_by(Clock.id)
    )
    return [(clock, ReminderStage(name), due) for clock, name, due in session.execute(statement)]


def _digests(session: Session, stages: dict[int, ReminderStage]) -> list[Digest]:
    rows = session.execute(
        select(Petition.township_id, Assignment.person_id, Clock.id)
        .join(Petition, Petition.id == Clock.petition_id)
        .join(Assignment, Assignment.petition_id == Petition.id)
        .where(or_(*(Clock.id.in_(part) for part in _parts(sorted(stages)))))
    )
    counted: dict[tuple[int, int], list[int]] = defaultdict(lambda: [0, 0])
    for township, person, clock in rows:
        counted[township, person][stages[clock] is ReminderStage.OVERDUE] += 1
    return [Digest(township, person, *counts) for (township, person), counts in sorted(counted.items())]


def _parts(ids: list[int]) -> list[list[int]]:
    return [ids[start : start + 500] for start in range(0, len(ids), 500)]


def _notice(digest: Digest, on: date) -> Notify:
    return Notify(
        source=f"petitions.digest:{digest.person_id}:{on.isoformat()}",
        source_version=1,
        withdrawn=False,
        township_id=digest.township_id,
        person_ids=[digest.person_id],
        household_ids=[],
        title=DIGEST,
        text=digest.text,
        link=LIST_PAGE,
        urgent=digest.overdue > 0,
    )
