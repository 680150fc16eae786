"""Writing workbooks: errors beside their rows, exports that run no formula, templates with drop-downs."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import openpyxl
import pytest
import xlsxwriter

from shared.excel import (
    ERROR_HEADER,
    CellKind,
    Column,
    ExportColumn,
    escape_cell,
    open_table,
    write_csv,
    write_error_workbook,
    write_template,
    write_workbook,
)

COLUMNS = (
    Column("name", "姓名"),
    Column("identity", "身份证号", kind=CellKind.CODE),
    Column("quantity", "数量", kind=CellKind.AMOUNT),
)


def test_the_error_workbook_has_the_same_layout_plus_the_reasons_and_can_be_sent_in_again(
    tmp_path: Path,
) -> None:
    source = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(source) as book:
        page = book.add_worksheet()
        page.write(0, 0, "标题")
        page.write_row(1, 0, ["数量", "姓名", "身份证号"])
        page.write_row(2, 0, [1.5, "石一", "431299196003151017"])
        page.write_row(3, 0, ["x", "石二", "431299196003151017"])
    target = tmp_path / "b.xlsx"
    write_error_workbook(source, target, name="a.xlsx", header_row=2, errors={4: "“数量”的“x”不是数字。"})
    sheet = openpyxl.load_workbook(target).active
    assert [[cell.value for cell in row] for row in sheet.iter_rows()] == [
        ["标题", None, None, None],
        ["数量", "姓名", "身份证号", ERROR_HEADER],
        [1.5, "石一", "431299196003151017", None],
        ["x", "石二", "431299196003151017", "“数量”的“x”不是数字。"],
    ]
    again = tmp_path / "c.xlsx"
    write_error_workbook(target, again, name="b.xlsx", header_row=2, errors={})
    assert openpyxl.load_workbook(again).active["D4"].value is None


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\t1"])
def test_exported_text_is_no_formula_and_comes_back_as_it_was(tmp_path: Path, text: str) -> None:
    path = tmp_path / "a.xlsx"
    write_workbook(
        path,
        "导出",
        [
            ExportColumn("姓名"),
            ExportColumn("身份证号"),
            ExportColumn("数量", CellKind.AMOUNT),
        ],
        [(text, "1", 1250)],
    )
    sheet = openpyxl.load_workbook(path).active
    assert sheet["A2"].value == escape_cell(text) == f"'{text}"
    assert sheet["C2"].value == 12.5
    with open_table(path, COLUMNS) as table:
        assert next(table.rows()).values["name"] == text.strip() or text.startswith("\t")


def test_csv_out_begins_with_a_bom_and_keeps_two_decimals(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    columns = [
        ExportColumn("姓名"),
        ExportColumn("数量", CellKind.AMOUNT),
        ExportColumn("日期", CellKind.DATE),
    ]
    assert write_csv(path, columns, [("=x", -50, date(2026, 1, 5)), ("石一", 5, None)]) == 2
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    assert path.read_text("utf-8-sig").splitlines() == [
        "姓名,数量,日期",
        "'=x,-0.50,2026-01-05",
        "石一,0.05,",
    ]


def test_a_caption_says_who_and_when_above_the_header(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    write_workbook(
        path,
        "导出",
        [ExportColumn("姓名")],
        [("石一",)],
        caption="导出人：张×，导出时间：2026-01-05",
    )
    assert [row[0].value for row in openpyxl.load_workbook(path).active.iter_rows()] == [
        "导出人：张×，导出时间：2026-01-05",
        "姓名",
        "石一",
    ]


def test_template_drop_downs_live_in_a_hidden_sheet_and_may_be_long(
    tmp_path: Path,
) -> None:
    path = tmp_path / "a.xlsx"
    names = [f"很长很长的第{number}个村民小组的名字" for number in range(100)]
    write_template(path, "积分", COLUMNS, choices={"name": names}, note="说明：每行一户。")
    book = openpyxl.load_workbook(path)
    assert book["选项"].sheet_state == "hidden"
    assert [cell.value for cell in book["选项"]["A"]] == names
    validation = book["积分"].data_validations.dataValidation[0]
    assert validation.formula1 == "选项!$A$1:$A$100"
    with open_table(path, COLUMNS) as table:
        assert (table.header_row, list(table.rows())) == (2, [])
