"""The statement that scores and compares: its expressions, what the databases need around it, and its counts."""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.orm import Session

from services.points.scoring.expressions import Expressions, Statement, value_rows
from services.points.scoring.scope import Scope
from services.points.scoring.values import Table
from shared.database.engine import is_sqlite

_DIFFERING = "differing AS MATERIALIZED (SELECT * FROM scored WHERE scored <> coalesce(held, 0))"

COUNTS = """SELECT (SELECT count(*) FROM raw) AS events, count(*) AS entries,
  count(DISTINCT household_id) AS households,
  coalesce(sum(scored - coalesce(held, 0)) FILTER (WHERE scored > coalesce(held, 0)), 0) AS up,
  coalesce(sum(scored - coalesce(held, 0)) FILTER (WHERE scored < coalesce(held, 0)), 0) AS down FROM differing"""


def scoring_statement(
    session: Session, village_id: int, scope: Scope, table: Table, *, nothing_held: bool = False
) -> Statement:
    """Build the statement. On SQLite the scores are computed at once, into a temporary table that `scored` reads.

    `nothing_held`: the caller holds the village's ledger row and knows that nothing was ever posted.
    """
    if not is_sqlite(session):
        statement = Expressions(False, scope, table, nothing_held=nothing_held).build(village_id)
        return Statement(f"{statement.expressions},\n{_DIFFERING}", statement.parameters)
    _fill_temporary_tables(session, table)
    statement = Expressions(True, scope, table).build(village_id)
    session.execute(
        text(
            f"INSERT INTO scope_scored WITH {statement.expressions}"
            " SELECT id, household_id, rule_id, quarter, booked, held, scored FROM scored"
        ),
        statement.parameters,
    )
    return Statement(
        f"raw AS (SELECT id FROM scope_scored),\nscored AS (SELECT * FROM scope_scored),\n{_DIFFERING}",
        {"village": village_id},
    )


def household_expressions(session: Session, village_id: int, scope: Scope, table: Table) -> Statement:
    """The expressions for a few households up to `scored`, with `filled` before it; nothing is computed or written.

    On SQLite the caller provides `scope_value` and `scope_step` as expressions before them.
    """
    return Expressions(is_sqlite(session), scope, table).build(village_id)


def prepare_bulk(session: Session, scope: Scope) -> None:
    """Tell PostgreSQL's planner, for this transaction, what it can't see: expressions have no statistics."""
    if is_sqlite(session):
        return
    if scope.households is not None:
        session.execute(text("SET LOCAL jit = off"))
        return
    session.execute(
        text(
            "SELECT set_config('jit', 'off', true), set_config('work_mem', '64MB', true),"
            " set_config('enable_mergejoin', 'off', true), set_config('enable_nestloop', 'off', true)"
        )
    )


def end_bulk(session: Session, scope: Scope) -> None:
    """Give the planner its freedom back for the rest of the transaction."""
    if not is_sqlite(session) and scope.households is None:
        session.execute(
            text("SELECT set_config('enable_mergejoin', 'on', true), set_config('enable_nestloop', 'on', true)")
        )


def _fill_temporary_tables(session: Session, table: Table) -> None:
    connection = session.connection()
    for statement in (
        """CREATE TEMPORARY TABLE IF NOT EXISTS scope_value (
             n INTEGER, rule INTEGER, quarter INTEGER, mode INTEGER, points INTEGER, low INTEGER, high INTEGER,
             cap INTEGER, by_month INTEGER, shelf INTEGER, shelf_cap INTEGER, once INTEGER, memory INTEGER,
             posts INTEGER, booked INTEGER, PRIMARY KEY (rule, quarter)) WITHOUT ROWID""",
        """CREATE TEMPORARY TABLE IF NOT EXISTS scope_step (
             n INTEGER, threshold INTEGER, amount INTEGER, PRIMARY KEY (n, threshold)) WITHOUT ROWID""",
        """CREATE TEMPORARY TABLE IF NOT EXISTS scope_scored (
             id INTEGER PRIMARY KEY, household_id INTEGER, rule_id INTEGER, quarter INTEGER, booked INTEGER,
             held INTEGER, scored INTEGER)""",
        "DELETE FROM scope_scored",
        "DELETE FROM scope_value",
        "DELETE FROM scope_step",
    ):
        connection.exec_driver_sql(statement)
    rows = value_rows(table)
    if rows:
        connection.execute(
            text(
                "INSERT INTO scope_value VALUES (:n, :rule, :quarter, :mode, :points, :low, :high, :cap, :by_month,"
                " :shelf, :shelf_cap, :once, :memory, :posts, :booked)"
            ),
            rows,
        )
    steps = [
        {"n": value.n, "threshold": threshold, "amount": amount}
        for value in table.values
        for threshold, amount in zip(value.at or (), value.amounts or (), strict=True)
    ]
    if steps:
        connection.execute(text("INSERT INTO scope_step VALUES (:n, :threshold, :amount)"), steps)
