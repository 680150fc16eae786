"""Reading: a workbook's cells become rows, and tells how far it is; nothing is compared with the registry yet.

It takes as long as the workbook is long, so it is done outside the transaction that writes the registry.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import Update, update
from sqlalchemy.orm import Session

from services.intake.imports.findings import Findings
from services.intake.imports.workbooks import COLUMNS
from shared.database.upserts import execute_counted
from shared.errors import Invalid
from shared.excel import Row, open_table, write_error_workbook
from shared.files import read_file
from shared.models.base import now
from shared.models.intake import RegistryImport
from shared.models.intake_kinds import ImportKind, ImportState
from shared.pace import told

Tell = Callable[[int, int], None]
"""Told how many rows are done, of how many."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A workbook that is to be read. `wanted` are the rows that were asked for one by one."""

    name: str
    kind: ImportKind
    content: bytes
    wanted: frozenset[int] | None


@dataclass(slots=True)
class Reading:
    """The rows of a workbook. `refusal` says why nothing of it can be read."""

    opened: Opened
    rows: list[Row] = field(default_factory=list)
    header_row: int = 0
    total: int = 0
    refusal: str = ""
    error_workbook: bytes = b""
    told_wrong: dict[int, str] = field(default_factory=dict)
    """What the error workbook says."""


def begin_reading(session: Session, import_id: int, turn: int) -> bool:
    """Say that the reading has begun, anew where an earlier one was broken off; False where there is none to do."""
    begun = _still(import_id, turn).values(state=ImportState.RUNNING, started_at=now(), done=0, total=0)
    return execute_counted(session, begun) == 1


def tell_reading(session: Session, import_id: int, turn: int, done: int, total: int) -> None:
    """Say how far the reading is."""
    session.execute(_still(import_id, turn).values(done=done, total=total))


def open_import(session: Session, found: RegistryImport) -> Opened:
    """The import's workbook."""
    wanted = None if found.rows is None else frozenset(json.loads(found.rows))
    return Opened(found.file_name, found.kind, read_file(session, found.file_sha256)[1], wanted)


def read_workbook(opened: Opened, tell: Tell) -> Reading:
    """Read every row."""
    reading = Reading(opened)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "workbook"
        path.write_bytes(opened.content)
        try:
            with open_table(path, COLUMNS[opened.kind], name=opened.name) as table:
                tell(0, table.total)
                for row in told(table.rows(), lambda: tell(min(table.passed, max(0, table.total - 1)), table.total)):
                    reading.total += 1
                    if opened.wanted is None or row.number in opened.wanted:
                        reading.rows.append(row)
                tell(table.total, table.total)
                reading.header_row = table.header_row
        except Invalid as error:
            return Reading(opened, refusal=error.detail)
    return reading


def _still(import_id: int, turn: int) -> Update:
    """This turn of the import, as long as it is to be done."""
    return update(RegistryImport).where(
        RegistryImport.id == import_id,
        RegistryImport.version == turn,
        RegistryImport.state.in_((ImportState.WAITING, ImportState.RUNNING)),
    )


def write_errors(reading: Reading, findings: Findings) -> bytes:
    """The error workbook of these findings; the reading keeps it, for writing it takes as long as reading."""
    sentences = findings.sentences()
    if sentences and sentences != reading.told_wrong:
        with tempfile.TemporaryDirectory() as folder:
            path, target = Path(folder) / "workbook", Path(folder) / "errors.xlsx"
            path.write_bytes(reading.opened.content)
            name, header_row = reading.opened.name, reading.header_row
            write_error_workbook(path, target, name=name, header_row=header_row, errors=sentences)
            reading.error_workbook, reading.told_wrong = target.read_bytes(), sentences
    return reading.error_workbook
