"""Imports of events on both databases: from a real workbook to posted points."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import xlsxwriter
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from services.points.events.reviews import Verdict, review_event
from services.points.imports.batches import (
    batch_in_scope,
    error_workbook,
    release_import,
    start_import,
    view_of_batch,
)
from services.points.imports.declaring import declare_import
from services.points.imports.exports import events_template, export_events
from services.points.imports.releasing import post_released
from shared.calendar import today
from shared.database import Database
from shared.errors import Conflict, Forbidden, Invalid, NotFound
from shared.identity import Principal, Role
from shared.models.points import (
    Account,
    Event,
    EventState,
    ImportBatch,
    ImportRow,
    ImportState,
    Once,
    Posting,
    Review,
    Rule,
)
from shared.models.registry import Household, Kinship
from shared.topology import Service
from tests.fixtures.databases import DatabaseFor
from tests.fixtures.township import PrincipalOf, SmallTownship
from tests.integration.points.scored_township import ScoredTownship, build_scored_township

pytestmark = pytest.mark.usefixtures("any_database")
HEADER = ["村", "户号", "户主", "条目", "日期", "数量", "备注"]
Workbook = Callable[..., bytes]


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
def second(principal_of: PrincipalOf) -> Principal:
    return principal_of(Role.CADRE, number=1)


def workbook(rows: list[list[Any]], header: list[str] = HEADER) -> bytes:
    stream = io.BytesIO()
    with xlsxwriter.Workbook(stream) as book:
        page = book.add_worksheet()
        for number, row in enumerate([["积分登记表"], header, *rows]):
            page.write_row(number, 0, row)
    return stream.getvalue()


def imported(database: Database, actor: Principal, content: bytes, *, dry_run: bool = False) -> int:
    with database.transaction() as session:
        import_id = start_import(session, actor, content=content, name="登记表.xlsx", dry_run=dry_run).id
    with database.transaction() as session:
        assert declare_import(session, import_id) is not None
    with database.transaction() as session:
        assert declare_import(session, import_id) is None
    return import_id


def released(database: Database, actor: Principal, import_id: int, rows: list[int] | None = None) -> None:
    with database.transaction() as session:
        release_import(session, actor, import_id, rows=rows)
    with database.transaction() as session:
        assert post_released(session, import_id) is not None
    with database.transaction() as session:
        assert post_released(session, import_id) is None


def counts(session: Session, import_id: int) -> tuple[ImportState, int, int, int, int]:
    batch = session.get_one(ImportBatch, import_id)
    return batch.state, batch.rows_total, batch.rows_new, batch.rows_known, batch.rows_wrong


def balance(session: Session, household_id: int) -> int:
    return session.scalar(select(Account.balance).where(Account.household_id == household_id)) or 0


def good_rows(scored: ScoredTownship) -> list[list[Any]]:
    name = scored.township.villages[0].name
    return [
        [name, 2, "", "CLEAN", "2026.5.20", 1, "门前"],
        [name, "", "", "打扫门前", "2026年5月21日", "", ""],
        [name.removesuffix("村"), 3.0, "", "HELP", "20260522", 2, ""],
        [name, 2, "", "CLEAN", "2026.5.20", 1, "门前"],
    ]


def test_a_workbook_is_declared_by_its_importer_and_posted_when_another_person_releases_it(
    database: Database, scored: ScoredTownship, importer: Principal, second: Principal
) -> None:
    household = scored.township.villages[0].households[1]
    rows = good_rows(scored)
    rows[1][2] = "吴小满"
    with database.reading() as session:
        before = balance(session, household)
        rows[1][2] = session.get_one(Household, household).head_name
    import_id = imported(database, importer, workbook(rows))
    with database.reading() as session:
        assert counts(session, import_id) == (ImportState.DECLARED, 4, 4, 0, 0)
        assert balance(session, household) == before
        events = session.scalars(select(Event).where(Event.import_id == import_id)).all()
        assert {(event.state, event.declared_by) for event in events} == {(EventState.DECLARED, importer.person_id)}
    with database.transaction() as session, pytest.raises(Forbidden, match="不能自己放行"):
        release_import(session, importer, import_id)
    released(database, second, import_id)
    with database.reading() as session:
        view = view_of_batch(session, second, batch_in_scope(session, second, import_id))
        assert (view.batch.state, view.batch.rows_released, view.waiting) == (ImportState.RELEASED, 4, 0)
        assert balance(session, household) == before + 300
        assert session.scalar(select(func.count()).where(Posting.kind == "import", Posting.seq > 1)) == 1
    with database.transaction() as session, pytest.raises(Conflict, match="没有等待放行"):
        release_import(session, second, import_id)


def test_the_same_file_twice_changes_nothing(database: Database, scored: ScoredTownship, importer: Principal) -> None:
    rows = good_rows(scored)[::2] + good_rows(scored)[3:]
    imported(database, importer, workbook(rows))
    again = imported(database, importer, workbook(rows))
    with database.reading() as session:
        assert counts(session, again) == (ImportState.DECLARED, 3, 0, 3, 0)
        assert session.scalar(select(func.count()).where(Event.import_id == again)) == 0


def test_a_dry_run_checks_and_declares_nothing(database: Database, scored: ScoredTownship, importer: Principal) -> None:
    import_id = imported(database, importer, workbook(good_rows(scored)[::2]), dry_run=True)
    with database.reading() as session:
        assert counts(session, import_id) == (ImportState.CHECKED, 2, 2, 0, 0)
        assert session.scalar(select(func.count()).where(Event.import_id == import_id)) == 0


def test_wrong_rows_are_named_in_an_error_workbook_and_the_good_ones_are_taken(
    database: Database, scored: ScoredTownship, importer: Principal
) -> None:
    here, there = scored.township.villages
    tomorrow = (today() + timedelta(days=1)).isoformat()
    rows = [
        [here.name, 2, "", "CLEAN", "2026.5.20", 1, ""],
        [there.name, 2, "", "CLEAN", "2026.5.20", 1, ""],
        [here.name, 99, "", "CLEAN", "2026.5.20", 1, ""],
        [here.name, 2, "别人", "CLEAN", "2026.5.20", 1, ""],
        [here.name, 2, "", "没有这条", "2026.5.20", 1, ""],
        [here.name, 2, "", "CLEAN", tomorrow, 1, ""],
        [here.name, 2, "", "CLEAN", "2019.5.20", 1, ""],
        [here.name, 2, "", "CLEAN", "2026.5.20", 101, ""],
        [here.name, 2, "", "CLEAN", "2026.5.20", -1, ""],
        [here.name, 2, "", "CLEAN", "某天", 0.125, ""],
        [here.name, "", "", "CLEAN", "2026.5.20", 1, ""],
    ]
    import_id = imported(database, importer, workbook(rows))
    with database.reading() as session:
        assert counts(session, import_id) == (ImportState.DECLARED, 11, 1, 0, 10)
        view = view_of_batch(session, importer, batch_in_scope(session, importer, import_id))
        name, content = error_workbook(session, view.batch)
    sheet = openpyxl.load_workbook(io.BytesIO(content)).active
    reasons = [row[7].value for row in sheet.iter_rows(min_row=3)]
    assert name == "错误-登记表.xlsx"
    assert sheet["H2"].value == "错误原因"
    assert reasons[0] is None
    for reason, words in zip(
        reasons[1:],
        [
            "不在您负责的范围",
            "没有户号为 99",
            "户主是",
            "没有“没有这条”这一条",
            "还没有到",
            "还没有积分细则",
            "一次最多登记 100.00 次",
            "数量要大于 0",
            "不是日期",
            "请填写户号、户卡号或户主姓名",
        ],
        strict=True,
    ):
        assert words in reason
    assert [row for row, _ in view.errors] == list(range(4, 14))


def test_a_file_that_is_no_workbook_is_refused_at_once_and_one_without_the_columns_in_words(
    database: Database, scored: ScoredTownship, importer: Principal
) -> None:
    with database.transaction() as session:
        with pytest.raises(Invalid, match="不是 Excel"):
            start_import(session, importer, content=b"\x89PNG\0", name="图.xlsx", dry_run=False)
        with pytest.raises(Invalid, match="旧版 .xls"):
            start_import(
                session, importer, content=bytes.fromhex("D0CF11E0A1B11AE1") + b"\0", name="表.xls", dry_run=False
            )
    import_id = imported(database, importer, workbook([["x"]], ["别的表"]))
    with database.reading() as session:
        batch = session.get_one(ImportBatch, import_id)
        assert batch.state is ImportState.REFUSED
        assert "缺少 “条目”、“日期”" in batch.problem


def test_csv_is_imported_too(database: Database, scored: ScoredTownship, importer: Principal) -> None:
    content = "户号,条目,日期\n2,CLEAN,2026-5-20\n".encode("gb18030")
    with database.transaction() as session:
        import_id = start_import(session, importer, content=content, name="表.csv", dry_run=False).id
    with database.transaction() as session:
        declare_import(session, import_id)
        assert counts(session, import_id) == (ImportState.DECLARED, 1, 1, 0, 0)


def test_rows_are_released_in_part_and_a_sample_shows_what_waits(
    database: Database, scored: ScoredTownship, importer: Principal, second: Principal
) -> None:
    name = scored.township.villages[0].name
    rows = [[name, 2, "", "CLEAN", f"2026.5.{day}", 1, ""] for day in range(1, 31)]
    import_id = imported(database, importer, workbook(rows))
    with database.reading() as session:
        view = view_of_batch(session, second, batch_in_scope(session, second, import_id))
    assert (view.waiting, len(view.sample), view.can_release, view.is_own) == (30, 10, True, False)
    assert view.sample[0].rule_code == "CLEAN"
    released(database, second, import_id, rows=[3, 4, 5])
    with database.reading() as session:
        view = view_of_batch(session, second, batch_in_scope(session, second, import_id))
    assert (view.batch.state, view.batch.rows_released, view.waiting) == (ImportState.DECLARED, 3, 27)
    released(database, second, import_id)
    with database.reading() as session:
        assert session.get_one(ImportBatch, import_id).state is ImportState.RELEASED


def test_rows_whose_rule_has_gone_meanwhile_are_left_with_the_reason_and_released_when_it_is_back(
    database: Database, scored: ScoredTownship, importer: Principal, second: Principal
) -> None:
    village = scored.township.villages[0]
    rows = [[village.name, number, "", code, "2026.5.20", 1, ""] for number in (1, 2, 3) for code in ("CLEAN", "FINE")]
    import_id = imported(database, importer, workbook(rows))
    fine = update(Rule).where(Rule.code_id == scored.codes["FINE"])
    with database.transaction() as session:
        session.execute(fine.values(village_id=scored.township.villages[1].id))
    for asked, posted in ((3, 1), (8, 3)):
        released(database, second, import_id, rows=[*range(3, asked + 2)])
        with database.reading() as session:
            batch = session.get_one(ImportBatch, import_id)
            assert (batch.state, batch.rows_released) == (ImportState.DECLARED, posted)
            assert "第 4、6、8 行，共 3 行。" in batch.problem
            assert "细则里没有 FINE，不能记分" in batch.problem
            states = session.execute(select(Event.rule_id, Event.state).where(Event.import_id == import_id)).all()
            assert {state for rule, state in states if rule == scored.codes["FINE"]} == {EventState.DECLARED}
    with database.transaction() as session:
        event = event_of_row(session, import_id, 4)
        with pytest.raises(Conflict, match="已没有这一条"):
            review_event(session, second, event, verdict=Verdict.APPROVE)
        session.execute(fine.values(village_id=None))
    released(database, second, import_id)
    with database.reading() as session:
        batch = session.get_one(ImportBatch, import_id)
        assert (batch.state, batch.rows_released, batch.problem) == (ImportState.RELEASED, 6, "")


def test_an_amount_beside_a_fixed_rule_may_repeat_the_rule_and_nothing_else(
    database: Database, scored: ScoredTownship, importer: Principal
) -> None:
    name = scored.township.villages[0].name
    rows = [
        [name, 1, "", "CLEAN", "2026.5.20", 1, "", 1],
        [name, 1, "", "CLEAN", "2026.5.21", 3, "", 3],
        [name, 1, "", "CLEAN", "2026.5.22", 3, "", 1],
        [name, 1, "", "CLEAN", "2026.5.23", 1, "", 2],
    ]
    import_id = imported(database, importer, workbook(rows, [*HEADER, "分值"]))
    with database.reading() as session:
        assert counts(session, import_id) == (ImportState.DECLARED, 4, 3, 0, 1)
        assert "不能另填分值" in session.get_one(ImportBatch, import_id).errors


def test_nobody_releases_for_a_declared_relative(
    database: Database, scored: ScoredTownship, importer: Principal, second: Principal, database_for: DatabaseFor
) -> None:
    village = scored.township.villages[0]
    with database_for(Service.INTAKE).transaction() as session:
        session.add(Kinship(person_id=second.person_id, household_id=village.households[1]))
    rows = [[village.name, number, "", "CLEAN", "2026.5.20", 1, ""] for number in (1, 2, 3)]
    import_id = imported(database, importer, workbook(rows))
    released(database, second, import_id)
    with database.reading() as session:
        batch = session.get_one(ImportBatch, import_id)
        assert (batch.state, batch.rows_released, batch.rows_left) == (ImportState.DECLARED, 2, 1)


def test_double_review_takes_two_releasers(
    database: Database, scored: ScoredTownship, importer: Principal, second: Principal, principal_of: PrincipalOf
) -> None:
    with database.transaction() as session:
        session.execute(update(Rule).where(Rule.code_id == scored.codes["CLEAN"]).values(review=Review.DOUBLE))
    import_id = imported(database, importer, workbook(good_rows(scored)[::3]))
    for _ in range(2):
        released(database, second, import_id)
        with database.reading() as session:
            states = set(session.scalars(select(Event.state).where(Event.import_id == import_id)))
            assert states == {EventState.REVIEWED}
    released(database, principal_of(Role.ADMIN), import_id)
    with database.reading() as session:
        events = session.scalars(select(Event).where(Event.import_id == import_id)).all()
    assert {event.state for event in events} == {EventState.POSTED}
    assert all(event.second_by != event.reviewed_by for event in events)


def test_a_rule_that_counts_once_is_refused_where_the_period_has_an_event(
    database: Database, scored: ScoredTownship, importer: Principal
) -> None:
    with database.transaction() as session:
        session.execute(update(Rule).where(Rule.code_id == scored.codes["FINE"]).values(once=Once.YEAR))
    name = scored.township.villages[0].name
    rows = [
        [name, 1, "", "FINE", "2026.5.20", 1, ""],
        [name, 2, "", "FINE", "2026.5.20", 1, ""],
        [name, 2, "", "FINE", "2026.6.20", 1, ""],
    ]
    import_id = imported(database, importer, workbook(rows))
    with database.reading() as session:
        assert counts(session, import_id) == (ImportState.DECLARED, 3, 1, 0, 2)


def test_a_township_admin_imports_several_villages_and_only_an_admin_releases_that(
    database: Database, scored: ScoredTownship, second: Principal, principal_of: PrincipalOf
) -> None:
    rows = [[village.name, 2, "", "CLEAN", "2026.5.20", 1, ""] for village in scored.township.villages]
    import_id = imported(database, principal_of(Role.ADMIN), workbook(rows))
    with database.transaction() as session:
        assert counts(session, import_id) == (ImportState.DECLARED, 2, 2, 0, 0)
        with pytest.raises(NotFound):
            release_import(session, second, import_id)
    released(database, principal_of(Role.ADMIN, number=1), import_id)
    with database.reading() as session:
        assert session.get_one(ImportBatch, import_id).rows_released == 2


def test_the_export_can_be_read_by_the_import_and_says_who_and_when(
    database: Database, scored: ScoredTownship, importer: Principal, tmp_path: Path
) -> None:
    village = scored.township.villages[0]
    with database.transaction() as session:
        name, content = export_events(session, importer, village.code, 2026 * 4 + 1)
        template = events_template(session, importer)
    assert name == f"{village.name}2026年第二季度积分记录.xlsx"
    sheet = openpyxl.load_workbook(io.BytesIO(content)).active
    assert "导出人" in sheet["A1"].value
    assert sheet.max_row == 2 + 36
    import_id = imported(database, importer, content)
    with database.reading() as session:
        assert counts(session, import_id) == (ImportState.DECLARED, 36, 36, 0, 0)
    assert openpyxl.load_workbook(io.BytesIO(template))["选项"].sheet_state == "hidden"


def test_a_workbook_of_many_rows_is_imported_and_posted_in_one_posting(
    database: Database, scored: ScoredTownship, importer: Principal, second: Principal
) -> None:
    name, first = scored.township.villages[0].name, date(2026, 1, 1)
    rows = [
        [name, 1 + number % 6, "", "CLEAN", (first + timedelta(days=number % 180)).isoformat(), 1, f"第{number}行"]
        for number in range(5_000)
    ]
    import_id = imported(database, importer, workbook(rows))
    released(database, second, import_id)
    with database.reading() as session:
        batch = session.get_one(ImportBatch, import_id)
        assert (batch.state, batch.rows_released) == (ImportState.RELEASED, 5_000)
        assert session.scalars(select(Posting.entry_count).order_by(Posting.id.desc())).first() == 5_000


def event_of_row(session: Session, import_id: int, row: int) -> int:
    return session.scalars(
        select(ImportRow.event_id).where(ImportRow.import_id == import_id, ImportRow.row_number == row)
    ).one()


def test_a_row_that_was_rejected_waits_no_longer_and_can_be_imported_again(
    database: Database, scored: ScoredTownship, importer: Principal, second: Principal
) -> None:
    household = scored.township.villages[0].households[1]
    name = scored.township.villages[0].name
    rows = [[name, 2, "", "CLEAN", f"2026.5.{day}", 1, ""] for day in (20, 21, 22)]
    import_id = imported(database, importer, workbook(rows))
    with database.transaction() as session:
        before = balance(session, household)
        for row, verdict in ((3, Verdict.REJECT), (4, Verdict.APPROVE)):
            event_id = event_of_row(session, import_id, row)
            review_event(session, second, event_id, verdict=verdict, reason="没有来")
        view = view_of_batch(session, second, batch_in_scope(session, second, import_id))
        assert (view.waiting, [line.row for line in view.sample], view.batch.state) == (1, [5], ImportState.DECLARED)
        review_event(session, second, event_of_row(session, import_id, 5), verdict=Verdict.REJECT, reason="没有来")
    with database.transaction() as session:
        assert session.get_one(ImportBatch, import_id).state is ImportState.RELEASED
        with pytest.raises(Conflict, match="没有等待放行"):
            release_import(session, second, import_id)
    again = imported(database, importer, workbook(rows))
    with database.reading() as session:
        # The approved row is known; the rejected ones are declared anew and reviewed anew.
        assert counts(session, again) == (ImportState.DECLARED, 3, 2, 1, 0)
    released(database, second, again)
    with database.reading() as session:
        assert balance(session, household) == before + 300
        states = session.scalars(select(Event.state).where(Event.import_id == import_id).order_by(Event.id)).all()
        assert states == [EventState.REJECTED, EventState.POSTED, EventState.REJECTED]


def test_a_household_must_be_registered_on_the_day_of_the_event(
    database: Database, scored: ScoredTownship, importer: Principal, database_for: DatabaseFor
) -> None:
    village = scored.township.villages[0]
    with database_for(Service.INTAKE).transaction() as session:
        session.get_one(Household, village.households[1]).valid_to = date(2026, 5, 20)
        session.get_one(Household, village.households[2]).valid_from = date(2026, 5, 20)
        # Who moved away does not stand in the way of another of the same name.
        session.get_one(Household, village.households[2]).head_name = "吴小满"
        session.get_one(Household, village.households[1]).head_name = "吴小满"
    rows = [
        [village.name, 2, "", "CLEAN", "2026.5.20", 1, ""],
        [village.name, 2, "", "CLEAN", "2026.5.21", 1, ""],
        [village.name, 3, "", "CLEAN", "2026.5.19", 1, ""],
        [village.name, "", "吴小满", "CLEAN", "2026.5.21", 1, ""],
        [village.name, "", "吴小满", "CLEAN", "2026.5.20", 1, ""],
    ]
    import_id = imported(database, importer, workbook(rows))
    with database.reading() as session:
        view = view_of_batch(session, importer, batch_in_scope(session, importer, import_id))
        assert [row for row, _ in view.errors] == [4, 5, 7]
        assert "2026-05-21 不在册" in view.errors[0][1]
        assert "2026-05-19 不在册" in view.errors[1][1]
        assert "有 2 户的户主都叫" in view.errors[2][1]
        households = session.scalars(select(Event.household_id).where(Event.import_id == import_id).order_by(Event.id))
        assert households.all() == [village.households[1], village.households[2]]


def test_a_day_before_any_rulebook_is_named_in_the_error_workbook(
    database: Database, scored: ScoredTownship, importer: Principal
) -> None:
    name = scored.township.villages[0].name
    days = ["2025.12.31", "2020.1.1", "1999-1-1", "0001-01-01", 1, "2026.1.1"]
    import_id = imported(database, importer, workbook([[name, 2, "", "CLEAN", day, 1, ""] for day in days]))
    with database.reading() as session:
        assert counts(session, import_id) == (ImportState.DECLARED, 6, 1, 0, 5)
        view = view_of_batch(session, importer, batch_in_scope(session, importer, import_id))
        _, content = error_workbook(session, view.batch)
    reasons = [row[7].value for row in openpyxl.load_workbook(io.BytesIO(content)).active.iter_rows(min_row=3)]
    assert "2025年第四季度还没有积分细则，请核对日期" in reasons[0]
    assert all(reasons[:5])
    assert reasons[5] is None
