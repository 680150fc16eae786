"""Lines of a draft by workbook, on both databases: what is exported is imported again, all rows or none."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import openpyxl  # type: ignore[import-untyped]
import pytest
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse

from services.points.app import create_app
from services.points.rulebooks.columns import COLUMNS
from services.points.rulebooks.drafts import create_draft, edit_draft, rulebook_by_revision
from services.points.rulebooks.lines import CategoryLine, RuleLine, Step, categories_of, rules_of
from shared.database import Database
from shared.excel import ExportColumn, write_workbook
from shared.identity import Principal, Role
from shared.models.base import now
from shared.models.points import CapPeriod, Evidence, Expiry, Mode, Once, Per, Review, RulebookState
from shared.topology import Service
from tests.fixtures.calls import Call
from tests.fixtures.databases import DatabaseFor
from tests.fixtures.township import PrincipalOf, SmallTownship

pytestmark = pytest.mark.usefixtures("any_database")

URL = "/api/points/rulebooks/1/lines"
CATEGORIES = [CategoryLine("A", "环境", 3000), CategoryLine("B", "志愿"), CategoryLine("C", "还没有条目", 0)]
HEADERS = [column.header for column in COLUMNS]

Send = Callable[..., TestResponse]


@pytest.fixture
def database(database_for: DatabaseFor) -> Database:
    return database_for(Service.POINTS)


@pytest.fixture
def rules(small_township: SmallTownship) -> list[RuleLine]:
    """A line of each mode, with every field once."""
    sweeping = RuleLine("A1", "A", "大扫除", "人次", Mode.FIXED, points=50, common=True)
    fixed = replace(sweeping, cap=600, cap_period=CapPeriod.MONTH)
    return [
        fixed,
        RuleLine("A2", "A", "乱倒垃圾", "次", Mode.STEPPED, steps=(Step(100, -200), Step(200, -450)), once=Once.YEAR),
        RuleLine("B1", "B", "志愿时长", "小时", Mode.TIERED, per=Per.YEAR, steps=(Step(50, 10), Step(1000, 300))),
        RuleLine("B2", "B", "好人好事", "次", Mode.RANGE, minimum=-100, maximum=800, review=Review.DOUBLE),
        replace(fixed, code="1.10", cap=0, cap_period=CapPeriod.QUARTER, max_quantity=1, evidence=Evidence.PROOF),
        replace(fixed, code="本村", expiry=Expiry.MONTHS, valid_months=6, village_id=small_township.villages[1].id),
        replace(fixed, code="A9", points=-300, expiry=Expiry.YEAR_END, review=Review.NONE, evidence=Evidence.NOTE),
    ]


@pytest.fixture
def admin(principal_of: PrincipalOf) -> Principal:
    return principal_of(Role.ADMIN)


@pytest.fixture
def send(database: Database, admin: Principal, call: Call) -> Send:
    """Send a workbook, or name one that was sent, at the draft's first version unless said otherwise."""
    app = create_app()

    def send(content: bytes | None, *, actor: Principal = admin, version: int = 1, **fields: str) -> TestResponse:
        data: dict[str, Any] = dict(fields)
        if content is not None:
            data["file"] = FileStorage(io.BytesIO(content), "积分细则.xlsx")
        headers = {"If-Match": f'"v{version}"'}
        return call(app, Service.POINTS, actor, "POST", URL, data=data, headers=headers)

    return send


def draft(database: Database, admin: Principal, rules: list[RuleLine]) -> None:
    with database.transaction() as session:
        create_draft(session, admin, title="细则", categories=CATEGORIES, rules=rules)


def sheet(tmp_path: Path, *rows: dict[str, Any], headers: list[str] = HEADERS) -> bytes:
    path = tmp_path / "sheet.xlsx"
    columns = [ExportColumn(header) for header in headers]
    write_workbook(path, "表", columns, [[row.get(header) for header in headers] for row in rows])
    return path.read_bytes()


SWEEPING = {"条目编号": "A1", "类别": "环境", "内容": "大扫除", "单位": "人次", "计分方式": "固定分", "分值": "2.5"}


def held(database: Database, admin: Principal) -> tuple[list[CategoryLine], list[RuleLine]]:
    with database.reading() as session:
        book = rulebook_by_revision(session, admin, 1)
        return categories_of(session, book.id), rules_of(session, book.id)


def test_what_was_exported_is_imported_as_it_was(
    database: Database, admin: Principal, rules: list[RuleLine], send: Send, call: Call
) -> None:
    draft(database, admin, rules)
    exported = call(create_app(), Service.POINTS, admin, "GET", f"{URL}.xlsx").data
    unchanged = send(exported)
    assert unchanged.status_code == 200, unchanged.json
    assert (unchanged.json["imported"], unchanged.json["unchanged"]) == (True, len(rules))
    assert unchanged.json["version"] == 1
    with database.transaction() as session:
        book = rulebook_by_revision(session, admin, 1)
        edit_draft(
            session, admin, book, title="x", summary="", categories=CATEGORIES, rules=rules[3:4], expected_version=1
        )
    restored = send(exported, version=2)
    assert restored.status_code == 200, restored.json
    assert restored.json["added"] == [rule.code for rule in rules if rule.code != "B2"]
    assert held(database, admin) == (CATEGORIES, rules)


def test_a_check_changes_nothing_and_its_workbook_is_imported_without_sending_it_again(
    database: Database, admin: Principal, rules: list[RuleLine], send: Send, tmp_path: Path
) -> None:
    draft(database, admin, rules[:2])
    added = {**SWEEPING, "条目编号": "N1", "类别": "新的类别", "类别每季度上限": "12"}
    checked = send(sheet(tmp_path, {**SWEEPING, "类别每季度上限": "30"}, added), dry_run="true")
    assert checked.status_code == 200, checked.json
    found = {name: checked.json[name] for name in ("imported", "added", "changed", "removed", "wrong")}
    assert found == {"imported": False, "added": ["N1"], "changed": ["A1"], "removed": ["A2"], "wrong": []}
    assert held(database, admin) == (CATEGORIES, rules[:2])
    for version in (1, 1):
        # A second tap finds nothing left to change, and is no conflict.
        taken = send(None, sent=checked.json["file"], version=version)
        assert (taken.status_code, taken.json["imported"], taken.json["version"]) == (200, True, 2)
    categories, lines = held(database, admin)
    assert categories == [*CATEGORIES, CategoryLine("新的类别", "新的类别", 1200)]
    assert [(line.code, line.category, line.points, line.cap) for line in lines] == [
        ("A1", "A", 250, None),
        ("N1", "新的类别", 250, None),
    ]


def test_wrong_rows_stop_everything_and_stand_in_the_error_workbook(
    database: Database, admin: Principal, rules: list[RuleLine], send: Send, call: Call, tmp_path: Path
) -> None:
    draft(database, admin, rules)
    wrong = [
        ({"条目编号": "有 空格？"}, "1 到 20 个字母"),
        ({"计分方式": "随便"}, "不在可选范围"),
        ({"分值": "2.505"}, "最多两位小数"),
        ({"分值": None}, "固定分要写分值"),
        ({"计分方式": "分档", "分值": None, "分档按什么算": "按次", "各档": "4小时1分"}, "4=1；10=3"),
        ({"计分方式": "累次", "分值": None, "各档": "-1；x"}, "累次写成 -2；-4"),
        ({"每户上限": "6"}, "上限要同时写分数和周期"),
        ({"只在哪个村": "外乡村"}, "没有叫“外乡村”的村"),
        ({"类别每季度上限": "31"}, "同一类别请写成一样"),
        ({"单位": "一个很长很长很长的单位名"}, "最多 10 个字"),
        ({"条目编号": "A1"}, "重复了"),
    ]
    rows = [{**SWEEPING, "条目编号": f"W{n}", "类别每季度上限": "30"} | change for n, (change, _) in enumerate(wrong)]
    content = sheet(tmp_path, {**SWEEPING, "类别每季度上限": "30"}, *rows)
    refused = send(content)
    assert (refused.status_code, refused.json["imported"]) == (200, False)
    assert [each["row"] for each in refused.json["wrong"]] == list(range(3, 3 + len(wrong)))
    for each, (_, sentence) in zip(refused.json["wrong"], wrong, strict=True):
        assert sentence in each["sentence"]
    assert held(database, admin) == (CATEGORIES, rules)
    errors = call(
        create_app(), Service.POINTS, admin, "GET", f"{URL}/errors.xlsx", query_string={"file": refused.json["file"]}
    )
    page = openpyxl.load_workbook(io.BytesIO(errors.data)).active
    header, good, *others = page.iter_rows(values_only=True)
    assert header[: len(HEADERS) + 1] == (*HEADERS, "错误原因")
    assert not good[len(HEADERS)]
    assert all(other[len(HEADERS)] for other in others)


def test_a_workbook_without_the_limits_column_leaves_limits_alone(
    database: Database, admin: Principal, rules: list[RuleLine], send: Send, tmp_path: Path
) -> None:
    draft(database, admin, rules)
    assert send(sheet(tmp_path, SWEEPING, headers=list(SWEEPING))).json["imported"]
    assert held(database, admin)[0] == CATEGORIES


@pytest.mark.parametrize("content", [b"plain text", b"PK\x03\x04broken", b""])
def test_what_is_no_workbook_is_refused_in_words(
    database: Database, admin: Principal, rules: list[RuleLine], send: Send, content: bytes
) -> None:
    draft(database, admin, rules)
    refused = send(content)
    assert refused.status_code == 422
    assert "Excel" in refused.json["detail"] or "空" in refused.json["detail"]


def test_too_many_lines_and_none_at_all_are_refused(
    database: Database, admin: Principal, rules: list[RuleLine], send: Send, tmp_path: Path
) -> None:
    draft(database, admin, rules)
    many = [{**SWEEPING, "条目编号": f"N{n}"} for n in range(501)]
    assert "最多 500 条" in send(sheet(tmp_path, *many)).json["detail"]
    assert "没有条目" in send(sheet(tmp_path)).json["detail"]
    assert "请选一张 Excel 表" in send(None).json["detail"]


def test_only_an_admin_imports_into_a_draft_at_the_version_that_was_read(
    database: Database, admin: Principal, rules: list[RuleLine], send: Send, tmp_path: Path, principal_of: PrincipalOf
) -> None:
    draft(database, admin, rules)
    content = sheet(tmp_path, SWEEPING)
    assert send(content, actor=principal_of(Role.CADRE)).status_code == 403
    assert send(content, version=7).status_code == 412
    assert send(None, sent="0" * 64).status_code == 404
    with database.transaction() as session:
        book = rulebook_by_revision(session, admin, 1)
        book.state, book.published_at = RulebookState.PUBLISHED, now()
    assert send(content).status_code == 409
    assert held(database, admin) == (CATEGORIES, rules)


def test_the_empty_workbook_has_the_columns_and_is_read_as_no_lines(
    database: Database, admin: Principal, rules: list[RuleLine], send: Send, call: Call
) -> None:
    draft(database, admin, rules)
    empty = call(create_app(), Service.POINTS, admin, "GET", "/api/points/rulebooks/template.xlsx")
    assert empty.status_code == 200
    assert "没有条目" in send(empty.data).json["detail"]
