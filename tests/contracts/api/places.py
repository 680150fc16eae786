"""Which village an answer speaks of, and whether the caller may be told of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import Any
from zipfile import ZipFile

from sqlalchemy import ColumnElement, String, cast, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from shared.identity import Role
from shared.models.points import Item
from shared.models.registry import Duty, Grid, Household, Person, Resident, Village

ELSEWHERE = "䶮"
"""Before every name in the villages that no caller answers for; a masked name keeps its first sign."""

TOWNSHIP_WIDE = {
    "GET /api/intake/duties": "leaders, clerks and offices' handlers serve the whole township",
    "GET /api/intake/duties/{duty_id}": "the same, one by one",
}
"""Operations that may tell someone of a village what belongs to none, each with its reason."""

_VILLAGE = frozenset({"village", "village_code", "village_name", "village_id"})
_VILLAGES = frozenset({"villages", "village_codes"})
_HOUSEHOLD = frozenset({"household", "household_id"})
_GRID = frozenset({"grid_id", "group_id", "neighbours_id"})


@dataclass(frozen=True, slots=True)
class Named:
    """Something in an answer that names a place. `village` is None where it is of no village that we know."""

    words: str
    village: int | None
    household: int | None = None
    is_blank: bool = False
    """It says of itself that it belongs to no village."""


@dataclass(frozen=True, slots=True)
class Reach:
    """What someone may be told of. `villages` None: all of the township; `household`: this one and no neighbour's."""

    villages: frozenset[int] | None
    household: int | None = None


@dataclass(frozen=True, slots=True)
class Places:
    """The villages, grids and households of all townships: by whatever an answer calls them, the village."""

    village_of_words: dict[str, int]
    """By code, by name and by id."""
    village_of_household: dict[int, int]
    village_of_grid: dict[int, int]

    def named_in(self, answer: Any) -> Iterator[Named]:
        """Everything in an answer that names a village, a grid or a household."""
        if isinstance(answer, list):
            for below in answer:
                yield from self.named_in(below)
        elif isinstance(answer, dict):
            for name, value in answer.items():
                yield from self._named(name, value)

    def foreign_in(self, answer: Any, reach: Reach, *, township_wide: bool = False) -> list[str]:
        """What an answer names that `reach` does not cover; what is of no village counts unless `township_wide`."""
        if reach.villages is None:
            return []
        return [
            named.words
            for named in self.named_in(answer)
            if not (township_wide if named.is_blank else named.village in reach.villages)
            or (reach.household is not None and named.household not in {None, reach.household})
        ]

    def _named(self, name: str, value: Any) -> Iterator[Named]:
        words = f"{name} {value!r}"
        if name in _VILLAGE and not isinstance(value, dict | list):
            yield Named(words, self.village_of_words.get(str(value)), is_blank=value in (None, ""))
        elif name in _VILLAGES and isinstance(value, list) and all(isinstance(each, str | int) for each in value):
            for each in value:
                yield Named(f"{name} {each!r}", self.village_of_words.get(str(each)))
        elif name in _HOUSEHOLD and _is_id(value):
            # Where it is the name of the head, many villages have one of that name: the sign tells them apart.
            yield Named(words, self.village_of_household.get(int(value)), int(value))
        elif name in _GRID and _is_id(value):
            yield Named(words, self.village_of_grid.get(int(value)))
        else:
            yield from self.named_in(value)


def places_of(session: Session) -> Places:
    """All places in the database, of whichever township."""
    words: dict[str, int] = {}
    for village_id, code, name in session.execute(select(Village.id, Village.code, Village.name)):
        words |= {str(village_id): village_id, code: village_id, name: village_id}
    households = session.execute(select(Household.id, Household.village_id)).all()
    return Places(words, dict(households), dict(session.execute(select(Grid.id, Grid.village_id)).all()))


def sign_elsewhere(session: Session, own_code: str) -> None:
    """Let every name in the other villages of this village's township carry the sign `ELSEWHERE`.

    Those who hold a duty keep theirs: many of them serve the whole township.
    """
    own = select(Village.township_id).where(Village.code == own_code).scalar_subquery()
    villages = select(Village.id).where(Village.township_id == own, Village.code != own_code)
    households = select(Household.id).where(Household.village_id.in_(villages))
    people = select(Resident.person_id).where(Resident.household_id.in_(households))
    signed: list[tuple[Any, InstrumentedAttribute[str], ColumnElement[bool]]] = [
        (Grid, Grid.name, Grid.village_id.in_(villages)),
        (Household, Household.head_name, Household.village_id.in_(villages)),
        (Household, Household.address, Household.village_id.in_(villages)),
        (Person, Person.name, Person.id.in_(people) & Person.id.not_in(select(Duty.person_id))),
        (Item, Item.name, Item.village_id.in_(villages)),
    ]
    for model, column, where in signed:
        changed = update(model).where(where).values({column: cast(ELSEWHERE, String) + column})
        session.execute(changed.execution_options(synchronize_session=False))


def told_to_all(operation: dict[str, Any]) -> bool:
    """Whether a described operation says the same to everybody, so that it is nobody's secret."""
    return Role.PUBLIC in operation.get("x-roles", [str(Role.PUBLIC)])


def text_of(content: bytes) -> str:
    """What an answer says, however its JSON spells it, a workbook's cells too."""
    if content[:1] in {b"{", b"["}:
        return json.dumps(json.loads(content), ensure_ascii=False)
    if not content.startswith(b"PK"):
        return content.decode(errors="replace")
    with ZipFile(BytesIO(content)) as workbook:
        return "".join(workbook.read(name).decode() for name in workbook.namelist())


def _is_id(value: Any) -> bool:
    return isinstance(value, str | int) and str(value).isdigit()
