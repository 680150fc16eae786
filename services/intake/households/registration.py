"""Registering households with their people: one at the counter, or a county's in one go."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from services.intake.households.bulk import insert_rows
from services.intake.households.cards import new_card_numbers, new_card_token
from services.intake.households.people import NewPerson, person_values
from shared.models.registry import Household, Person, Resident

HEAD = "户主"


@dataclass(frozen=True, slots=True)
class NewResident:
    """A person and the relation to the head of the household (户主, 配偶, 子, 女 …).

    `person_id` is of somebody whom the registry knows already; then nothing of `person` is stored anew.
    """

    person: NewPerson
    relation: str
    person_id: int | None = None


@dataclass(frozen=True, slots=True)
class NewHousehold:
    """A household to be registered. Number and card are given out where they are None; ids are the registry's."""

    village_id: int
    group_id: int
    residents: Sequence[NewResident]
    valid_from: date
    neighbours_id: int | None = None
    number: int | None = None
    card_number: str | None = None
    card_token: str = field(default_factory=new_card_token)
    address: str = ""

    @property
    def head(self) -> NewPerson:
        """The resident who is 户主, else the first."""
        heads = [resident.person for resident in self.residents if resident.relation == HEAD]
        return heads[0] if heads else self.residents[0].person


@dataclass(frozen=True, slots=True)
class Registered:
    """Ids of one household and of its residents' persons, in the order given."""

    household_id: int
    person_ids: tuple[int, ...]


def register_households_bulk(
    session: Session, township_id: int, households: Sequence[NewHousehold]
) -> list[Registered]:
    """Insert households, persons and memberships, each in a few statements; in the order given.

    The caller has checked the values and that no identity number is registered yet (else IntegrityError), and writes
    the audit entry of the import or the load.
    """
    if not households:
        return []
    numbers = _numbers(session, households)
    cards = iter(new_card_numbers(session, sum(household.card_number is None for household in households)))
    household_ids = insert_rows(
        session,
        Household,
        [_household_values(household, number, cards) for household, number in zip(households, numbers, strict=True)],
    )
    residents = [resident for household in households for resident in household.residents]
    unknown = [resident.person for resident in residents if resident.person_id is None]
    made = iter(insert_rows(session, Person, person_values(township_id, unknown)))
    remaining = iter([resident.person_id or next(made) for resident in residents])
    registered = [
        Registered(household_id, tuple(next(remaining) for _ in household.residents))
        for household_id, household in zip(household_ids, households, strict=True)
    ]
    memberships = [
        {
            "person_id": person_id,
            "household_id": ids.household_id,
            "relation": resident.relation,
            "valid_from": household.valid_from,
            "valid_to": None,
        }
        for ids, household in zip(registered, households, strict=True)
        for person_id, resident in zip(ids.person_ids, household.residents, strict=True)
    ]
    insert_rows(session, Resident, memberships)
    return registered


def _numbers(session: Session, households: Sequence[NewHousehold]) -> list[int]:
    """Given numbers, or the next free ones of each village."""
    last: Counter[int] = Counter()
    for village_id, highest in session.execute(
        select(Household.village_id, func.max(Household.number))
        .where(Household.village_id.in_({household.village_id for household in households}))
        .group_by(Household.village_id)
    ):
        last[village_id] = highest
    for household in households:
        last[household.village_id] = max(last[household.village_id], household.number or 0)
    numbers = []
    for household in households:
        if household.number is None:
            last[household.village_id] += 1
        numbers.append(household.number or last[household.village_id])
    return numbers


def _household_values(household: NewHousehold, number: int, cards: Iterator[str]) -> dict[str, Any]:
    head = household.head
    full, initials = head.pinyin
    return {
        "village_id": household.village_id,
        "group_id": household.group_id,
        "neighbours_id": household.neighbours_id,
        "number": number,
        "card_number": household.card_number or next(cards),
        "card_token": household.card_token,
        "head_name": head.name,
        "head_pinyin": full,
        "head_initials": initials,
        "address": household.address,
        "valid_from": household.valid_from,
        "valid_to": None,
        "successor_id": None,
        "version": 1,
    }
