"""What the recalculation is measured against: DuckDB in process, and hand-written SQL on the same tables.

Both score every event: raw amounts by mode, rule caps by month or quarter, category caps by quarter. The bench checks
that their sums equal the ledger's.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import duckdb
import psycopg

from shared.models.points import CapPeriod, Mode, Per
from tests.bench.township import CATEGORY_CAPS, BenchTownship, rule_shapes

CONNECTIONS = 2


def _rule_rows(rule_ids: list[int]) -> str:
    """VALUES rows of the rules; modes: 1 fixed, 2 range, 3 tiered, 4 tiered by year, 5 stepped."""
    rows = []
    for shape, rule_id in zip(rule_shapes(), rule_ids, strict=True):
        mode = {Mode.FIXED: 1, Mode.RANGE: 2, Mode.TIERED: 3, Mode.STEPPED: 5}[shape.mode]
        if shape.per is Per.YEAR:
            mode = 4
        cap = "NULL::int" if shape.cap is None else str(shape.cap)
        by_month = "true" if shape.cap_period is CapPeriod.MONTH else "false"
        category_cap = CATEGORY_CAPS[shape.category]
        shelf_cap = "NULL::int" if category_cap is None else str(category_cap)
        shelf = "ABCDE".index(shape.category)
        rows.append(f"({rule_id}, {mode}, {shape.points or 0}, {cap}, {by_month}, {shelf}, {shelf_cap})")
    return ", ".join(rows)


def _tier(quantity: str, steps: tuple[tuple[int, int], ...]) -> str:
    cases = " ".join(f"WHEN {quantity} >= {at} THEN {amount}" for at, amount in reversed(steps))
    return f"CASE {cases} ELSE 0 END"


def _amount() -> str:
    """Raw amount of a row with `mode`, `points`, `quantity`, `chosen`, `total`, `nth`."""
    shapes = rule_shapes()
    tiers = next(shape.steps for shape in shapes if shape.per is Per.EVENT)
    yearly = next(shape.steps for shape in shapes if shape.per is Per.YEAR)
    steps = next(shape.steps for shape in shapes if shape.mode is Mode.STEPPED)
    return f"""CASE mode
      WHEN 2 THEN least(greatest(coalesce(chosen, 0), 100), 800)
      WHEN 3 THEN {_tier("quantity", tiers)}
      WHEN 4 THEN ({_tier("total", yearly)}) - ({_tier("total - quantity", yearly)})
      WHEN 5 THEN {_tier("nth * 100", steps)} END"""


def score_sql(source: str, rule_rows: str, *, integer_division: str) -> str:
    """`WITH` list that ends in `scored(id, household_id, quarter, scored)`: windows only where a cap is exceeded."""
    fixed = f"(quantity * points + CASE WHEN points < 0 THEN -50 ELSE 50 END) {integer_division} 100"
    base = "e.id, e.household_id, e.rule_id, e.quarter, e.month, e.occurred_on, e.quantity, e.chosen"
    order = "ORDER BY occurred_on, id"
    return f"""v(rule, mode, points, cap, by_month, shelf, shelf_cap) AS MATERIALIZED (VALUES {rule_rows}),
plain AS (
  SELECT {base}, v.*, 0 AS total, 0 AS nth FROM {source} e JOIN v ON v.rule = e.rule_id WHERE v.mode <= 3
), counted AS (
  SELECT {base}, v.*,
    sum(e.quantity) OVER (PARTITION BY e.household_id, e.rule_id, e.quarter / 4 ORDER BY e.occurred_on, e.id) AS total,
    row_number() OVER (PARTITION BY e.household_id, e.rule_id, e.quarter / 4 ORDER BY e.occurred_on, e.id) AS nth
  FROM {source} e JOIN v ON v.rule = e.rule_id WHERE v.mode > 3
), raw AS MATERIALIZED (
  SELECT id, household_id, rule_id, quarter, occurred_on, cap, shelf, shelf_cap,
    CASE WHEN by_month THEN month ELSE quarter END AS period,
    CAST(CASE WHEN mode = 1 THEN {fixed} ELSE {_amount()} END AS int) AS raw
  FROM (SELECT * FROM plain UNION ALL SELECT * FROM counted) u
), exceeding AS (
  SELECT household_id, rule_id, period FROM raw WHERE cap IS NOT NULL
  GROUP BY household_id, rule_id, period HAVING sum(abs(raw)) > min(cap)
), cut AS (
  SELECT id, CAST(greatest(least(running, cap), -cap) - greatest(least(running - raw, cap), -cap) AS int) AS ruled
  FROM (SELECT raw.id, raw.raw, raw.cap,
      sum(raw.raw) OVER (PARTITION BY household_id, rule_id, period {order}) AS running
    FROM raw JOIN exceeding USING (household_id, rule_id, period)) r
), ruled AS (
  SELECT raw.id, raw.household_id, raw.rule_id, raw.quarter, raw.occurred_on, raw.shelf, raw.shelf_cap,
    coalesce(cut.ruled, raw.raw) AS ruled
  FROM raw LEFT JOIN cut ON cut.id = raw.id
), overfull AS (
  SELECT household_id, quarter, shelf FROM ruled WHERE shelf_cap IS NOT NULL AND ruled > 0
  GROUP BY household_id, quarter, shelf HAVING sum(ruled) > min(shelf_cap)
), spilt AS (
  SELECT id, CAST(least(filled, shelf_cap) - least(filled - ruled, shelf_cap) AS int) AS scored
  FROM (SELECT ruled.id, ruled.ruled, ruled.shelf_cap,
      sum(ruled.ruled) OVER (PARTITION BY household_id, quarter, shelf {order}) AS filled
    FROM ruled JOIN overfull USING (household_id, quarter, shelf) WHERE ruled.ruled > 0) r
), scored AS (
  SELECT ruled.id, ruled.household_id, ruled.quarter, coalesce(spilt.scored, ruled.ruled) AS scored
  FROM ruled LEFT JOIN spilt ON spilt.id = ruled.id
)"""


class DuckDb:
    """The same events in DuckDB's memory: the physical limit on this machine."""

    def __init__(self, url: str, folder: Path, rule_ids: list[int]) -> None:
        self._rules = _rule_rows(rule_ids)
        self._connection = duckdb.connect()
        path = folder / "events.csv"
        columns = "id, household_id, rule_id, quarter, month, occurred_on, quantity, chosen"
        export = f"COPY (SELECT {columns} FROM points_event) TO STDOUT (FORMAT csv, HEADER)".encode()
        with psycopg.connect(url) as source, source.cursor().copy(export) as copy, path.open("wb") as file:
            for block in copy:
                file.write(block)
        self._connection.execute(
            f"CREATE TABLE event AS SELECT * FROM read_csv('{path}', columns={{'id': 'BIGINT',"
            " 'household_id': 'BIGINT', 'rule_id': 'INTEGER', 'quarter': 'INTEGER', 'month': 'INTEGER',"
            " 'occurred_on': 'DATE', 'quantity': 'INTEGER', 'chosen': 'INTEGER'}, header=true)"
        )
        path.unlink()
        # Numbers in the same words as PostgreSQL's: years by whole division.
        self._connection.execute("SET integer_division = true")

    def score(self) -> tuple[float, int, int]:
        """Seconds, number of sums, and their total."""
        started = time.perf_counter()
        statement = score_sql("event", self._rules, integer_division="//")
        count, total = self._connection.execute(
            f"WITH {statement}, sums AS (SELECT household_id, quarter, sum(scored) AS s FROM scored"
            " GROUP BY household_id, quarter) SELECT count(*), sum(s)::BIGINT FROM sums"
        ).fetchall()[0]
        return time.perf_counter() - started, count, total

    def close(self) -> None:
        """Free the memory."""
        self._connection.close()


class HandWritten:
    """The best SQL that we know, one village a statement on two connections, with nothing of the project around it."""

    def __init__(self, url: str, township: BenchTownship, rule_ids: list[int]) -> None:
        self._url = url
        self._township = township
        self._rules = _rule_rows(rule_ids)

    def sums(self) -> tuple[float, int, int]:
        """(a) Seconds, number of sums, and their total: every event is scored, only the sums come back."""

        def village(connection: psycopg.Connection[tuple[int, int]], village_id: int) -> tuple[int, int]:
            statement = score_sql(f"points_event_v{village_id}", self._rules, integer_division="/")
            rows = connection.execute(
                f"WITH {statement} SELECT household_id, quarter, sum(scored) FROM scored"
                " GROUP BY household_id, quarter".encode()
            ).fetchall()
            connection.commit()
            return len(rows), sum(row[2] for row in rows)  # type: ignore[misc]

        return self._over_villages(village)

    def write(self) -> tuple[float, int, int]:
        """(b) Seconds, entries, and their total: an entry for every event, and the accounts, without a chain."""

        def village(connection: psycopg.Connection[tuple[int, int]], village_id: int) -> tuple[int, int]:
            statement = score_sql(f"points_event_v{village_id}", self._rules, integer_division="/")
            posting = connection.execute(
                "INSERT INTO points_posting (village_id, seq, kind, entry_count, total, prev_digest, digest, made_by,"
                " made_at) VALUES (%s, 1, 'recalculation', 1, 0, repeat('0', 64), repeat('0', 64), 'bench', now())"
                " RETURNING id",
                (village_id,),
            ).fetchone()
            assert posting is not None
            row = connection.execute(
                f"""WITH {statement}, entered AS (
                  INSERT INTO points_entry (id, village_id, event_id, posting_id, household_id, amount, quarter,
                    origin_quarter, kind)
                  SELECT nextval('points_entry_id'), {village_id}, id, {posting[0]}, household_id, scored, quarter,
                    quarter, 'award' FROM scored WHERE scored <> 0
                  RETURNING household_id, amount
                ), summed AS (SELECT household_id, sum(amount) AS s, count(*) AS n FROM entered GROUP BY household_id),
                account AS (
                  INSERT INTO points_account (village_id, household_id, balance, reserved)
                  SELECT {village_id}, household_id, s, 0 FROM summed
                  ON CONFLICT (village_id, household_id)
                  DO UPDATE SET balance = points_account.balance + excluded.balance
                ) SELECT sum(n), sum(s) FROM summed""".encode()
            ).fetchone()
            connection.commit()
            assert row is not None
            return int(row[0]), int(row[1])

        return self._over_villages(village)

    def _over_villages(
        self, work: Callable[[psycopg.Connection[tuple[int, int]], int], tuple[int, int]]
    ) -> tuple[float, int, int]:
        lanes = [self._township.village_ids[lane::CONNECTIONS] for lane in range(CONNECTIONS)]

        def run(lane: tuple[int, ...]) -> tuple[int, int]:
            with psycopg.connect(self._url) as connection:
                for setting in ("enable_mergejoin = off", "enable_nestloop = off", "jit = off", "work_mem = '64MB'"):
                    connection.execute(f"SET {setting}".encode())
                done = [work(connection, village_id) for village_id in lane]
            return sum(count for count, _ in done), sum(total for _, total in done)

        started = time.perf_counter()
        with ThreadPoolExecutor(CONNECTIONS) as pool:
            answers = list(pool.map(run, lanes))
        seconds = time.perf_counter() - started
        return seconds, sum(count for count, _ in answers), sum(total for _, total in answers)
