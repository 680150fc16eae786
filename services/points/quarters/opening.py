"""Opening: on its first day a quarter begins in every village, under the revision in force on that day."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from sqlalchemy import Table, or_, select
from sqlalchemy.orm import Session

from services.points.scoring.quarters import TRIAL_IS_OVER, rulebooks_in_force, rulebooks_kept
from shared.calendar import today
from shared.database.upserts import execute_counted, insert_or_nothing
from shared.messages.gateway import Notify
from shared.messaging import outbox
from shared.models.points import Adoption, QuarterState, VillageLedger, VillageQuarter
from shared.models.registry import Duty, DutyKind, Village
from shared.quarters import quarter_of, say_quarter


def open_quarters(session: Session) -> int:
    """Make the running quarter's row in every village that has adopted a revision; how many were made.

    Where a trial is over and nothing was adopted since, the village's cadres are told what to do.
    """
    quarter = quarter_of(today())
    has_row = select(VillageQuarter.village_id).where(VillageQuarter.quarter == quarter)
    without = select(Adoption.village_id).where(Adoption.village_id.not_in(has_row))
    # A request may be making the same row: both hold the village's ledger row, in the order of ids.
    held = session.scalars(
        select(VillageLedger.village_id)
        .where(VillageLedger.village_id.in_(without))
        .order_by(VillageLedger.village_id)
        .with_for_update()
    ).all()
    if not held:
        return 0
    villages = list(session.scalars(without.where(Adoption.village_id.in_(held)).distinct()))
    kept = rulebooks_kept(session, villages, [quarter])
    rows = [
        {
            "village_id": village_id,
            "quarter": quarter,
            "rulebook_id": rulebook_id,
            "state": QuarterState.OPEN,
            "objection_days": 7,
            "version": 1,
        }
        for (village_id, _), rulebook_id in sorted((rulebooks_in_force(session, villages, [quarter]) | kept).items())
    ]
    if not rows:
        return 0
    _tell_cadres(session, sorted(village_id for village_id, _ in kept), quarter)
    return execute_counted(session, insert_or_nothing(session, cast(Table, VillageQuarter.__table__)).values(rows))


def _tell_cadres(session: Session, village_ids: Sequence[int], quarter: int) -> None:
    """One message a village to those who answer for it today."""
    if not village_ids:
        return
    cadres: dict[int, list[int]] = {}
    duties = select(Duty.village_id, Duty.person_id).where(
        Duty.village_id.in_(village_ids),
        Duty.kind == DutyKind.CADRE,
        Duty.valid_from <= today(),
        or_(Duty.valid_to.is_(None), Duty.valid_to >= today()),
    )
    for village_id, person_id in session.execute(duties):
        cadres.setdefault(village_id or 0, []).append(person_id)
    outbox.send_all(
        session,
        [
            Notify(
                source=f"points.trial_over:{village.id}:{quarter}",
                source_version=1,
                withdrawn=False,
                township_id=village.township_id,
                person_ids=sorted(cadres[village.id]),
                household_ids=[],
                title="积分细则试行期已满，请办理采用",
                text=f"{village.name}{say_quarter(quarter)}：{TRIAL_IS_OVER}",
                link="/revisions",
                urgent=False,
            )
            for village in session.scalars(select(Village).where(Village.id.in_(cadres)).order_by(Village.id))
        ],
    )
