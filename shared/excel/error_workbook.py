"""The error workbook 错误表: the file as it came, plus a column 错误原因 beside the rows that could not be taken."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from shared.excel.cells import EXACT_DIGITS, RawCell
from shared.excel.export import cell_formats
from shared.excel.source import open_source
from shared.excel.survey import Limits

ERROR_HEADER = "错误原因"


def write_error_workbook(
    source_path: Path,
    target: Path,
    *,
    name: str,
    header_row: int,
    errors: Mapping[int, str],
    limits: Limits | None = None,
) -> None:
    """Copy the table of `source_path` to `target` with the sentences of `errors` (by row number) in the last column.

    An older 错误原因 column is written anew, so that a mended file can be sent in again as it is.
    """
    source = open_source(source_path, name=name, limits=limits or Limits())
    try:
        with xlsxwriter.Workbook(target, {"constant_memory": True, "strings_to_formulas": False}) as book:
            formats = cell_formats(book)
            page = book.add_worksheet("错误")
            buffered: list[tuple[int, list[RawCell]]] = []
            place: int | None = None
            for number, raw in source.rows:
                buffered.append((number, raw))
                if number < header_row:
                    continue
                if place is None:
                    place = _error_place(raw)
                for row_number, cells in buffered:
                    sentence = ERROR_HEADER if row_number == header_row else errors.get(row_number, "")
                    _write_row(page, row_number - 1, cells, place, sentence, formats)
                buffered.clear()
    finally:
        source.close()


def _error_place(header: list[RawCell]) -> int:
    if ERROR_HEADER in header:
        return header.index(ERROR_HEADER)
    filled = [position for position, cell in enumerate(header) if cell not in (None, "")]
    return (filled[-1] if filled else -1) + 1


def _write_row(
    page: Worksheet,
    row: int,
    cells: list[RawCell],
    place: int,
    sentence: str,
    formats: dict[str, Any],
) -> None:
    for position, cell in enumerate(cells):
        if position != place:
            _copy_cell(page, row, position, cell, formats)
    if sentence:
        page.write_string(row, place, sentence, formats["error"])


def _copy_cell(page: Worksheet, row: int, position: int, cell: RawCell, formats: dict[str, Any]) -> None:
    """Write a raw cell as it was read. Texts stay texts, so nothing of a long number is lost on the way back."""
    if cell is None or cell == "":
        return
    if isinstance(cell, bool):
        page.write_boolean(row, position, cell)
    elif isinstance(cell, int | float):
        if abs(cell) < 10**EXACT_DIGITS:
            page.write_number(row, position, cell)
        else:
            page.write_string(row, position, f"{cell:.0f}", formats["text"])
    elif isinstance(cell, datetime):
        page.write_datetime(row, position, cell, formats["date"])
    elif isinstance(cell, date):
        page.write_datetime(row, position, datetime(cell.year, cell.month, cell.day), formats["date"])
    elif isinstance(cell, time | timedelta):
        page.write_string(row, position, str(cell))
    else:
        page.write_string(row, position, cell, formats["text"])
