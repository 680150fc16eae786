"""Workbooks that are none, too much, or wrong in every way that people's workbooks are, over HTTP through the gateway.

Each gets a problem answer, a sentence in place of a result, or an error workbook; afterwards nothing has changed.
"""

from __future__ import annotations

import io
import secrets
import time
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import openpyxl
import pytest
from flask.testing import FlaskClient

from tests.fixtures.workbooks import altered, long_workbook, with_part, workbook
from tests.integration.bad_input.conftest import System, assert_problem, upload

EVENTS = ("村", "户号", "户卡号", "户主", "条目", "日期", "数量", "备注")
HOUSEHOLDS = ("村", "组", "户号", "姓名", "与户主关系", "身份证号", "电话", "住址")
DUTIES = ("姓名", "身份证号", "职责", "办公室", "任职日期", "卸任日期")
TYPED = 431299196003151017
"""An identity number typed as a number: Excel has kept 15 digits of it."""


@dataclass(frozen=True, slots=True)
class Route:
    """One of the ways in: where to, with which fields, and a header with a row that would be taken."""

    path: str
    fields: dict[str, str]
    header: Sequence[str]
    good: Sequence[Any]

    def send(self, client: FlaskClient, content: bytes, name: str = "表.xlsx") -> Any:
        return upload(client, self.path, content, name, secrets.token_hex(8), **self.fields)

    def refusal(self, system: System, client: FlaskClient, content: bytes, name: str = "表.xlsx") -> str:
        """The sentence in place of a result, of a file that only the worker looked into."""
        answer = self.send(client, content, name)
        assert answer.status_code == 202, answer.text
        system.work()
        shown = client.get(answer.headers["Location"]).get_json()
        assert shown["state"] in {"refused", "failed"}, shown
        return str(shown.get("problem") or shown.get("detail"))

    def reasons(self, system: System, client: FlaskClient, content: bytes, name: str = "表.xlsx") -> dict[int, str]:
        """The reasons of the error workbook by row."""
        answer = self.send(client, content, name)
        assert answer.status_code == 202, answer.text
        system.work()
        place = answer.headers["Location"]
        shown = client.get(place).get_json()
        assert shown["has_error_workbook"], shown
        sheet = openpyxl.load_workbook(io.BytesIO(client.get(f"{place}/errors.xlsx").data)).active
        assert sheet is not None
        titles = [cell.value for cell in sheet[1]]
        assert titles[-1] == "错误原因"
        assert titles[:-1] == list(self.header)
        return {
            row: sheet.cell(row, len(titles)).value
            for row in range(2, sheet.max_row + 1)
            if sheet.cell(row, len(titles)).value
        }


def events() -> Route:
    return Route("/api/points/imports", {}, EVENTS, ("示例1村", 2, "", "", "CLEAN", "2026-05-20", 1, ""))


def households() -> Route:
    fields = {"kind": "households_residents", "dry_run": "false"}
    return Route("/api/intake/imports", fields, HOUSEHOLDS, ("示例1村", "1组", 61, "覃大山", "户主", "", "", ""))


def duties() -> Route:
    fields = {"kind": "duties", "dry_run": "false"}
    return Route("/api/intake/imports", fields, DUTIES, ("黄新来", "", "经办人", "平安法治办", "2026-1-5", ""))


ROUTES = [pytest.param(events(), id="events"), pytest.param(households(), id="households")]


def docx() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("word/document.xml", "<document/>")
    return stream.getvalue()


NO_WORKBOOKS = [
    (b"", "表.xlsx", "空的"),
    (b"%PDF-1.7\n1 0 obj", "表.xlsx", "另存为 .xlsx"),
    (b"%PDF-1.7\n1 0 obj", "表.pdf", "另存为 .xlsx"),
    ("村,户号\n示例1村,2\n".encode(), "表.xlsx", "另存为 .xlsx"),
    (b"\x89PNG\r\n\x1a\n\0\0", "图.png", "另存为 .xlsx"),
    (bytes.fromhex("D0CF11E0A1B11AE1") + bytes(600), "表.xls", "旧版 .xls"),
    (bytes.fromhex("D0CF11E0A1B11AE1") + bytes(600), "表.xlsx", "密码"),
    (docx(), "表.xlsx", "另存为这种格式"),
]


@pytest.mark.parametrize("route", ROUTES)
def test_a_file_that_is_no_workbook_is_a_problem_of_the_field_file_and_leaves_nothing(
    system: System, route: Route
) -> None:
    client, before = system.log_in("admin"), system.rows()
    for content, name, words in NO_WORKBOOKS:
        problem = assert_problem(route.send(client, content, name), 422, words)
        assert list(problem["errors"]) == ["file"]
    assert client.get(route.path).get_json()["items"] == []
    assert_problem(client.post(route.path, data=route.fields, headers={"Idempotency-Key": "without a file"}), 422)
    system.work()
    assert system.rows() == before


def hostile(route: Route) -> dict[str, tuple[bytes, str, str]]:
    """Small files that ask for much memory, and files whose insides are damaged: content, name, words of the answer."""
    plain = workbook([route.header, route.good])
    many = "<sst>" + "<si/>" * 6_100_000 + "</sst>"
    return {
        "texts": (with_part(plain, "xl/sharedStrings.xml", many.encode()), "表.xlsx", "解开后过大"),
        "styles": (with_part(plain, "xl/styles.xml", bytes(17 * 1024 * 1024)), "表.xlsx", "解开后过大"),
        "merges": (
            altered(plain, {"</sheetData>": '</sheetData><mergeCells><mergeCell ref="A1:GR200000"/></mergeCells>'}),
            "表.xlsx",
            "取消合并单元格",
        ),
        "width": (
            altered(plain, {"</sheetData>": '<row r="190000"><c r="GR190000"><v>1</v></c></row></sheetData>'}),
            "表.xlsx",
            "删去右边多余的列",
        ),
        "claims": (altered(plain, {'r="A2"': 'r="A1048576"'}), "表.xlsx", "另存为 .xlsx"),
        "damaged": (plain[: len(plain) // 2], "表.xlsx", "另存为 .xlsx"),
        "headless": (workbook([["甲", "乙"], ["1", "2"]]), "表.xlsx", "表头中缺少"),
        "doubled": (workbook([[*route.header, "户编号"], [*route.good, 2]]), "表.xlsx", "请删去一列"),
    }


@pytest.mark.parametrize("route", ROUTES)
def test_a_file_that_asks_for_too_much_or_is_damaged_is_refused_in_words(system: System, route: Route) -> None:
    client, before = system.log_in("admin"), system.rows()
    for content, name, words in hostile(route).values():
        assert words in route.refusal(system, client, content, name)
    assert system.rows() == before


@pytest.mark.slow
@pytest.mark.parametrize("route", ROUTES)
def test_a_million_rows_are_refused_early(system: System, route: Route) -> None:
    client, before = system.log_in("admin"), system.rows()
    content = long_workbook(route.header, route.good, 1_000_000)
    started = time.process_time()
    assert "超过 200000 行，请分成几个文件" in route.refusal(system, client, content)
    # Of a million rows 200,000 are looked at, none is parsed.
    assert time.process_time() - started < 10
    assert system.rows() == before


def test_events_with_merged_cells_days_that_are_none_and_numbers_that_lost_digits_say_how_to_mend_them(
    system: System,
) -> None:
    client, before, route = system.log_in("admin"), system.rows(), events()
    days = ["2026.13.1", "2026-02-30", "昨天", "26年5月", "5月20日", "2019-05-20", "2099-01-01", 0.5, "20260532"]
    rows: list[Sequence[Any]] = [("示例1村", 2, "", "", "CLEAN", day, 1, "") for day in days]
    rows += [
        ("示例1村", "", TYPED, "", "CLEAN", "2026-05-20", 1, ""),
        ("示例1村", "", "4.31299E+17", "", "CLEAN", "2026-05-20", 1, ""),
        ("示例1村", 2, "", "", "CLEAN", "2026-05-20", "两次", ""),
        ("示例1村", 2, "", "", "CLEAN", "2026-05-20", 1e9, ""),
        ("示例1村", 2, "", "", "CLEAN", "2026-05-20", 100.01, ""),
        ("示例1村", 2, "", "", "CLEAN", "2026-05-20", 0, ""),
        ("示例1村", 2, "", "", "NOPE", "2026-05-20", 1, ""),
        ("别的村", 2, "", "", "CLEAN", "2026-05-20", 1, ""),
        ("示例1村", 999, "", "", "CLEAN", "2026-05-20", 1, ""),
        ("示例1村", 2.5, "", "", "CLEAN", "2026-05-20", 1, ""),
        ("示例1村", 2, "", "", "#REF!", "2026-05-20", 1, ""),
        ("示例1村", 2, "", "", "CLEAN", "2026-05-20", 1, "长" * 401),
        ("示例1村", 3, "", "", "CLEAN", "2026-05-20", 1, ""),
        ("示例1村", 3, "", "", "CLEAN", "2026-05-21", 1, ""),
    ]
    content = workbook([EVENTS, *rows], merged=["A23:A24"])
    reasons = route.reasons(system, client, content)
    words = [
        *("不是有的日子", "不是有的日子", "请写成 2026-1-5 这样", "请写成 2026-1-5 这样", "请写成 2026-1-5 这样"),
        *("还没有积分细则", "还没有到", "请写成 2026-1-5 这样", "不是有的日子", "设为文本格式", "设为文本格式"),
        *("不是数字", "不超过 9999999", "一次最多登记 100.00 次", "数量要大于 0", "没有“NOPE”这一条"),
        *("没有“别的村”这个村", "没有户号为 999 的户", "不是整数", "公式错误 #REF!", "最多 400 个字"),
    ]
    for row, word in enumerate(words, start=2):
        assert word in reasons[row], (row, reasons[row])
    assert 23 not in reasons
    assert "取消合并" in reasons[24]
    made = {name: count - before[name] for name, count in system.rows().items() if count != before[name]}
    assert made == {"points_event": 1, "points_import_row": 1}, "the one good row"


def test_an_event_of_another_village_is_refused_by_its_row(system: System) -> None:
    cadre, before = system.log_in("cadre1"), system.rows()
    rows = [("示例2村", 2, "", "", "CLEAN", "2026-05-20", 1, "")]
    reasons = events().reasons(system, cadre, workbook([EVENTS, *rows]))
    assert "不在您负责的范围" in reasons[2]
    assert system.rows() == before


def test_households_with_merged_cells_and_numbers_that_lost_digits_write_nothing_at_all(system: System) -> None:
    client, before, route = system.log_in("admin"), system.rows(), households()
    rows = [
        route.good,
        ("示例1村", "1组", 62, "石一", "户主", TYPED, "", ""),
        ("示例1村", "1组", 63, "石二", "户主", "4.31299E+17", "", ""),
        ("示例1村", "1组", 64, "石三", "户主", "431299196003151018", "", ""),
        ("示例1村", "1组", 65, "石四", "户主", "43129919600315101", "", ""),
        ("示例1村", "1组", 66, "石五", "户主", "", 1.6e10, ""),
        ("示例1村", "1组", 67, "石六", "户主", "", "12345", ""),
        ("示例1村", "1组", "六十八", "石七", "户主", "", "", ""),
        (431230203200000000, "1组", 69, "石八", "户主", "", "", ""),
        ("示例1村", "1组", 70, "石九", "户主", "", "", ""),
        ("示例1村", "1组", 70, "石十", "配偶", "", "", ""),
    ]
    reasons = route.reasons(system, client, workbook([route.header, *rows], merged=["A11:A12"]))
    assert "设为文本格式" in reasons[3]
    assert "设为文本格式" in reasons[4]
    for row in (5, 6, 8):
        assert reasons[row]
    assert "不是数字" in reasons[9]
    assert "设为文本格式" in reasons[10]
    assert "取消合并" in reasons[12]
    assert 2 not in reasons
    assert system.rows() == before


def test_duties_with_days_that_are_none_write_nothing_at_all(system: System) -> None:
    client, before, route = system.log_in("admin"), system.rows(), duties()
    rows = [
        route.good,
        ("黄新来", "", "经办人", "平安法治办", "2026.2.30", ""),
        ("黄新来", "", "经办人", "平安法治办", "二〇二六年", ""),
        ("黄新来", "", "经办人", "平安法治办", "2026-1-5", "2025-1-5"),
        ("黄新来", TYPED, "经办人", "平安法治办", "2026-1-5", ""),
        ("黄新来", "", "部长", "平安法治办", "2026-1-5", ""),
        ("黄新来", "", "经办人", "没有的办", "2026-1-5", ""),
    ]
    reasons = route.reasons(system, client, workbook([route.header, *rows]))
    words = [
        *("不是有的日子", "请写成 2026-1-5 这样", "早于任职日期", "设为文本格式"),
        *("不在可选范围内", "没有叫“没有的办”的办公室"),
    ]
    for row, word in enumerate(words, start=3):
        assert word in reasons[row], reasons[row]
    assert system.rows() == before


def test_every_way_of_writing_a_day_is_taken(system: System) -> None:
    client = system.log_in("admin")
    written = [
        "2026.5.20", "2026-05-20", "2026/5/20", "2026年5月20日", "2026年5月20号", "20260520", 20260520,
        "２０２６－０５－２０", " 2026 . 5 . 20 ", 46162, date(2026, 5, 20),
    ]  # fmt: skip
    rows = [("示例1村", 2, "", "", "CLEAN", day, 1, f"第{number}种") for number, day in enumerate(written)]
    answer = events().send(client, workbook([EVENTS, *rows]))
    system.work()
    shown = client.get(answer.headers["Location"]).get_json()
    assert (shown["new"], shown["wrong"]) == (len(written), 0), shown["errors"]
    listed = client.get("/api/points/events?state=declared&limit=50").get_json()["items"]
    assert {each["occurred_on"] for each in listed if each["note"]} == {"2026-05-20"}
