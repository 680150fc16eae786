"""A household as lists and forms name it, from intake's answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from services.gateway.pages.services import intake
from services.gateway.pages.wording import _
from shared.identity import Principal, Role

ACCOUNT_READERS = (
    Role.GRID_MEMBER,
    Role.CADRE,
    Role.KEEPER,
    Role.JUDGE,
    Role.SUPERVISOR,
    Role.ADMIN,
    Role.AUDITOR,
)
"""Who works with points, and so may look up a household and its account."""


@dataclass(frozen=True, slots=True)
class FoundHousehold:
    """Whose household it is and where; inside only, so the name is whole."""

    id: str
    name: str
    place: str
    village: str


def found_household(data: Mapping[str, Any]) -> FoundHousehold:
    """From intake's answer."""
    place = _(
        "%(village)s %(group)s %(number)s号",
        village=data["village_name"],
        group=data["group_name"],
        number=data["number"],
    )
    return FoundHousehold(str(data["id"]), data["head_name"], place, data["village"])


def household_of(principal: Principal, household_id: int) -> FoundHousehold:
    """One household by its id. Raises ServiceProblem where the person may not know of it."""
    return found_household(intake.get(f"/api/intake/households/{household_id}", principal).data)


def search_households(
    principal: Principal, query: str, cursor: str | None = None, limit: int = 20
) -> tuple[list[FoundHousehold], str | None]:
    """Households by name, pinyin, initials, card number or phone tail, and the cursor of the next page."""
    data = intake.get("/api/intake/households", principal, query=query, cursor=cursor, limit=limit).data
    return [found_household(item) for item in data["items"]], data["next_cursor"]
