"""Reading: a workbook's rows compared with the registers, and told how far it is; nothing is written but that.

It takes as long as the workbook is long, so it is done outside the transaction that declares the rows.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from services.points.imports.columns import COLUMNS
from services.points.imports.registers import Registers, read_registers
from services.points.imports.rows import PlannedEvent, plan_rows
from services.points.imports.writing import known_keys, known_once
from shared.calendar import today
from shared.database.upserts import execute_counted
from shared.errors import Invalid
from shared.excel import open_table, write_error_workbook
from shared.files import read_file
from shared.models.base import now
from shared.models.points import Adoption, ImportBatch, ImportState, Once
from shared.models.registry import Village
from shared.pace import told
from shared.quarters import quarter_of

Tell = Callable[[int, int], None]
"""Told how many rows are done, of how many."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A workbook that is to be read, and the registers that its rows are looked up in."""

    name: str
    content: bytes
    registers: Registers


@dataclass(slots=True)
class Reading:
    """What a workbook holds. `refusal` says why nothing of it can be read."""

    opened: Opened
    events: list[PlannedEvent] = field(default_factory=list)
    wrong: dict[int, str] = field(default_factory=dict)
    header_row: int = 0
    notes: str = ""
    refusal: str = ""
    error_workbook: bytes = b""
    told_wrong: dict[int, str] = field(default_factory=dict)
    """What the error workbook says."""

    @property
    def total(self) -> int:
        """How many rows there were to read."""
        return len(self.events) + len(self.wrong)


@dataclass(frozen=True, slots=True)
class Sorted:
    """The rows of a reading beside what is declared already: new, known, wrong (by row number)."""

    new: list[PlannedEvent]
    known: int
    wrong: dict[int, str]


def begin_reading(session: Session, import_id: int) -> bool:
    """Say that the reading has begun, anew where an earlier one was broken off; False where there is none to do."""
    begun = update(ImportBatch).where(ImportBatch.id == import_id, ImportBatch.state == ImportState.READING)
    return execute_counted(session, begun.values(started_at=now(), rows_done=0, rows_total=0)) == 1


def tell_reading(session: Session, import_id: int, done: int, total: int) -> None:
    """Say how far the reading is."""
    still = update(ImportBatch).where(ImportBatch.id == import_id, ImportBatch.state == ImportState.READING)
    session.execute(still.values(rows_done=done, rows_total=total))


def open_import(session: Session, batch: ImportBatch) -> Opened:
    """The batch's workbook with the registers of its places."""
    return Opened(batch.file_name, read_file(session, batch.file_sha256)[1], registers_of(session, batch))


def registers_of(session: Session, batch: ImportBatch) -> Registers:
    """The registers of the batch's places as they are now."""
    return read_registers(session, _villages(session, batch), _quarters(session))


def read_workbook(opened: Opened, tell: Tell) -> Reading:
    """Read and check every row."""
    reading = Reading(opened)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "workbook"
        path.write_bytes(opened.content)
        try:
            with open_table(path, COLUMNS, name=opened.name) as table:
                tell(0, table.total)
                rows = told(table.rows(), lambda: tell(min(table.passed, max(0, table.total - 1)), table.total))
                reading.events, reading.wrong = plan_rows(rows, opened.registers)
                tell(table.total, table.total)
                reading.header_row, reading.notes = table.header_row, "".join(table.warnings)
        except Invalid as error:
            return Reading(opened, refusal=error.detail)
    return reading


def sort_rows(session: Session, reading: Reading) -> Sorted:
    """Tell new rows from known ones, and refuse rows of a rule that counts once where the period has an event."""
    known = known_keys(session, reading.events)
    new = [event for event in reading.events if (event.village_id, event.row_key) not in known]
    onces: dict[int, Once] = {
        each.line.code_id: each.line.once
        for lines in reading.opened.registers.rules.values()
        for found in lines.values()
        for each in found
        if each.line.once is not None
    }
    taken, wrong, kept = known_once(session, new, onces), dict(reading.wrong), []
    for event in new:
        if event.once_period is not None and event.once_period in taken:
            wrong[event.row_number] = "这一条在这个时期只记一次，这一户已经登记过。请删去这一行。"
        else:
            kept.append(event)
    return Sorted(kept, len(reading.events) - len(new), wrong)


def write_errors(reading: Reading, wrong: dict[int, str]) -> bytes:
    """The error workbook of these rows; the reading keeps it, for writing it takes as long as reading."""
    if wrong and wrong != reading.told_wrong:
        with tempfile.TemporaryDirectory() as folder:
            path, target = Path(folder) / "workbook", Path(folder) / "errors.xlsx"
            path.write_bytes(reading.opened.content)
            write_error_workbook(path, target, name=reading.opened.name, header_row=reading.header_row, errors=wrong)
            reading.error_workbook, reading.told_wrong = target.read_bytes(), wrong
    return reading.error_workbook


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
