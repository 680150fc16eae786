"""What is exported is read back as it was: texts like formulas, amounts, days; and no cell breaks the reader."""

from __future__ import annotations

import tempfile
from datetime import date
from pathlib import Path
from typing import Any

import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from shared.amounts import MAXIMUM
from shared.excel import CellKind, Column, ExportColumn, open_table, write_csv, write_workbook

COLUMNS = (
    Column("text", "备注", required=False),
    Column("amount", "数量", kind=CellKind.AMOUNT),
    Column("day", "日期", kind=CellKind.DATE),
)
EXPORT = [ExportColumn("备注"), ExportColumn("数量", CellKind.AMOUNT), ExportColumn("日期", CellKind.DATE)]

words = st.text(st.sampled_from("石桂花abcXYZ019=+-@ ,;\"'、。"), min_size=1, max_size=12).map(str.strip)
rows = st.lists(
    st.tuples(
        words.filter(lambda word: word and not word.startswith("'")),
        st.integers(-MAXIMUM + 1, MAXIMUM - 1),
        st.dates(date(2000, 1, 1), date(2099, 12, 31)),
    ),
    min_size=1,
    max_size=20,
)


def read(path: Path) -> list[tuple[Any, ...]]:
    with open_table(path, COLUMNS) as table:
        found = list(table.rows())
    assert [row.errors for row in found] == [{}] * len(found)
    return [(row.values["text"], row.values["amount"], row.values["day"]) for row in found]


@given(rows)
def test_an_exported_workbook_is_read_back_as_it_was(written: list[tuple[str, int, date]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.xlsx"
        write_workbook(path, "导出", EXPORT, written, caption="导出人：张×")
        assert read(path) == written


@given(rows)
def test_an_exported_csv_is_read_back_as_it_was(written: list[tuple[str, int, date]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.csv"
        write_csv(path, EXPORT, written)
        assert read(path) == written


@given(
    st.lists(
        st.one_of(
            st.text(max_size=20).filter(lambda text: "\0" not in text),
            st.floats(allow_nan=False, allow_infinity=False),
            st.booleans(),
            st.dates(date(1900, 3, 1), date(2200, 1, 1)),
        ),
        min_size=3,
        max_size=3,
    )
)
def test_every_cell_gives_a_value_or_a_sentence(cells: list[Any]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.xlsx"
        options = {"strings_to_formulas": False, "strings_to_urls": False, "default_date_format": "yyyy-mm-dd"}
        with xlsxwriter.Workbook(path, options) as book:
            page = book.add_worksheet()
            page.write_row(0, 0, [column.header for column in COLUMNS])
            page.write_row(1, 0, cells)
        with open_table(path, COLUMNS) as table:
            for row in table.rows():
                assert row.values.keys() == {column.key for column in COLUMNS}
                assert all(sentence.endswith("。") for sentence in row.errors.values())
