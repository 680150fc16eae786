"""What a scope's scores differ by from what the ledger holds; nothing is posted here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from services.points.scoring.expressions import Statement
from services.points.scoring.outcome import Outcome
from services.points.scoring.quarters import quarter_rows
from services.points.scoring.scope import Scope
from services.points.scoring.statement import COUNTS, end_bulk, prepare_bulk, scoring_statement
from services.points.scoring.values import table_of
from shared.database.engine import is_sqlite


@dataclass(frozen=True, slots=True)
class ScoredDifference:
    """One event: what the ledger holds (0 where it has no entry), and its score. Hundredths."""

    event_id: int
    household_id: int
    rule_id: int
    quarter: int
    held: int
    scored: int


def counted(row: Row[Any]) -> Outcome:
    """The counts that `COUNTS` selected."""
    return Outcome(int(row.events), int(row.entries), int(row.households), int(row.up), int(row.down))


def _statement(session: Session, village_id: int, scope: Scope, rulebooks: Mapping[int, int] | None) -> Statement:
    rows = quarter_rows(session, village_id)
    table = table_of(session, village_id, scope, rows, rulebooks=rulebooks)
    prepare_bulk(session, scope)
    return scoring_statement(session, village_id, scope, table)


def differences(
    session: Session,
    village_id: int,
    *,
    scope: Scope,
    rulebooks: Mapping[int, int] | None = None,
    limit: int | None = None,
) -> list[ScoredDifference]:
    """The events whose score differs from the ledger, by id. `rulebooks`: quarter → revision to score by instead."""
    statement = _statement(session, village_id, scope, rulebooks)
    rows = session.execute(
        text(
            f"WITH {statement.expressions} SELECT id, household_id, rule_id, quarter, coalesce(held, 0) AS held, scored"
            f" FROM differing ORDER BY id" + (" LIMIT :row_limit" if limit is not None else "")
        ),
        statement.parameters | ({"row_limit": limit} if limit is not None else {}),
    )
    found = [ScoredDifference(*map(int, row)) for row in rows]
    end_bulk(session, scope)
    return found


def count_scored(
    session: Session, village_id: int, *, scope: Scope, rulebooks: Mapping[int, int] | None = None
) -> Outcome:
    """The counts that posting this scope would come to."""
    statement = _statement(session, village_id, scope, rulebooks)
    row = session.execute(text(f"WITH {statement.expressions} {COUNTS}"), statement.parameters).one()
    end_bulk(session, scope)
    return counted(row)


def store_differences(
    session: Session,
    village_id: int,
    recalculation_id: int,
    *,
    scope: Scope,
    rulebooks: Mapping[int, int] | None,
) -> Outcome:
    """Keep the differences of a preview as `points_difference` rows, and count them."""
    statement = _statement(session, village_id, scope, rulebooks)
    insert = (
        "INSERT INTO points_difference"
        " (recalculation_id, village_id, event_id, household_id, rule_id, quarter, held, scored)"
    )
    select = (
        "SELECT CAST(:recalculation AS bigint), CAST(:village AS bigint), id, household_id, rule_id, quarter,"
        " coalesce(held, 0), scored FROM differing"
    )
    parameters = statement.parameters | {"recalculation": recalculation_id}
    if is_sqlite(session):
        session.execute(text(f"{insert} WITH {statement.expressions} {select}"), parameters)
        row = session.execute(text(f"WITH {statement.expressions} {COUNTS}")).one()
    else:
        kept = f"kept AS ({insert} {select})"
        row = session.execute(text(f"WITH {statement.expressions}, {kept} {COUNTS}"), parameters).one()
    end_bulk(session, scope)
    return counted(row)
