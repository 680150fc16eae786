"""Running an import: read, check, compare, and write where that is asked and nothing is wrong."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from pathlib import Path

from sqlalchemy.orm import Session

from services.intake.imports.duty_plan import DutyPlanner
from services.intake.imports.findings import Counts, Findings, selected
from services.intake.imports.household_plan import HouseholdPlanner
from services.intake.imports.household_rows import Places, read_household_rows
from services.intake.imports.household_writing import write_household_plan
from services.intake.imports.imports import KEPT
from services.intake.imports.workbooks import COLUMNS, NAMES
from shared import audit
from shared.errors import Invalid
from shared.excel import Row, open_table, write_error_workbook
from shared.files import XLSX, read_file, store_file
from shared.identity.principal import system
from shared.messages.gateway import Notify
from shared.messaging import outbox
from shared.models.base import now
from shared.models.intake import RegistryImport
from shared.models.intake_kinds import ImportKind, ImportState

LISTED_ERRORS = 100
Write = Callable[[], None]


def run_import(session: Session, found: RegistryImport) -> None:
    """Check the workbook; write its rows unless it is a dry run or something is wrong. All in one transaction."""
    _, content = read_file(session, found.file_sha256)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "workbook.xlsx"
        path.write_bytes(content)
        try:
            _run(session, found, path)
        except Invalid as error:
            found.state, found.detail = ImportState.FAILED, error.detail
    found.finished_at = now()
    found.version += 1
    audit.record(
        session,
        system(found.township_id, "intake.run_import"),
        "run_import",
        "import",
        found.id,
        details={"state": found.state, "created": found.created, "changed": found.changed, "by": found.actor},
    )
    _tell(session, found)


def _run(session: Session, found: RegistryImport, path: Path) -> None:
    columns = COLUMNS[found.kind]
    with open_table(path, columns, name=found.file_name) as table:
        rows = list(table.rows())
        header_row = table.header_row
    wanted = None if found.rows is None else frozenset(json.loads(found.rows))
    findings = Findings(columns)
    counts, write = _check(session, found, selected(rows, wanted), findings)
    found.total, found.done = len(rows), len(rows)
    found.error_rows = len(findings.errors)
    found.errors = json.dumps(findings.listed(LISTED_ERRORS), ensure_ascii=False)
    found.created, found.changed, found.unchanged = counts.created, counts.changed, counts.unchanged
    if findings.errors:
        found.error_file_sha256 = _store_errors(session, found, path, header_row, findings)
        found.state = ImportState.CHECKED if found.dry_run else ImportState.REFUSED
    elif found.dry_run:
        found.state = ImportState.CHECKED
    else:
        write()
        found.state = ImportState.DONE


def _check(session: Session, found: RegistryImport, rows: list[Row], findings: Findings) -> tuple[Counts, Write]:
    allowed = None if found.villages is None else frozenset(json.loads(found.villages))
    places = Places(session, found.township_id, allowed)
    if found.kind is ImportKind.DUTIES:
        duties = DutyPlanner(session, found.township_id, places, findings)
        duty_rows = duties.read(rows)
        return duties.count(duty_rows), lambda: duties.write(duty_rows)
    clean = read_household_rows(rows, places, findings)
    plan = HouseholdPlanner(session, found.township_id, clean, findings).plan()
    return plan.counts, lambda: write_household_plan(session, found.township_id, plan)


def _store_errors(session: Session, found: RegistryImport, path: Path, header_row: int, findings: Findings) -> str:
    target = path.with_name("errors.xlsx")
    write_error_workbook(path, target, name=found.file_name, header_row=header_row, errors=findings.sentences())
    stored = store_file(
        session,
        target.read_bytes(),
        name=f"错误-{found.file_name.rsplit('.', 1)[0]}.xlsx",
        allowed=frozenset({XLSX}),
        sealed=True,
        expires_at=now() + KEPT,
    )
    return stored.sha256


_WORDS = {
    ImportState.CHECKED: "已检查完，请看结果",
    ImportState.REFUSED: "有错误，没有导入",
    ImportState.DONE: "已导入",
    ImportState.FAILED: "读不了，没有导入",
}


def _tell(session: Session, found: RegistryImport) -> None:
    if found.person_id is None:
        return
    outbox.send(
        session,
        Notify(
            source=f"intake.import:{found.id}",
            source_version=found.version,
            withdrawn=False,
            township_id=found.township_id,
            person_ids=[found.person_id],
            household_ids=[],
            title="台账导入有结果了",
            text=f"{NAMES[found.kind]}：{_WORDS[found.state]}。",
            link=f"/registry/imports/{found.id}",
            urgent=False,
        ),
    )
