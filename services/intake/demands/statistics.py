"""Figures about demands, each with its denominator and with the list behind it one click away.

Collected: everything received in the period that was not withdrawn. Solved: closed and not opened again since,
petitions left out. On time: of the solved, answered by the last day of the time limit.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, case, func, select
from sqlalchemy.orm import Session

from services.intake.demands.access import demand_visible
from shared.identity import Principal
from shared.models.intake import Demand, DemandCategory
from shared.models.intake_kinds import DemandState
from shared.models.registry import Office, Village


class Grouping(StrEnum):
    """By what figures are told apart."""

    VILLAGE = "village"
    CATEGORY = "category"
    OFFICE = "office"


@dataclass(frozen=True, slots=True)
class Figures:
    """One line. `converted` are petitions now: they count as collected, and not as solved."""

    key: str
    name: str
    collected: int
    solved: int
    on_time: int
    unanswered: int
    overdue: int
    converted: int


_COUNTS = ("collected", "solved", "on_time", "unanswered", "overdue", "converted")
_GROUPS: dict[Grouping, tuple[Any, Any, type, Any]] = {
    Grouping.VILLAGE: (Village.code, Village.name, Village, Village.id == Demand.village_id),
    Grouping.CATEGORY: (
        DemandCategory.code,
        DemandCategory.name,
        DemandCategory,
        DemandCategory.id == Demand.category_id,
    ),
    Grouping.OFFICE: (Office.code, Office.name, Office, Office.id == Demand.office_id),
}


def demand_figures(
    session: Session, actor: Principal, since: date, until: date, day: date, by: Grouping
) -> tuple[Figures, list[Figures]]:
    """The total and one line per group, of what this person may see, received from `since` to `until`."""
    rows = session.execute(_statement(actor, since, until, day, by)).all()
    lines = [Figures(key or "", name or "未派到办公室", *counts) for key, name, *counts in rows]
    totals = (sum(getattr(line, count) for line in lines) for count in _COUNTS)
    return Figures("", "合计", *totals), lines


def _statement(actor: Principal, since: date, until: date, day: date, by: Grouping) -> Select[Any]:
    solved = (Demand.state == DemandState.CLOSED) & Demand.converted_on.is_(None)
    unanswered = Demand.state.in_([DemandState.WAITING, DemandState.ASSIGNED, DemandState.TAKEN, DemandState.WORKING])
    key, name, table, link = _GROUPS[by]
    return (
        select(
            key,
            name,
            func.count(),
            _count(solved),
            _count(solved & (Demand.answered_on <= Demand.due_on)),
            _count(unanswered),
            _count(unanswered & (Demand.due_on < day)),
            _count(Demand.converted_on.is_not(None)),
        )
        .select_from(Demand)
        .outerjoin(table, link)
        .where(
            demand_visible(actor),
            Demand.received_on.between(since, until),
            Demand.state != DemandState.WITHDRAWN,
        )
        .group_by(key, name)
        .order_by(key)
    )


def _count(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.sum(case((condition, 1), else_=0))
