"""Reading workbooks: headers anywhere, typed cells, the traps of real files, and refusals in words."""

from __future__ import annotations

import zipfile
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from shared.errors import Invalid
from shared.excel import CellKind, Column, Limits, open_table
from shared.excel.table import Row

COLUMNS = (
    Column("name", "姓名", ("户主",)),
    Column(
        "identity",
        "身份证号",
        ("身份证号码", "公民身份号码"),
        CellKind.CODE,
        required=False,
    ),
    Column("quantity", "数量", kind=CellKind.AMOUNT),
    Column("day", "日期", kind=CellKind.DATE),
)
HEADER = ["姓名", "身份证号", "数量", "日期"]


def workbook(path: Path, rows: list[list[Any]], **options: Any) -> Path:
    with xlsxwriter.Workbook(path, {"default_date_format": "yyyy-mm-dd", **options}) as book:
        page = book.add_worksheet()
        for number, row in enumerate(rows):
            page.write_row(number, 0, row)
    return path


def rows_of(path: Path, **options: Any) -> list[Row]:
    with open_table(path, COLUMNS, **options) as table:
        return list(table.rows())


def test_headers_come_in_any_order_with_synonyms_below_title_rows(
    tmp_path: Path,
) -> None:
    path = workbook(
        tmp_path / "a.xlsx",
        [
            ["某村某季度积分表"],
            ["填报单位：某村", "", "2026年1月5日"],
            ["日 期", "＊户主（必填）", "别的", "数量", "公民身份号码"],
            ["2026.1.5", "石一", "x", 2, "431299196003151017"],
            ["合计", "", "", 2],
            ["审核人：", "张三"],
        ],
    )
    rows = rows_of(path)
    assert [row.number for row in rows] == [4]
    assert rows[0].errors == {}
    assert rows[0].values == {
        "name": "石一",
        "identity": "431299196003151017",
        "quantity": 200,
        "day": date(2026, 1, 5),
    }


@pytest.mark.parametrize(
    "written",
    [
        "2026.1.5",
        "2026-01-05",
        "2026/1/5",
        "2026年1月5日",
        "20260105",
        20260105,
        "２０２６．１．５",
        46027,
        datetime(2026, 1, 5),
    ],
)
def test_every_way_of_writing_a_day_is_read(tmp_path: Path, written: Any) -> None:
    rows = rows_of(workbook(tmp_path / "a.xlsx", [HEADER, ["石一", "", 1, written]]))
    assert (rows[0].values["day"], rows[0].errors) == (date(2026, 1, 5), {})


def test_serials_of_a_1904_workbook_count_from_1904(tmp_path: Path) -> None:
    path = workbook(
        tmp_path / "a.xlsx",
        [HEADER, ["石一", "", 1, 44565], ["石二", "", 1, datetime(2026, 1, 5)]],
        date_1904=True,
    )
    assert [row.values["day"] for row in rows_of(path)] == [date(2026, 1, 5)] * 2


@pytest.mark.parametrize("written", ["2026.13.5", "昨天", 3, "2026-02-30", True])
def test_a_day_that_is_none_is_named(tmp_path: Path, written: Any) -> None:
    rows = rows_of(workbook(tmp_path / "a.xlsx", [HEADER, ["石一", "", 1, written]]))
    assert rows[0].values["day"] is None
    assert "日期" in rows[0].errors["day"]


def test_an_identity_number_typed_as_a_number_is_refused_with_the_reason(
    tmp_path: Path,
) -> None:
    rows = rows_of(workbook(tmp_path / "a.xlsx", [HEADER, ["石一", 431299196003151017, 1, "2026-1-5"]]))
    assert "只保留 15 位" in rows[0].errors["identity"]


def test_an_identity_number_in_scientific_notation_is_refused_with_the_reason(
    tmp_path: Path,
) -> None:
    rows = rows_of(workbook(tmp_path / "a.xlsx", [HEADER, ["石一", "4.31E+17", 1, "2026-1-5"]]))
    assert "科学计数" in rows[0].errors["identity"]


@pytest.mark.parametrize(
    "written",
    [13800000000, "13800000000.0", "１３８００００００００", " 138 0000 0000 "],
)
def test_short_codes_lose_decimals_blanks_and_full_width_digits(tmp_path: Path, written: Any) -> None:
    rows = rows_of(workbook(tmp_path / "a.xlsx", [HEADER, ["石一", written, 1, "2026-1-5"]]))
    assert rows[0].values["identity"] == "13800000000"


@pytest.mark.parametrize(
    ("written", "hundredths"),
    [
        (0.1 + 0.2, 30),
        (2, 200),
        ("1,200.5", 120050),
        ("２．５", 250),
        (-3.25, -325),
        ("+0.5", 50),
    ],
)
def test_amounts_are_hundredths(tmp_path: Path, written: Any, hundredths: int) -> None:
    rows = rows_of(workbook(tmp_path / "a.xlsx", [HEADER, ["石一", "", written, "2026-1-5"]]))
    assert (rows[0].values["quantity"], rows[0].errors) == (hundredths, {})


@pytest.mark.parametrize("written", ["0.125", 1e9, "两次", "=1/0", True, 1e30])
def test_amounts_beyond_two_decimals_or_sense_are_errors_of_their_cell(tmp_path: Path, written: Any) -> None:
    rows = rows_of(
        workbook(
            tmp_path / "a.xlsx",
            [HEADER, ["石一", "", written, "2026-1-5"]],
            strings_to_formulas=False,
        )
    )
    assert list(rows[0].errors) == ["quantity"]


def test_merged_cells_over_data_rows_are_errors_of_each_swallowed_cell(
    tmp_path: Path,
) -> None:
    with xlsxwriter.Workbook(tmp_path / "a.xlsx") as book:
        page = book.add_worksheet()
        page.merge_range(0, 0, 0, 3, "标题")
        page.write_row(1, 0, HEADER)
        page.merge_range(2, 0, 4, 0, "石一")
        for row in (2, 3, 4):
            page.write_row(row, 2, [1, "2026-1-5"])
    rows = rows_of(tmp_path / "a.xlsx")
    assert [row.number for row in rows] == [3, 4, 5]
    assert [("合并" in row.errors.get("name", "")) for row in rows] == [
        False,
        True,
        True,
    ]


def test_hidden_rows_are_read_and_told(tmp_path: Path) -> None:
    with xlsxwriter.Workbook(tmp_path / "a.xlsx") as book:
        page = book.add_worksheet()
        for number, row in enumerate([HEADER, ["石一", "", 1, "2026-1-5"], ["石二", "", 1, "2026-1-5"]]):
            page.write_row(number, 0, row)
        page.set_row(2, options={"hidden": True})
    with open_table(tmp_path / "a.xlsx", COLUMNS) as table:
        assert len(list(table.rows())) == 2
        assert "第 3 行" in table.warnings[0]


def test_the_first_visible_sheet_is_read_and_numbers_are_those_of_excel(
    tmp_path: Path,
) -> None:
    with xlsxwriter.Workbook(tmp_path / "a.xlsx") as book:
        book.add_worksheet("隐藏").hide()
        page = book.add_worksheet("数据 & 表")
        page.activate()
        page.set_first_sheet()
        page.write_row(4, 2, HEADER)
        page.write_row(7, 2, ["石一", "", 1, "2026-1-5"])
    assert [(row.number, row.values["name"]) for row in rows_of(tmp_path / "a.xlsx")] == [(8, "石一")]


def test_missing_and_doubled_headers_are_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="“数量”、“日期”"):
        open_table(workbook(tmp_path / "a.xlsx", [["姓名", "村"], ["石一", "x"]]), COLUMNS)
    with pytest.raises(Invalid, match="“姓名”和“户主”"):
        open_table(workbook(tmp_path / "b.xlsx", [[*HEADER, "户主"]]), COLUMNS)


def test_an_old_xls_a_locked_file_and_a_picture_each_get_their_own_sentence(
    tmp_path: Path,
) -> None:
    path = tmp_path / "file"
    path.write_bytes(bytes.fromhex("D0CF11E0A1B11AE1") + b"\0" * 600)
    with pytest.raises(Invalid, match="旧版 .xls"):
        open_table(path, COLUMNS, name="表.xls")
    with pytest.raises(Invalid, match="密码"):
        open_table(path, COLUMNS, name="表.xlsx")
    path.write_bytes(b"\x89PNG\r\n\x1a\n\0\0")
    with pytest.raises(Invalid, match="不是 Excel"):
        open_table(path, COLUMNS, name="表.xlsx")
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("word/document.xml", "<x/>")
    with pytest.raises(Invalid, match="不是 Excel"):
        open_table(path, COLUMNS, name="表.xlsx")
    path.write_bytes(b"PK\x03\x04broken")
    with pytest.raises(Invalid, match="打不开"):
        open_table(path, COLUMNS, name="表.xlsx")


def test_too_large_too_long_too_wide_and_unfolding_files_are_refused_before_they_are_parsed(
    tmp_path: Path,
) -> None:
    path = workbook(tmp_path / "a.xlsx", [HEADER, *[["石一", "", 1, "2026-1-5"]] * 50])
    with pytest.raises(Invalid, match="MB"):
        open_table(path, COLUMNS, limits=Limits(file_bytes=100))
    with pytest.raises(Invalid, match="超过 20 行"):
        open_table(path, COLUMNS, limits=Limits(rows=20))
    with pytest.raises(Invalid, match="解开后过大"):
        open_table(path, COLUMNS, limits=Limits(unpacked_bytes=1000))
    with xlsxwriter.Workbook(tmp_path / "wide.xlsx") as book:
        page = book.add_worksheet()
        page.write_row(0, 0, HEADER)
        page.write(1, 16000, "x")
    with pytest.raises(Invalid, match="超过 200 列"):
        open_table(tmp_path / "wide.xlsx", COLUMNS)


def test_a_row_far_below_is_refused_not_allocated(tmp_path: Path) -> None:
    with xlsxwriter.Workbook(tmp_path / "a.xlsx") as book:
        page = book.add_worksheet()
        page.write_row(0, 0, HEADER)
        page.write(1_000_000, 0, "x")
    with pytest.raises(Invalid, match="超过 200000 行"):
        open_table(tmp_path / "a.xlsx", COLUMNS)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-8", "gb18030"])
def test_csv_is_read_in_the_encodings_of_chinese_offices(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "a.csv"
    path.write_text(
        "姓名,身份证号,数量,日期\n石桂花,431299196003151017,1.5,2026-1-5\n\n合计,,1.5,\n",
        encoding=encoding,
    )
    rows = rows_of(path)
    assert [(row.number, row.values["quantity"], row.errors) for row in rows] == [(2, 150, {})]


def test_choices_are_checked_and_named(tmp_path: Path) -> None:
    columns = (Column("kind", "类别", choices=("奖", "扣")), Column("name", "姓名"))
    path = workbook(tmp_path / "a.xlsx", [["类别", "姓名"], ["奖", "甲"], ["罚", "乙"]])
    with open_table(path, columns) as table:
        rows = list(table.rows())
    assert rows[0].errors == {}
    assert "奖、扣" in rows[1].errors["kind"]


@pytest.mark.slow
def test_a_hundred_thousand_rows_are_read_as_a_stream(tmp_path: Path) -> None:
    with xlsxwriter.Workbook(tmp_path / "a.xlsx", {"constant_memory": True}) as book:
        page = book.add_worksheet()
        page.write_row(0, 0, HEADER)
        for number in range(1, 100_001):
            page.write_row(
                number,
                0,
                [f"户主{number}", "431299196003151017", number / 100, "2026-1-5"],
            )
    with open_table(tmp_path / "a.xlsx", COLUMNS) as table:
        total = sum(row.values["quantity"] for row in table.rows())  # type: ignore[misc]
    assert total == 100_000 * 100_001 // 2
