"""A household as lists show it, with the names of its village and group."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from shared.models.registry import Grid, Household, Village


@dataclass(frozen=True, slots=True)
class HouseholdView:
    """One line of a list."""

    id: int
    village_code: str
    village_name: str
    group_id: int
    group_name: str
    neighbours_id: int | None
    number: int
    card_number: str
    head_name: str
    address: str
    valid_from: date
    valid_to: date | None
    version: int


def household_views(session: Session, households: Sequence[Household]) -> list[HouseholdView]:
    """Views in the order given, with two statements for all names."""
    villages = {
        village.id: village
        for village in session.scalars(select(Village).where(Village.id.in_({each.village_id for each in households})))
    }
    groups = {
        row.id: row.name
        for row in session.execute(
            select(Grid.id, Grid.name).where(Grid.id.in_({each.group_id for each in households}))
        )
    }
    return [
        HouseholdView(
            id=household.id,
            village_code=villages[household.village_id].code,
            village_name=villages[household.village_id].name,
            group_id=household.group_id,
            group_name=groups[household.group_id],
            neighbours_id=household.neighbours_id,
            number=household.number,
            card_number=household.card_number,
            head_name=household.head_name,
            address=household.address,
            valid_from=household.valid_from,
            valid_to=household.valid_to,
            version=household.version,
        )
        for household in households
    ]
