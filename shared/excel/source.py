"""A workbook file as a source of raw rows: what it really is, whether it is small enough, and its rows as a stream.

Everything is checked before the parser sees the file: the parser keeps a sheet's whole bounding box in memory.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from python_calamine import CalamineError, CalamineWorkbook

from shared.errors import Invalid
from shared.excel.cells import RawCell
from shared.excel.survey import BROKEN, Limits, survey_workbook

_OLE = bytes.fromhex("D0CF11E0A1B11AE1")
_HEAD_BYTES = 512
_TEXT_SUFFIXES = frozenset({"", "csv", "txt"})


@dataclass(slots=True)
class Source:
    """Raw rows of the first visible sheet with the numbers that Excel shows."""

    sheet: str
    rows: Iterator[tuple[int, list[RawCell]]]
    filled_rows: int = 0
    """How many rows hold something, titles and header too."""
    is_1904: bool = False
    hidden_rows: frozenset[int] = frozenset()
    # Row and column (from 1 and 0) of cells that a merge swallowed.
    merged: dict[int, set[int]] = field(default_factory=dict)
    close: Callable[[], None] = lambda: None


def open_source(path: Path, *, name: str, limits: Limits) -> Source:
    """Recognise the file by its content and open it. Raises Invalid with a sentence that says how to mend it."""
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    if recognise(head, name=name, size=path.stat().st_size, limits=limits) == "xlsx":
        return _open_workbook(path, limits)
    return _open_csv(path, limits)


def recognise(head: bytes, *, name: str, size: int, limits: Limits | None = None) -> Literal["xlsx", "csv"]:
    """What an uploaded file is, by its first bytes. Raises Invalid, with how to mend it, for everything else."""
    limits = limits or Limits()
    suffix = name.lower().rpartition(".")[2] if "." in name else ""
    if not size:
        raise _refused("文件是空的，请重新选择文件。")
    if size > limits.file_bytes:
        raise _refused(
            f"文件有 {size / 1048576:.0f} MB，最大 {limits.file_bytes // 1048576} MB。"
            "请删去图片和多余的表，或分成几个文件上传。"
        )
    if head.startswith(_OLE):
        if suffix == "xls":
            raise _refused("这是旧版 .xls 文件，请在 Excel 或 WPS 中“另存为”.xlsx 格式后再上传。")
        raise _refused("这是加了密码或旧版格式的文件，请去掉密码，另存为 .xlsx 格式后再上传。")
    if head.startswith(b"PK\x03\x04"):
        return "xlsx"
    if suffix not in _TEXT_SUFFIXES or head.startswith(b"%PDF") or b"\0" in head:
        raise _refused("这个文件不是 Excel 工作簿，请在 Excel 或 WPS 中另存为 .xlsx 或 .csv 文件后再上传。")
    return "csv"


def _refused(sentence: str) -> Invalid:
    return Invalid(sentence, errors={"file": [sentence]})


def _open_workbook(path: Path, limits: Limits) -> Source:
    survey = survey_workbook(path, limits)
    try:
        workbook = CalamineWorkbook.from_path(path)
        opened = workbook.get_sheet_by_name(survey.sheet)
        merges = opened.merged_cell_ranges or []
    except (CalamineError, KeyError, OSError, ValueError) as error:
        raise Invalid(BROKEN) from error
    source = Source(survey.sheet, iter(()), survey.filled_rows, survey.is_1904, survey.hidden_rows)
    source.merged = _swallowed(merges, limits)
    # Rows come from the first of the sheet, cells from the first column that holds something.
    margin: list[RawCell] = [None] * (opened.start[1] if opened.start else 0)
    source.rows = ((number, [*margin, *row]) for number, row in enumerate(opened.iter_rows(), start=1))
    source.close = workbook.close
    return source


def _swallowed(merges: list[tuple[tuple[int, int], tuple[int, int]]], limits: Limits) -> dict[int, set[int]]:
    rows, columns = limits.rows, limits.columns
    inside = [(max(top, 0), left, min(bottom, rows), min(right, columns)) for (top, left), (bottom, right) in merges]
    if sum((bottom - top + 1) * (right - left + 1) for top, left, bottom, right in inside) > limits.merged_cells:
        raise Invalid("表中合并的单元格太多。请全选表格，点“取消合并单元格”，每行各自填好后再上传。")
    cells: dict[int, set[int]] = {}
    for top, left, bottom, right in inside:
        for row in range(top, bottom + 1):
            swallowed = cells.setdefault(row + 1, set())
            swallowed.update(range(left, right + 1))
            if row == top:
                swallowed.discard(left)
    return cells


def _open_csv(path: Path, limits: Limits) -> Source:
    data = path.read_bytes()
    if not data.strip():
        raise Invalid("文件是空的。")
    text = None
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = data.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    if text is None or "\0" in text:
        raise Invalid("这个文件不是 Excel 工作簿，也不是 CSV 文件，请上传 .xlsx 或 .csv 文件。")
    filled = sum(any(row) for _, row in _csv_rows(text, limits))
    return Source("CSV", _csv_rows(text, limits), filled)


def _csv_rows(text: str, limits: Limits) -> Iterator[tuple[int, list[RawCell]]]:
    first_line = text.partition("\n")[0]
    delimiter = max(",\t;", key=first_line.count)
    try:
        for number, row in enumerate(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), start=1):
            if number > limits.rows:
                raise Invalid(f"表中超过 {limits.rows} 行，请分成几个文件上传，每个不超过 {limits.rows} 行。")
            yield number, list(row[: limits.columns])
    except csv.Error as error:
        raise Invalid("这个 CSV 文件不能读取，请在 Excel 中打开后另存为 .xlsx 再上传。") from error
