"""Running an import: check, compare, and write where that is asked and nothing is wrong."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy.orm import Session

from services.intake.imports.duty_plan import DutyPlanner
from services.intake.imports.findings import Counts, Findings
from services.intake.imports.household_plan import HouseholdPlanner
from services.intake.imports.household_rows import Places, read_household_rows
from services.intake.imports.household_writing import write_household_plan
from services.intake.imports.imports import KEPT
from services.intake.imports.reading import Reading, open_import, read_workbook, write_errors
from services.intake.imports.workbooks import COLUMNS, NAMES
from shared import audit
from shared.files import XLSX, store_file
from shared.identity.principal import system
from shared.messages.gateway import Notify
from shared.messaging import outbox
from shared.models.base import now
from shared.models.intake import RegistryImport
from shared.models.intake_kinds import ImportKind, ImportState

LISTED_ERRORS = 100
GIVEN_UP = (
    "系统试了几次都没有处理成，一行也没有导入。"
    "请把表重新上传一次；还是这样，请把文件名和时间告诉运维人员，他那里留有原因。"
)


@dataclass(frozen=True, slots=True)
class Check:
    """What a check has found; `write` writes what was planned, in the transaction that planned it."""

    findings: Findings
    counts: Counts
    write: Callable[[], None]


def check_import(session: Session, found: RegistryImport, reading: Reading) -> Check:
    """Compare the rows with the registry; nothing is written."""
    findings = Findings(COLUMNS[found.kind])
    allowed = None if found.villages is None else frozenset(json.loads(found.villages))
    places = Places(session, found.township_id, allowed)
    if found.kind is ImportKind.DUTIES:
        duties = DutyPlanner(session, found.township_id, places, findings)
        duty_rows = duties.read(reading.rows)
        return Check(findings, duties.count(duty_rows), lambda: duties.write(duty_rows))
    clean = read_household_rows(reading.rows, places, findings)
    plan = HouseholdPlanner(session, found.township_id, clean, findings).plan()
    return Check(findings, plan.counts, lambda: write_household_plan(session, found.township_id, plan))


def run_import(session: Session, found: RegistryImport, reading: Reading | None = None) -> None:
    """Compare what was read with the registry; write it unless it is a dry run or something is wrong.

    All in one transaction. The rows are read here where nobody has done so.
    """
    reading = reading or read_workbook(open_import(session, found), lambda _done, _total: None)
    if reading.refusal:
        found.state, found.detail = ImportState.FAILED, reading.refusal
        found.done = found.total = 0
    else:
        _run(session, found, reading)
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


def fail_import(session: Session, found: RegistryImport) -> None:
    """End an import that could not be run at all: nothing of it is written, and its row says what to do."""
    found.state, found.detail = ImportState.FAILED, GIVEN_UP
    found.done = found.total = 0
    found.finished_at = now()
    found.version += 1
    _tell(session, found)


def _run(session: Session, found: RegistryImport, reading: Reading) -> None:
    check = check_import(session, found, reading)
    found.total = found.done = reading.total
    found.error_rows = len(check.findings.errors)
    found.errors = json.dumps(check.findings.listed(LISTED_ERRORS), ensure_ascii=False)
    counts = check.counts
    found.created, found.changed, found.unchanged = counts.created, counts.changed, counts.unchanged
    found.error_file_sha256 = None
    if check.findings.errors:
        found.error_file_sha256 = _store(session, found, write_errors(reading, check.findings))
        found.state = ImportState.CHECKED if found.dry_run else ImportState.REFUSED
    elif found.dry_run:
        found.state = ImportState.CHECKED
    else:
        check.write()
        found.state = ImportState.DONE


def _store(session: Session, found: RegistryImport, content: bytes) -> str:
    stored = store_file(
        session,
        content,
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
