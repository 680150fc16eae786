"""The workbook of events that the demo walk imports, as a cadre would have filled it in."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import xlsxwriter

HEADERS = ("村", "户号", "户主", "条目编号", "日期", "数量", "备注")
_CODES = (("HJ02", "1"), ("ZY03", "1"), ("XF06", "1"), ("CY01", "1.5"), ("CY03", "1"), ("ZY01", "3"))


def events_workbook(village: str, households: Sequence[dict[str, Any]], day: date, mark: str) -> tuple[bytes, int]:
    """One event for each household, in the fortnight before `day`; `mark` tells two runs apart. Bytes and rows."""
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True})
    sheet = book.add_worksheet("积分记录")
    sheet.write_row(0, 0, HEADERS)
    days = book.add_format({"num_format": "yyyy-mm-dd"})
    first = date(day.year, (day.month - 1) // 3 * 3 + 1, 1)
    span = min((day - first).days, 13)
    for row, household in enumerate(households, 1):
        code, quantity = _CODES[row % len(_CODES)]
        occurred_on = day - timedelta(days=row % (span + 1))
        sheet.write_row(row, 0, [village, household["number"], household["head_name"], code])
        sheet.write_datetime(row, 4, occurred_on, days)
        sheet.write_string(row, 5, quantity)
        sheet.write_string(row, 6, f"演示导入 {mark}")
    book.close()
    return buffer.getvalue(), len(households)
