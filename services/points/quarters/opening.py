"""Opening: on its first day a quarter begins in every village, under the revision in force on that day."""

from __future__ import annotations

from typing import cast

from sqlalchemy import Table, select
from sqlalchemy.orm import Session

from services.points.scoring.quarters import rulebooks_in_force
from shared.calendar import today
from shared.database.upserts import execute_counted, insert_or_nothing
from shared.models.points import Adoption, QuarterState, VillageQuarter
from shared.quarters import quarter_of


def open_quarters(session: Session) -> int:
    """Make the running quarter's row in every village that has a revision in force; how many were made."""
    quarter = quarter_of(today())
    has_row = select(VillageQuarter.village_id).where(VillageQuarter.quarter == quarter)
    villages = session.scalars(
        select(Adoption.village_id).where(Adoption.village_id.not_in(has_row)).distinct().order_by(Adoption.village_id)
    ).all()
    in_force = rulebooks_in_force(session, list(villages), [quarter])
    if not in_force:
        return 0
    rows = [
        {
            "village_id": village_id,
            "quarter": quarter,
            "rulebook_id": rulebook_id,
            "state": QuarterState.OPEN,
            "objection_days": 7,
            "version": 1,
        }
        for (village_id, _), rulebook_id in in_force.items()
    ]
    table = cast(Table, VillageQuarter.__table__)
    return execute_counted(session, insert_or_nothing(session, table).values(rows))
