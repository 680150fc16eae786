"""Measure the import of a workbook against reading it with the bare library plus COPY; a table and a `ratio` line.

python -m tests.bench.imports [--rounds 3] [--rows 100000]

Ours: the upload (stored encrypted) and the task that reads, checks and declares, by the same `receive` that a worker
calls. Bare: python-calamine's rows, and the same events by COPY into the same table. The posting of what was released
is timed apart. Each time another village, the same workbook; `verify` proves the villages at the end.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import xlsxwriter
from python_calamine import CalamineWorkbook
from sqlalchemy import select, update

from services.points.imports import tasks
from services.points.imports.batches import release_import, start_import
from services.points.verification.checks import check_village
from shared.database import Database
from shared.identity import Grant, Principal, Role
from shared.messaging.inbox import Delivery, Outcome, receive
from shared.messaging.publisher import leave_to_relay
from shared.models.base import now
from shared.models.plumbing_tables import outbox_of
from shared.models.points import ImportBatch, ImportState, RuleCode
from shared.models.registry import Village
from shared.topology import Service
from tests.bench.ground import Ground, bench_ground
from tests.bench.rounds import ratio_line, side_by_side
from tests.bench.township import FIRST_DAY, make_villages

HANDLED_HERE = tasks.__name__
OUTBOX = outbox_of(Service.POINTS)
GOAL = 4.0
HOUSEHOLDS = 500
DAYS = 300
FIXED_RULES = 14
HEADERS = ("户号", "户主", "条目", "日期", "数量", "评定分", "备注", "证明人")
EVENT = (
    "village_id, household_id, rule_id, quarter, occurred_on, id, month, quantity, state, version, declared_at, note,"
    " witness"
)


def write_workbook(path: Path, rows: int) -> None:
    """Rows of a village, as one would type them: every household, fourteen rules, ten months of days."""
    workbook = xlsxwriter.Workbook(path, {"constant_memory": True})
    sheet = workbook.add_worksheet("积分")
    day_format = workbook.add_format({"num_format": "yyyy-mm-dd"})
    sheet.write_row(0, 0, HEADERS)
    for row in range(1, rows + 1):
        number = row % HOUSEHOLDS + 1
        sheet.write_row(row, 0, (number, f"户{number}", f"R{row % FIXED_RULES + 1:02d}"))
        sheet.write_datetime(row, 3, FIRST_DAY + timedelta(days=row % DAYS), day_format)
        sheet.write_row(row, 4, (row % 3 + 1, None, f"第 {row % 1000} 号单", "村组长"))
    workbook.close()


class Imports:
    """The ways; each call takes the next village."""

    def __init__(self, ground: Ground, database: Database, workbook: Path, rows: int, villages: Iterator[int]) -> None:
        self._ground, self._database, self._workbook = ground, database, workbook
        self._rows, self._villages = rows, villages
        with database.reading() as session:
            self._codes = dict(session.execute(select(RuleCode.code, RuleCode.id)).all())
            self._township_id = session.scalars(select(Village.township_id).limit(1)).one()
        self._declared: list[int] = []

    def bare(self) -> float:
        """Seconds to read the workbook with the library and to COPY its events."""
        village_id = next(self._villages)
        with psycopg.connect(self._ground.plain_url) as connection:
            homes: dict[int, int] = dict(
                connection.execute(
                    "SELECT number, id FROM registry_household WHERE village_id = %s", [village_id]
                ).fetchall()
            )
            started = time.perf_counter()
            rows = CalamineWorkbook.from_path(self._workbook).get_sheet_by_index(0).iter_rows()
            next(rows)
            moment = now()
            with connection.cursor().copy(f"COPY points_event ({EVENT}) FROM STDIN".encode()) as copy:
                for place, row in enumerate(rows, 1):
                    copy.write_row(self._event(village_id, homes, place, row, moment))
            connection.commit()
            return time.perf_counter() - started

    def _event(
        self, village_id: int, homes: dict[int, int], place: int, row: list[Any], moment: Any
    ) -> tuple[Any, ...]:
        number, _head, code, day, quantity, _chosen, note, witness = row
        quarter, month = day.year * 4 + (day.month - 1) // 3, day.year * 12 + day.month - 1
        return (
            *(village_id, homes[int(number)], self._codes[code], quarter, day, place, month, int(quantity * 100)),
            *("declared", 1, moment, note, witness),
        )

    def declare(self) -> float:
        """Seconds from the upload to the declared events."""
        village_id = next(self._villages)
        content = self._workbook.read_bytes()
        started = time.perf_counter()
        with self._database.transaction() as session:
            code = session.get_one(Village, village_id).code
            batch = start_import(
                session, self._person(1), content=content, name="积分.xlsx", dry_run=False, village_code=code
            )
            import_id = batch.id
        self._receive()
        seconds = time.perf_counter() - started
        self._require(import_id, ImportState.DECLARED)
        self._declared.append(import_id)
        return seconds

    def post(self) -> float:
        """Seconds from the release of the batch that was declared last to its posting."""
        import_id = self._declared[-1]
        started = time.perf_counter()
        with self._database.transaction() as session:
            release_import(session, self._person(2), import_id)
        self._receive()
        seconds = time.perf_counter() - started
        self._require(import_id, ImportState.RELEASED)
        return seconds

    def _person(self, number: int) -> Principal:
        grants = (Grant(Role.ADMIN),)
        return Principal(
            self._township_id, actor=f"account:{number}", person_id=9_000_000 + number, name="bench", grants=grants
        )

    def _receive(self) -> None:
        """Hand the one message that waits to its handler."""
        waits = select(OUTBOX).where(OUTBOX.c.done_at.is_(None), OUTBOX.c.queue == "points.bulk")
        with self._database.reading() as session:
            row = session.execute(waits).one()
        raw = {"id": row.message_id, "name": row.name, "version": row.version, "queue": row.queue, "body": row.body}
        outcome = receive(self._database, Delivery(row.name, row.message_id, raw))
        if outcome is not Outcome.HANDLED:
            raise RuntimeError(f"{row.name} ended as {outcome}")
        with self._database.transaction() as session:
            session.execute(update(OUTBOX).where(OUTBOX.c.id == row.id).values(done_at=now()))

    def _require(self, import_id: int, state: ImportState) -> None:
        with self._database.reading() as session:
            batch = session.get_one(ImportBatch, import_id)
            if (batch.state, batch.rows_new, batch.rows_wrong) != (state, self._rows, 0):
                raise RuntimeError(f"{batch.state}: {batch.rows_new} new, {batch.rows_wrong} wrong; {batch.errors}")


def measure(rounds: int, rows: int) -> list[str]:
    """The lines of the report."""
    leave_to_relay()
    with bench_ground("imports") as ground:
        workbook = ground.folder / "events.xlsx"
        write_workbook(workbook, rows)
        database = Database(ground.url, Service.POINTS)
        try:
            township = make_villages(database, 2 * rounds, HOUSEHOLDS)
            ways = Imports(ground, database, workbook, rows, iter(township.village_ids))
            with psycopg.connect(ground.plain_url, autocommit=True) as connection:
                connection.execute("VACUUM ANALYZE")
            named = {
                "bare library and COPY": ways.bare,
                "upload to declared": ways.declare,
                "release to posted": ways.post,
            }
            found = side_by_side(named, rounds, unit="s")
            for village_id in township.village_ids:
                with database.transaction() as session:
                    failed = [check.sentence for check in check_village(session, village_id) if not check.passed]
                if failed:
                    raise RuntimeError(f"verify fails after the imports: {failed}")
        finally:
            database.dispose()
    table = [f"| {way} | {seconds:.2f} |" for way, seconds in found.items()]
    ratio = found["upload to declared"] / found["bare library and COPY"]
    return [f"| {rows:,} rows | Median s |", "| --- | --- |", *table, "", ratio_line("import/bare", ratio, GOAL)]


def main(arguments: list[str] | None = None) -> int:
    """See the module's docstring."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.imports")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--rows", type=int, default=100_000)
    options = parser.parse_args(arguments)
    print(*measure(options.rounds, options.rows), sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
