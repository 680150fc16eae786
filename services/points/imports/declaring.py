"""Declaring: what was read of a workbook becomes declared events, all in one transaction, or a refusal in words."""

from __future__ import annotations

import json
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.points.imports.batches import KEPT
from services.points.imports.reading import Reading, open_import, read_workbook, registers_of, sort_rows, write_errors
from services.points.imports.rows import PlannedEvent
from services.points.imports.writing import declare_events
from services.points.ledger.village import lock_ledger, prepare_village
from services.points.scoring.quarters import ensure_quarter
from shared.files import XLSX, store_file
from shared.messages.gateway import Notify
from shared.messaging import outbox
from shared.models.base import now
from shared.models.points import ImportBatch, ImportState
from shared.models.registry import Person
from shared.quarters import quarter_of

LISTED_ERRORS = 100
GIVEN_UP = (
    "系统试了几次都没有检查成，一行也没有导入。"
    "请把表重新交一次；还是这样，请把文件名和时间告诉运维人员，他那里留有原因。"
)


def declare_import(session: Session, import_id: int, reading: Reading | None = None) -> ImportBatch | None:
    """Declare what was read of a batch that still is to be read; None where that was done before.

    The rows are read here where nobody has done so, or where the registers have changed since.
    """
    batch = session.scalar(
        select(ImportBatch)
        .where(ImportBatch.id == import_id, ImportBatch.state == ImportState.READING)
        .with_for_update(skip_locked=True)
    )
    if batch is None:
        return None
    if reading is None or reading.opened.registers.digest != registers_of(session, batch).digest:
        reading = read_workbook(open_import(session, batch), lambda _done, _total: None)
    if reading.refusal:
        batch.state, batch.problem = ImportState.REFUSED, reading.refusal
        batch.rows_total = batch.rows_done = 0
    else:
        _declare(session, batch, reading)
    batch.version += 1
    session.flush()
    _tell(session, batch)
    return batch


def fail_reading(session: Session, import_id: int) -> None:
    """End a batch whose workbook could not be read at all: nothing is declared, and its row says what to do."""
    batch = session.scalar(
        select(ImportBatch).where(ImportBatch.id == import_id, ImportBatch.state == ImportState.READING)
    )
    if batch is None:
        return
    batch.state, batch.problem = ImportState.REFUSED, GIVEN_UP
    batch.rows_total = batch.rows_done = 0
    batch.version += 1
    session.flush()
    _tell(session, batch)


def _declare(session: Session, batch: ImportBatch, reading: Reading) -> None:
    if not batch.dry_run:
        _hold_villages(session, reading.events)
    rows = sort_rows(session, reading)
    batch.rows_total = batch.rows_done = reading.total
    batch.rows_new, batch.rows_known, batch.rows_wrong = len(rows.new), rows.known, len(rows.wrong)
    batch.problem = reading.notes
    if rows.wrong:
        batch.errors = json.dumps(sorted(rows.wrong.items())[:LISTED_ERRORS], ensure_ascii=False)
        batch.error_file = _store(session, batch, write_errors(reading, rows.wrong))
    if batch.dry_run:
        batch.state = ImportState.CHECKED
        return
    villages = {event.village_id for event in rows.new}
    if len(villages) == 1 and batch.village_id is None:
        batch.village_id = next(iter(villages))
    if rows.new:
        name = session.scalar(select(Person.name).where(Person.id == batch.imported_by)) or ""
        declare_events(session, batch, rows.new, name)
    batch.state = ImportState.DECLARED


def _hold_villages(session: Session, events: Sequence[PlannedEvent]) -> None:
    """Lock the villages by id, so that the same rows in another file wait; quarter rows for what will be declared."""
    quarters: dict[int, set[int]] = {}
    for event in events:
        quarters.setdefault(event.village_id, set()).add(quarter_of(event.occurred_on))
    for village_id in sorted(quarters):
        prepare_village(session, village_id)
        lock_ledger(session, village_id)
        for quarter in sorted(quarters[village_id]):
            ensure_quarter(session, village_id, quarter)


def _store(session: Session, batch: ImportBatch, content: bytes) -> str:
    stored = store_file(
        session,
        content,
        name=f"错误-{batch.file_name.rsplit('.', 1)[0]}.xlsx",
        allowed=frozenset({XLSX}),
        sealed=True,
        expires_at=now() + KEPT,
    )
    return stored.sha256


def _tell(session: Session, batch: ImportBatch) -> None:
    if batch.imported_by is None:
        return
    if batch.state is ImportState.REFUSED:
        text = f"“{batch.file_name}”读不了，没有导入。"
    else:
        text = f"“{batch.file_name}”共 {batch.rows_total} 行：新的 {batch.rows_new} 行，有错 {batch.rows_wrong} 行。"
    outbox.send(
        session,
        Notify(
            source=f"points.import:{batch.id}",
            source_version=batch.version,
            withdrawn=False,
            township_id=batch.township_id,
            person_ids=[batch.imported_by],
            household_ids=[],
            title="积分表格检查完了",
            text=text,
            link=f"/events/imports/{batch.id}",
            urgent=False,
        ),
    )
