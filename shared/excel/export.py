"""Exports 导出: workbooks and CSV that carry who and when, with cells that no spreadsheet takes for a formula."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from shared.amounts import format_hundredths
from shared.excel.columns import CellKind

_DANGEROUS = ("=", "+", "-", "@", "\t", "\r")
_WIDE = 14


@dataclass(frozen=True, slots=True)
class ExportColumn:
    """One column of an export. Values: str, int (hundredths for AMOUNT), date, datetime or None."""

    header: str
    kind: CellKind = CellKind.TEXT
    width: int = _WIDE


def escape_cell(text: str) -> str:
    """Text that would be read as a formula gets a `'` in front; reading takes it off again."""
    return f"'{text}" if text.startswith(_DANGEROUS) else text


def write_workbook(
    target: Path,
    sheet: str,
    columns: Sequence[ExportColumn],
    rows: Iterable[Sequence[Any]],
    *,
    caption: str = "",
) -> int:
    """Write a workbook row by row in little memory; `caption` (who, when, what) stands above the header.

    Returns how many rows were written. Codes and texts are text cells; amounts are numbers with two decimals.
    """
    count = 0
    with xlsxwriter.Workbook(target, {"constant_memory": True, "strings_to_formulas": False}) as book:
        formats = cell_formats(book)
        page = book.add_worksheet(sheet[:31])
        top = 0
        for position, column in enumerate(columns):
            page.set_column(position, position, column.width)
        if caption:
            page.write_string(0, 0, escape_cell(caption), formats["caption"])
            top = 1
        for position, column in enumerate(columns):
            page.write_string(top, position, column.header, formats["header"])
        page.freeze_panes(top + 1, 0)
        for count, row in enumerate(rows, start=1):
            for position, (column, value) in enumerate(zip(columns, row, strict=True)):
                write_value(page, top + count, position, value, column.kind, formats)
    return count


def cell_formats(book: xlsxwriter.Workbook) -> dict[str, Any]:
    """The few formats that all our workbooks use."""
    return {
        "caption": book.add_format({"font_color": "#555555"}),
        "header": book.add_format({"bold": True, "bg_color": "#E8F0EA", "border": 1}),
        "text": book.add_format({"num_format": "@"}),
        "amount": book.add_format({"num_format": "0.00"}),
        "date": book.add_format({"num_format": "yyyy-mm-dd"}),
        "error": book.add_format({"font_color": "#B00020"}),
    }


def write_value(
    page: Worksheet,
    row: int,
    position: int,
    value: Any,
    kind: CellKind,
    formats: dict[str, Any],
) -> None:
    """Write one value by its kind; None leaves the cell empty."""
    if value is None or value == "":
        return
    if kind is CellKind.AMOUNT and isinstance(value, int):
        page.write_number(row, position, value / 100, formats["amount"])
    elif kind is CellKind.INTEGER and isinstance(value, int):
        page.write_number(row, position, value)
    elif isinstance(value, datetime):
        page.write_datetime(row, position, value.replace(tzinfo=None), formats["date"])
    elif isinstance(value, date):
        page.write_datetime(row, position, datetime(value.year, value.month, value.day), formats["date"])
    else:
        page.write_string(row, position, escape_cell(str(value)), formats["text"])


def write_csv(target: Path, columns: Sequence[ExportColumn], rows: Iterable[Sequence[Any]]) -> int:
    """CSV in UTF-8 with BOM, so that Excel shows Chinese. Returns how many rows were written."""
    count = 0
    with target.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([column.header for column in columns])
        for row in rows:
            count += 1
            writer.writerow([_csv_text(value, column.kind) for column, value in zip(columns, row, strict=True)])
    return count


def _csv_text(value: Any, kind: CellKind) -> str:
    if value is None:
        return ""
    if kind is CellKind.AMOUNT and isinstance(value, int):
        return format_hundredths(value)
    return str(value) if isinstance(value, int) else escape_cell(str(value))
