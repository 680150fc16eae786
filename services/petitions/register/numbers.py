"""Numbers of petitions: `2026-0007`, per township and year, without gaps; sealed ones get a random one."""

from __future__ import annotations

from typing import cast

from sqlalchemy import Table
from sqlalchemy.orm import Session

from services.petitions.register.secrets import new_sealed_number
from shared.database.upserts import upsert
from shared.models.petitions import NumberSeries


def next_number(session: Session, township_id: int, year: int, *, sealed: bool) -> str:
    """The next number; the row of the series is locked until the transaction ends, so that no number is lost."""
    if sealed:
        return new_sealed_number(year)
    statement = (
        upsert(session, cast(Table, NumberSeries.__table__))
        .values(township_id=township_id, year=year, last=1)
        .on_conflict_do_update(index_elements=["township_id", "year"], set_={"last": NumberSeries.last + 1})
        .returning(NumberSeries.last)
    )
    return f"{year}-{session.scalar(statement):04d}"
