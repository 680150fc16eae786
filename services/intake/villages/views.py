"""Villages as lists show them, with the code of the one that a merged village became part of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from shared.models.registry import Village


@dataclass(frozen=True, slots=True)
class VillageView:
    """One line."""

    id: int
    code: str
    name: str
    phone: str
    valid_from: date
    valid_to: date | None
    successor: str | None
    version: int


def village_views(session: Session, villages: Sequence[Village]) -> list[VillageView]:
    """Views in the order given, with the successors' codes in one statement."""
    successors = {village.successor_id for village in villages if village.successor_id is not None}
    codes: dict[int, str] = {}
    if successors:
        rows = session.execute(select(Village.id, Village.code).where(Village.id.in_(successors)))
        codes = {row.id: row.code for row in rows}
    return [
        VillageView(
            village.id,
            village.code,
            village.name,
            village.phone,
            village.valid_from,
            village.valid_to,
            codes.get(village.successor_id) if village.successor_id is not None else None,
            village.version,
        )
        for village in villages
    ]
