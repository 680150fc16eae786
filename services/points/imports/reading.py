"""Reading: a workbook's rows are checked and declared, all in one transaction; wrong rows go into an error workbook."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from services.points.imports.batches import KEPT
from services.points.imports.columns import COLUMNS
from services.points.imports.registers import Registers, read_registers
from services.points.imports.rows import PlannedEvent, plan_rows
from services.points.imports.writing import declare_events, known_keys, known_once
from services.points.ledger.village import lock_ledger, prepare_village
from services.points.scoring.quarters import ensure_quarter
from shared.calendar import today
from shared.errors import Invalid
from shared.excel import open_table, write_error_workbook
from shared.files import XLSX, read_file, store_file
from shared.messages.gateway import Notify
from shared.messaging import outbox
from shared.models.base import now
from shared.models.points import Adoption, ImportBatch, ImportState, Once
from shared.models.registry import Person, Village
from shared.quarters import quarter_of

LISTED_ERRORS = 100


def read_import(session: Session, import_id: int) -> ImportBatch | None:
    """Read a batch that still is to be read; None where that was done before."""
    batch = session.scalar(
        select(ImportBatch)
        .where(ImportBatch.id == import_id, ImportBatch.state == ImportState.READING)
        .with_for_update(skip_locked=True)
    )
    if batch is None:
        return None
    _, content = read_file(session, batch.file_sha256)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "workbook"
        path.write_bytes(content)
        try:
            _read(session, batch, path)
        except Invalid as error:
            batch.state, batch.problem = ImportState.REFUSED, error.detail
    batch.version += 1
    session.flush()
    _tell(session, batch)
    return batch


def _read(session: Session, batch: ImportBatch, path: Path) -> None:
    registers = read_registers(session, _villages(session, batch), _quarters(session))
    with open_table(path, COLUMNS, name=batch.file_name) as table:
        events, wrong = plan_rows(table.rows(), registers)
        header_row, problem = table.header_row, "".join(table.warnings)
    batch.rows_total = len(events) + len(wrong)
    known = known_keys(session, events)
    new = [event for event in events if (event.village_id, event.row_key) not in known]
    batch.rows_known = len(events) - len(new)
    new = _without_known_once(session, new, registers, wrong)
    batch.rows_new, batch.rows_wrong, batch.rows_done = len(new), len(wrong), batch.rows_total
    batch.problem = problem
    if wrong:
        batch.errors = json.dumps(sorted(wrong.items())[:LISTED_ERRORS], ensure_ascii=False)
        batch.error_file = _store_errors(session, batch, path, header_row, wrong)
    if batch.dry_run:
        batch.state = ImportState.CHECKED
        return
    villages = {event.village_id for event in new}
    if len(villages) == 1 and batch.village_id is None:
        batch.village_id = next(iter(villages))
    _prepare(session, new)
    if new:
        name = session.scalar(select(Person.name).where(Person.id == batch.imported_by)) or ""
        declare_events(session, batch, new, name)
    batch.state = ImportState.DECLARED


def _villages(session: Session, batch: ImportBatch) -> list[Village]:
    """The villages that the importer named or answers for: one, or all of the township for its admins."""
    villages = select(Village).where(Village.township_id == batch.township_id).order_by(Village.code)
    if batch.village_id is not None:
        villages = villages.where(Village.id == batch.village_id)
    return list(session.scalars(villages))


def _quarters(session: Session) -> range:
    """From the first adoption to the running quarter."""
    running = quarter_of(today())
    first = session.scalar(select(func.min(Adoption.from_quarter)))
    return range(running if first is None else min(first, running), running + 1)


def _without_known_once(
    session: Session, events: list[PlannedEvent], registers: Registers, wrong: dict[int, str]
) -> list[PlannedEvent]:
    """Refuse rows of a rule that counts once where the period has an event already."""
    onces: dict[int, Once] = {
        each.line.code_id: each.line.once
        for lines in registers.rules.values()
        for found in lines.values()
        for each in found
        if each.line.once is not None
    }
    taken = known_once(session, events, onces)
    kept = []
    for event in events:
        if event.once_period is not None and event.once_period in taken:
            wrong[event.row_number] = "这一条在这个时期只记一次，这一户已经登记过。"
        else:
            kept.append(event)
    return kept


def _prepare(session: Session, events: Sequence[PlannedEvent]) -> None:
    """Quarter rows for what will be declared, village by village in the order of their ids."""
    for village_id in sorted({event.village_id for event in events}):
        prepare_village(session, village_id)
        lock_ledger(session, village_id)
        for quarter in sorted({quarter_of(e.occurred_on) for e in events if e.village_id == village_id}):
            ensure_quarter(session, village_id, quarter)


def _store_errors(session: Session, batch: ImportBatch, path: Path, header_row: int, wrong: dict[int, str]) -> str:
    target = path.with_name("errors.xlsx")
    write_error_workbook(path, target, name=batch.file_name, header_row=header_row, errors=wrong)
    stored = store_file(
        session,
        target.read_bytes(),
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
