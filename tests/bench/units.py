"""Measure unit costs for docs/scaling.md: events a second of one worker, memory of each process, bytes of an event.

python -m tests.bench.units [--events 250000] [--rows 20000]

One bulk worker with one process, as a container of it is, on a PostgreSQL cluster of its own, with a real Redis. A full
recalculation in which every event is adjusted, then one with nothing to change, then a workbook: read, then posted by
a second person. Seconds depend on the machine, and here the worker and the database share its processors.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from sqlalchemy import select, text

from deploy.embedded.redis_server import start_redis
from services.points.imports.batches import release_import, start_import
from services.points.recalculation.runs import RunOrder, start_run
from shared.database import Database
from shared.identity import Grant, Principal, Role
from shared.messaging.publisher import close_publisher
from shared.models.points import ImportBatch, ImportState, Recalculation, RecalculationMode, RecalculationState
from shared.models.registry import Village
from shared.settings import settings
from shared.topology import Service
from tests.bench.ground import Ground, bench_ground
from tests.bench.roles import BULK_WORKER, RunningRoles
from tests.bench.township import FIRST_DAY, HOUSEHOLDS_PER_VILLAGE, BenchTownship, make_township
from tests.fixtures.workbooks import workbook

HEADER = ("村", "户号", "条目", "日期", "备注")
FIXED_RULES = 14
"""The first rules of the bench's rulebook are fixed: a row needs nothing but a household, a rule and a day."""
LONGEST_SECONDS = 1800.0
POLL_SECONDS = 0.05
SIZES = {
    "the event": "points_event_v%",
    "its ledger entries": "points_entry_v%",
}
_SIZE = text(
    "SELECT coalesce(sum(pg_table_size(c.oid)), 0), coalesce(sum(pg_indexes_size(c.oid)), 0) FROM pg_class c"
    " WHERE c.relkind = 'r' AND c.relname LIKE :name"
)


class Units:
    """One township, one worker, one figure after another."""

    def __init__(self, database: Database, township: BenchTownship, roles: RunningRoles) -> None:
        self._database = database
        self._township = township
        self._roles = roles
        self._actors = [
            Principal(township.township_id, actor=f"account:{number}", person_id=number, grants=(Grant(Role.ADMIN),))
            for number in (1, 2)
        ]

    def recalculate(self) -> float:
        """Events a second of a full run over every village."""
        with self._database.transaction() as session:
            run_id = start_run(session, self._actors[0], RunOrder(mode=RecalculationMode.APPLY, full=True)).id
        state = select(Recalculation.state).where(Recalculation.id == run_id)
        self._wait(lambda: self._read(state) is not RecalculationState.RUNNING)
        with self._database.reading() as session:
            run = session.get_one(Recalculation, run_id)
            if run.state is not RecalculationState.DONE or run.finished_at is None:
                raise RuntimeError(f"the run ended as {run.state}")
            return self._township.events / (run.finished_at - run.created_at).total_seconds()

    def import_rows(self, rows: int) -> tuple[float, float]:
        """Rows a second of a workbook until they are declared, and until they are posted after that."""
        content = self._workbook(rows)
        started = time.perf_counter()
        with self._database.transaction() as session:
            batch_id = start_import(session, self._actors[0], content=content, name="登记表.xlsx", dry_run=False).id
        self._wait_for_batch(batch_id, ImportState.DECLARED)
        declared = time.perf_counter()
        with self._database.transaction() as session:
            release_import(session, self._actors[1], batch_id)
        self._wait_for_batch(batch_id, ImportState.RELEASED)
        with self._database.reading() as session:
            batch = session.get_one(ImportBatch, batch_id)
            if (batch.rows_new, batch.rows_released) != (rows, rows):
                raise RuntimeError(f"{batch.rows_new} rows were new and {batch.rows_released} posted, of {rows}")
        return rows / (declared - started), rows / (time.perf_counter() - declared)

    def bytes_of(self, name: str, count: int) -> tuple[float, float]:
        """Bytes of the tables called like `name` and of their indexes, for each of `count`."""
        with self._database.reading() as session:
            table, indexes = session.execute(_SIZE, {"name": name}).one()
        return int(table) / count, int(indexes) / count

    def _workbook(self, rows: int) -> bytes:
        with self._database.reading() as session:
            villages = list(session.scalars(select(Village.name).order_by(Village.id)))
        return workbook(
            [
                HEADER,
                *(
                    (
                        villages[number % len(villages)],
                        1 + number // len(villages) % HOUSEHOLDS_PER_VILLAGE,
                        f"R{1 + number % FIXED_RULES:02d}",
                        _day(number),
                        f"登记 {number}",
                    )
                    for number in range(rows)
                ),
            ]
        )

    def _wait_for_batch(self, batch_id: int, wanted: ImportState) -> None:
        state = select(ImportBatch.state).where(ImportBatch.id == batch_id)
        self._wait(lambda: self._read(state) in (wanted, ImportState.REFUSED))

    def _wait(self, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + LONGEST_SECONDS
        while not condition():
            self._roles.note_peak()
            if time.monotonic() > deadline:
                raise RuntimeError(f"the worker did not end within {LONGEST_SECONDS:.0f} s")
            time.sleep(POLL_SECONDS)

    def _read(self, statement: Any) -> Any:
        with self._database.reading() as session:
            return session.scalar(statement)


def _day(number: int) -> str:
    # From the second quarter on; the demo's quarters end with the year 2026, and no day may lie ahead.
    span = (min(date.today(), date(2026, 12, 31)) - FIRST_DAY).days - 90
    return (FIRST_DAY + timedelta(days=90 + number % span)).isoformat()


def measure(ground: Ground, events: int, rows: int) -> list[str]:
    """The table's rows, each shown as soon as it is known."""
    lines: list[str] = []

    def tell(what: str, figure: str) -> None:
        lines.append(f"| {what} | {figure} |")
        print(f"  {what}: {figure}", flush=True)

    database = Database(ground.url, Service.POINTS)
    township = make_township(database, ground.plain_url, events)
    with RunningRoles(ground.environment) as roles:
        for role, pss, uss in roles.memory():
            tell(f"memory of {role}, idle", f"{pss:.0f} MB PSS, {uss:.0f} MB of them its own")
        units = Units(database, township, roles)
        tell("recalculation, every event adjusted", f"{units.recalculate():,.0f} events/s")
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM ANALYZE points_entry"))
        for what, name in SIZES.items():
            table, indexes = units.bytes_of(name, township.events)
            tell(f"bytes of {what}", f"{table:.0f} and {indexes:.0f} in indexes")
        tell("recalculation, nothing to change", f"{units.recalculate():,.0f} events/s")
        read, posted = units.import_rows(rows)
        tell("import, workbook to declared events", f"{read:,.0f} rows/s")
        tell("import, declared events to posted", f"{posted:,.0f} rows/s")
        table, indexes = units.bytes_of("points_import_row", rows)
        tell("bytes of a row of an import", f"{table:.0f} and {indexes:.0f} in indexes")
        tell(f"memory of {BULK_WORKER}, most", f"{roles.peak_mb:.0f} MB PSS")
        close_publisher(1)
    database.dispose()
    return lines


def main(arguments: list[str] | None = None) -> int:
    """See the module's docstring."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.units")
    parser.add_argument("--events", type=int, default=250_000)
    parser.add_argument("--rows", type=int, default=20_000)
    options = parser.parse_args(arguments)
    with bench_ground("units") as ground:
        redis = start_redis(ground.folder / "redis", durable=True)
        try:
            os.environ["REDIS_URL"] = redis.url
            settings.cache_clear()
            lines = measure(ground, options.events, options.rows)
        finally:
            redis.stop()
    print("", "| Unit | Cost |", "| --- | --- |", *lines, sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
