"""Batches 导入批次: a workbook is taken in, checked in the background, and released by another person."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import ColumnElement, Select, func, or_, select, update
from sqlalchemy.orm import Session

from services.points.events.finding import WAITING
from services.points.imports.fresh_rows import without_nested_loops
from shared import audit
from shared.errors import Conflict, Forbidden, Invalid, NotFound
from shared.excel import store_workbook
from shared.files import read_file
from shared.identity import Principal, Role
from shared.identity.scope import village_by_code
from shared.messages.points_work import ReadImport, ReleaseImport
from shared.messaging import outbox
from shared.models.base import now
from shared.models.points import Event, ImportBatch, ImportRow, ImportState, RuleCode
from shared.models.registry import Household
from shared.pace import Phase, eta_seconds, reading_phase

IMPORTERS = (Role.CADRE, Role.ADMIN)
KEPT = timedelta(days=30)
"""How long the workbooks of an import are kept."""

SAMPLE_ROWS = 10


@dataclass(frozen=True, slots=True)
class SampleRow:
    """A waiting row to compare with the paper."""

    row: int
    household: str
    household_number: int
    rule_code: str
    occurred_on: date
    quantity: int


@dataclass(frozen=True, slots=True)
class BatchView:
    """A batch with what its page needs."""

    batch: ImportBatch
    waiting: int
    sample: list[SampleRow]
    errors: list[tuple[int, str]]
    is_own: bool
    can_release: bool

    @property
    def phase(self) -> Phase:
        """What is being done to it now."""
        if self.batch.state is ImportState.RELEASING:
            return Phase.POSTING
        if self.batch.state is not ImportState.READING:
            return Phase.RESTING
        return reading_phase(self.batch.started_at, self.batch.rows_done, self.batch.rows_total)

    @property
    def eta_seconds(self) -> int | None:
        """How long the reading takes yet."""
        if self.phase is not Phase.READING:
            return None
        return eta_seconds(self.batch.started_at, self.batch.rows_done, self.batch.rows_total)


def start_import(
    session: Session, actor: Principal, *, content: bytes, name: str, dry_run: bool, village_code: str | None = None
) -> ImportBatch:
    """Store a workbook and ask the bulk worker to read it. Raises Invalid for a file that is none or is too large."""
    village = village_by_code(session, actor, village_code, *IMPORTERS) if village_code else None
    if village is None and not actor.covers_township(Role.ADMIN):
        own = sorted(actor.villages_of(*IMPORTERS))
        if len(own) != 1:
            raise Invalid("您负责几个村，请选择这张表是哪个村的。", errors={"village": ["请选择村。"]})
        village_id: int | None = own[0]
    else:
        village_id = village.id if village else None
    file = store_workbook(session, content, name=name, expires_at=now() + KEPT)
    batch = ImportBatch(
        township_id=actor.township_id,
        village_id=village_id,
        dry_run=dry_run,
        file_name=file.name,
        file_sha256=file.sha256,
        imported_by=actor.person_id,
        made_by=actor.actor,
    )
    session.add(batch)
    session.flush()
    audit.record(
        session, actor, "start_import", "import", batch.id, village_id=village_id, details={"dry_run": dry_run}
    )
    outbox.send(session, ReadImport(batch.id))
    return batch


def release_import(
    session: Session, actor: Principal, import_id: int, *, rows: Sequence[int] | None = None
) -> ImportBatch:
    """Let another person's batch be posted, whole or these rows of it; the work is done in the background.

    Raises Forbidden for the importer and for batches of villages beyond one's own, Conflict where nothing waits.
    """
    batch = batch_in_scope(session, actor, import_id)
    if batch.state is ImportState.RELEASING:
        return batch
    if actor.person_id is None or batch.imported_by == actor.person_id or batch.made_by == actor.actor:
        raise Forbidden("导入的人不能自己放行，请村里或乡里另一位有权限的人放行。")
    if batch.village_id is None and not actor.covers_township(Role.ADMIN):
        raise Forbidden("这张表有几个村的记录，请乡镇管理员放行。")
    with without_nested_loops(session):
        waiting = count_waiting(session, batch.id)
    if batch.state is not ImportState.DECLARED or not waiting:
        raise Conflict("这张表没有等待放行的记录。")
    asked = session.execute(
        update(ImportBatch)
        .where(ImportBatch.id == batch.id, ImportBatch.state == ImportState.DECLARED)
        .values(
            state=ImportState.RELEASING,
            released_by=actor.person_id,
            released_at=now(),
            release_rows=None if rows is None else json.dumps(sorted(set(rows))),
            version=ImportBatch.version + 1,
        )
        .execution_options(synchronize_session=False)
    )
    session.refresh(batch)
    if asked.rowcount != 1:  # type: ignore[attr-defined]
        return batch
    audit.record(
        session,
        actor,
        "release_import",
        "import",
        batch.id,
        village_id=batch.village_id,
        details={"rows": None if rows is None else len(set(rows))},
    )
    outbox.send(session, ReleaseImport(batch.id))
    return batch


def select_batches(actor: Principal) -> Select[ImportBatch]:
    """The batches that `actor` may see: the township's for its admins, else those of one's villages and one's own."""
    batches = select(ImportBatch).where(ImportBatch.township_id == actor.township_id)
    if actor.covers_township(Role.ADMIN, Role.AUDITOR):
        return batches
    villages = actor.villages_of(*IMPORTERS)
    return batches.where(or_(ImportBatch.village_id.in_(villages), ImportBatch.made_by == actor.actor))


def batch_in_scope(session: Session, actor: Principal, import_id: int) -> ImportBatch:
    """A batch that `actor` may see. Raises NotFound."""
    batch = session.scalar(select_batches(actor).where(ImportBatch.id == import_id))
    if batch is None:
        raise NotFound("没有这次导入。")
    return batch


def view_of_batch(session: Session, actor: Principal, batch: ImportBatch) -> BatchView:
    """The batch with its counts, errors, and a sample of the rows that wait."""
    with without_nested_loops(session):
        waiting = count_waiting(session, batch.id)
        sample = _sample(session, batch.id, waiting) if waiting else []
    own = batch.imported_by == actor.person_id or batch.made_by == actor.actor
    reaches = batch.village_id is not None or actor.covers_township(Role.ADMIN)
    return BatchView(
        batch=batch,
        waiting=waiting,
        sample=sample,
        errors=[(int(row), str(sentence)) for row, sentence in json.loads(batch.errors)],
        is_own=own,
        can_release=bool(
            batch.state is ImportState.DECLARED
            and waiting
            and not own
            and reaches
            and actor.has(*IMPORTERS)
            and actor.person_id is not None
        ),
    )


def error_workbook(session: Session, batch: ImportBatch) -> tuple[str, bytes]:
    """Name and content of the workbook with the reasons. Raises NotFound where nothing was wrong."""
    if batch.error_file is None:
        raise NotFound("这次导入没有错误表。")
    _, content = read_file(session, batch.error_file)
    return f"错误-{batch.file_name.rsplit('.', 1)[0]}.xlsx", content


def waiting_rows(import_id: int) -> tuple[ColumnElement[bool], ...]:
    """The conditions of rows whose events wait for a review: neither released nor reviewed, rejected or withdrawn."""
    waiting = select(Event.id).where(Event.import_id == import_id, Event.state.in_(WAITING))
    return ImportRow.import_id == import_id, ImportRow.released.is_(False), ImportRow.event_id.in_(waiting)


def count_waiting(session: Session, import_id: int) -> int:
    """How many rows of a batch wait for a review."""
    return session.scalar(select(func.count()).select_from(ImportRow).where(*waiting_rows(import_id))) or 0


def _sample(session: Session, import_id: int, waiting: int) -> list[SampleRow]:
    """Rows spread evenly over those that wait, the same each time until some are released."""
    numbered = (
        select(
            ImportRow.row_number,
            ImportRow.household_id,
            ImportRow.rule_id,
            ImportRow.occurred_on,
            ImportRow.quantity,
            func.row_number().over(order_by=ImportRow.row_number).label("place"),
        )
        .where(*waiting_rows(import_id))
        .subquery()
    )
    stride = max(1, waiting // SAMPLE_ROWS)
    rows = session.execute(
        select(
            numbered.c.row_number,
            Household.head_name,
            Household.number,
            RuleCode.code,
            numbered.c.occurred_on,
            numbered.c.quantity,
        )
        .join(Household, Household.id == numbered.c.household_id)
        .join(RuleCode, RuleCode.id == numbered.c.rule_id)
        .where(numbered.c.place % stride == stride // 2)
        .order_by(numbered.c.row_number)
        .limit(SAMPLE_ROWS)
    )
    return [SampleRow(*row) for row in rows]
