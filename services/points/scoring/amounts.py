"""What each event of one household came to, step by step: the numbers behind an explanation. Only reads.

The same statement as everywhere; its values come as expressions, since a reading transaction has no temporary tables.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.orm import Session

from services.points.scoring.expressions import value_rows
from services.points.scoring.quarters import quarter_rows
from services.points.scoring.scope import Scope
from services.points.scoring.statement import household_expressions
from services.points.scoring.values import Table, table_of
from shared.database.engine import is_sqlite

_INTEGERS = (
    *("n", "rule", "quarter", "mode", "points", "low", "high", "cap", "by_month", "shelf", "shelf_cap", "once"),
    *("memory", "posts", "booked"),
)


@dataclass(frozen=True, slots=True)
class EventAmounts:
    """One event in hundredths: by its mode alone, after the rule's cap, after the category's (the ledger's)."""

    raw: int
    ruled: int
    scored: int


def amounts_of_household(
    session: Session, village_id: int, household_id: int, quarters: Collection[int]
) -> dict[int, EventAmounts]:
    """Event id → amounts, for the household's posted and voided events of these quarters."""
    rows = quarter_rows(session, village_id)
    scope = Scope({quarter: None for quarter in quarters if quarter in rows}, frozenset({household_id}))
    if scope.is_empty:
        return {}
    table = table_of(session, village_id, scope, rows)
    statement = household_expressions(session, village_id, scope, table)
    given = f"{_values_on_sqlite()},\n" if is_sqlite(session) else ""
    parameters = statement.parameters | (_parameters_on_sqlite(table) if is_sqlite(session) else {})
    found = session.execute(
        text(
            f"WITH {given}{statement.expressions}"
            " SELECT f.id, f.raw, f.ruled, s.scored FROM filled f JOIN scored s ON s.id = f.id"
        ),
        parameters,
    )
    return {int(row.id): EventAmounts(int(row.raw), int(row.ruled), int(row.scored)) for row in found}


def _values_on_sqlite() -> str:
    """The temporary tables of a bulk scope as expressions of the same names."""
    columns = ", ".join(f"json_extract(value, '$.{name}') AS {name}" for name in _INTEGERS)
    steps = ", ".join(f"json_extract(value, '$.{name}') AS {name}" for name in ("n", "threshold", "amount"))
    return (
        f"scope_value AS (SELECT {columns} FROM json_each(:value_rows)),\n"
        f"scope_step AS (SELECT {steps} FROM json_each(:step_rows))"
    )


def _parameters_on_sqlite(table: Table) -> dict[str, str]:
    steps = [
        {"n": value.n, "threshold": threshold, "amount": amount}
        for value in table.values
        for threshold, amount in zip(value.at or (), value.amounts or (), strict=True)
    ]
    return {"value_rows": json.dumps(value_rows(table)), "step_rows": json.dumps(steps)}
