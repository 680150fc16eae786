"""How far an import of events is: told while it is read, true after a reload, and without any effect before its end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import func, select

from services.points.imports import declaring, tasks
from services.points.imports.batches import batch_in_scope, start_import, view_of_batch
from services.points.imports.reading import read_workbook, write_errors
from services.points.imports.writing import declare_events
from shared.database import Database
from shared.identity import Principal, Role
from shared.messages.points_work import ReadImport
from shared.messaging.envelope import Envelope
from shared.messaging.inbox import Delivery, Outcome, receive
from shared.messaging.outbox import envelope_of
from shared.models.points import Event, ImportBatch, ImportRow, ImportState, Rule, RuleCode
from shared.models.registry import Household
from shared.pace import Phase
from shared.topology import Service
from tests.fixtures.databases import DatabaseFor
from tests.fixtures.township import PrincipalOf, SmallTownship
from tests.fixtures.workbooks import workbook
from tests.integration.points.scored_township import ScoredTownship, build_scored_township

pytestmark = pytest.mark.usefixtures("any_database")
HEADER = ("户号", "条目", "日期", "数量", "备注")
ROWS = 300
Seen = tuple[Phase, int, int, int | None]


class Killed(BaseException):
    """Ends a worker at once: nothing of ours catches it."""


@pytest.fixture
def database(database_for: DatabaseFor) -> Database:
    return database_for(Service.POINTS)


@pytest.fixture
def scored(database: Database, small_township: SmallTownship) -> ScoredTownship:
    with database.transaction() as session:
        return build_scored_township(session, small_township, adopt_second=False)


@pytest.fixture
def importer(principal_of: PrincipalOf) -> Principal:
    return principal_of(Role.CADRE)


@pytest.fixture
def envelope(database: Database, scored: ScoredTownship, importer: Principal) -> Envelope:
    """The message of a waiting import of `ROWS` rows, two of them wrong."""
    rows = [(1 + number % 6, "CLEAN", "2026-05-20", 1, f"第{number}行") for number in range(ROWS)]
    rows[7], rows[8] = (99, "CLEAN", "2026-05-20", 1, ""), (1, "NOPE", "2026-05-20", 1, "")
    with database.transaction() as session:
        batch = start_import(session, importer, content=workbook([HEADER, *rows]), name="表.xlsx", dry_run=False)
        return envelope_of(ReadImport(batch.id))


def import_id(envelope: Envelope) -> int:
    return ReadImport.load(envelope.version, envelope.body).import_id


def deliver(database: Database, envelope: Envelope, *, again: bool = False) -> Outcome:
    return receive(database, Delivery(envelope.name, envelope.id, envelope.as_json(), redelivered=again))


def seen(database: Database, actor: Principal, envelope: Envelope) -> Seen:
    with database.reading() as session:
        view = view_of_batch(session, actor, batch_in_scope(session, actor, import_id(envelope)))
        return view.phase, view.batch.rows_done, view.batch.rows_total, view.eta_seconds


def declared(database: Database, envelope: Envelope) -> tuple[int, int]:
    """Events and rows of the import."""
    with database.reading() as session:
        events = session.scalar(select(func.count()).where(Event.import_id == import_id(envelope)))
        rows = session.scalar(select(func.count()).where(ImportRow.import_id == import_id(envelope)))
        return events or 0, rows or 0


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], None]], None]:
    """`watch(look)`: rows are told one by one, and `look` is called after each time."""

    def start(look: Callable[[], None]) -> None:
        def watched(opened: Any, tell: Any) -> Any:
            def both(done: int, total: int) -> None:
                tell(done, total)
                look()

            return read_workbook(opened, both)

        monkeypatch.setattr("shared.pace.TELL_SECONDS", 0.0)
        monkeypatch.setattr(tasks, "read_workbook", watched)

    return start


def test_progress_is_told_row_by_row_while_others_write(
    database: Database,
    importer: Principal,
    envelope: Envelope,
    watch: Callable[..., None],
    database_for: DatabaseFor,
    scored: ScoredTownship,
) -> None:
    told: list[Seen] = []

    def look() -> None:
        told.append(seen(database, importer, envelope))
        # On SQLite this would wait for ever if the reading held the one writer's lock.
        with database_for(Service.INTAKE).transaction() as session:
            session.get_one(Household, scored.township.households[0]).address = f"{len(told)}"

    assert seen(database, importer, envelope) == (Phase.WAITING, 0, 0, None)
    watch(look)
    assert deliver(database, envelope) is Outcome.HANDLED
    assert [(phase, done) for phase, done, _, _ in told[:3]] == [(Phase.READING, done) for done in (0, 1, 2)]
    assert told[-1][:3] == (Phase.WRITING, ROWS, ROWS)
    assert [done for _, done, _, _ in told] == sorted(done for _, done, _, _ in told)
    assert all(eta is not None and eta > 0 for phase, done, _, eta in told if phase is Phase.READING and done)
    assert seen(database, importer, envelope) == (Phase.RESTING, ROWS, ROWS, None)
    assert declared(database, envelope) == (ROWS - 2, ROWS - 2)


@pytest.mark.parametrize("moment", ["reading", "declaring"])
def test_a_worker_killed_in_the_middle_leaves_nothing_and_the_next_one_does_all_of_it_once(
    database: Database,
    importer: Principal,
    envelope: Envelope,
    watch: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
    moment: str,
) -> None:
    looked: list[int] = []

    def die(*_arguments: Any) -> None:
        looked.append(1)
        if moment == "reading" and len(looked) < 100:
            return
        raise Killed

    with monkeypatch.context() as broken:
        if moment == "reading":
            watch(die)
        else:

            def write_and_die(*given: Any) -> None:
                declare_events(*given)
                die()

            broken.setattr(declaring, "declare_events", write_and_die)
        with pytest.raises(Killed):
            deliver(database, envelope)
    monkeypatch.undo()
    phase, done, total, _ = seen(database, importer, envelope)
    assert (phase, total) == (Phase.READING if moment == "reading" else Phase.WRITING, ROWS)
    assert 0 < done <= ROWS
    assert declared(database, envelope) == (0, 0)
    assert deliver(database, envelope, again=True) is Outcome.HANDLED
    assert deliver(database, envelope, again=True) is Outcome.REPEATED
    assert declared(database, envelope) == (ROWS - 2, ROWS - 2)


def test_a_register_that_changed_after_the_reading_is_looked_at_again(
    database: Database,
    importer: Principal,
    envelope: Envelope,
    monkeypatch: pytest.MonkeyPatch,
    scored: ScoredTownship,
) -> None:
    def change_rules(*given: Any) -> bytes:
        with database.transaction() as session:
            session.get_one(RuleCode, scored.codes["CLEAN"]).code = "SWEEP"
            for rule in session.scalars(select(Rule).where(Rule.code_id == scored.codes["CLEAN"])):
                rule.title = "清扫"
        return write_errors(*given)

    monkeypatch.setattr(tasks, "write_errors", change_rules)
    assert deliver(database, envelope) is Outcome.HANDLED
    with database.reading() as session:
        batch = session.get_one(ImportBatch, import_id(envelope))
        assert (batch.state, batch.rows_new, batch.rows_wrong) == (ImportState.DECLARED, 0, ROWS)
        view = view_of_batch(session, importer, batch)
        assert "没有“CLEAN”这一条" in view.errors[0][1]
    assert declared(database, envelope) == (0, 0)
