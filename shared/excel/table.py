"""A table 表格 in a workbook: the header found below title rows, and the data rows under it as a stream."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from shared.errors import Invalid
from shared.excel.cells import CellError, CellValue, RawCell, plain_text, read_cell
from shared.excel.columns import Column, plain_header
from shared.excel.source import Source, open_source
from shared.excel.survey import Limits

HEADER_SEARCH_ROWS = 20
REMEMBERED_CELLS = 2_000
"""Different cells of one column that are remembered while a table is read."""

_EMPTY = (None, "")
_TOTALS = re.compile(r"(合计|总计|小计|共计|累计|总和)")
_FOOTERS = re.compile(
    r"(填表人|制表人|制表|审核人|审核|负责人|填表说明|说明|备注|注|填报单位|单位盖章|盖章|日期|导出人|导出时间)[:：]"
)


@dataclass(slots=True)
class Row:
    """One data row. `values` has every column's key: the typed value, or None where empty or wrong."""

    number: int
    values: dict[str, CellValue]
    errors: dict[str, str]

    def text(self, key: str) -> str:
        """The text of a TEXT or CODE column; empty where nothing stands."""
        value = self.values.get(key)
        return value if isinstance(value, str) else ""


@dataclass(slots=True)
class Table:
    """An open table. `rows()` can be read once; close it, or use it as a context."""

    source: Source
    columns: tuple[Column, ...]
    header_row: int
    headers: list[str]
    positions: dict[str, int]
    total: int = 0
    """How many rows below the header hold something: totals and signatures too, which `rows()` leaves out."""
    passed: int = 0
    """How many of them `rows()` has gone past."""
    warnings: list[str] = field(default_factory=list)
    known: dict[str, dict[tuple[type, RawCell], CellValue | CellError]] = field(default_factory=dict, repr=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.source.close()

    def rows(self) -> Iterator[Row]:
        """Data rows in order. Title rows, blank rows, totals and signatures below are left out."""
        hidden: list[int] = []
        for number, raw in self.source.rows:
            self.passed += any(cell not in _EMPTY for cell in raw)
            cells = {column.key: _cell(raw, self.positions.get(column.key)) for column in self.columns}
            merged = self._merged_keys(number)
            if not merged and all(_is_blank(cell) for cell in cells.values()):
                continue
            if self._is_outside(raw, cells):
                continue
            if number in self.source.hidden_rows:
                hidden.append(number)
            yield self._read_row(number, cells, merged)
        if hidden:
            shown = "、".join(map(str, hidden[:10])) + (" 等" if len(hidden) > 10 else "")
            self.warnings.append(f"第 {shown} 行在表中是隐藏的，也读入了，共 {len(hidden)} 行。")

    def _read_row(self, number: int, cells: dict[str, RawCell], merged: set[str]) -> Row:
        row = Row(number, {}, {})
        for column in self.columns:
            row.values[column.key] = None
            if column.key in merged:
                row.errors[column.key] = f"“{column.header}”是合并单元格的一部分，请取消合并，每行各自填写。"
                continue
            if column.key not in self.positions:
                continue
            value = self._value(cells[column.key], column)
            if isinstance(value, CellError):
                row.errors[column.key] = str(value)
            else:
                row.values[column.key] = value
        return row

    def _value(self, raw: RawCell, column: Column) -> CellValue | CellError:
        """The cell's value or its error. Villages, rules and days repeat down a column: each is read once."""
        known = self.known.setdefault(column.key, {})
        cell = (raw.__class__, raw)
        if cell in known:
            return known[cell]
        value: CellValue | CellError
        try:
            value = read_cell(raw, column, is_1904=self.source.is_1904)
        except CellError as error:
            value = error
        if len(known) < REMEMBERED_CELLS:
            known[cell] = value
        return value

    def _merged_keys(self, number: int) -> set[str]:
        swallowed = self.source.merged.get(number)
        if not swallowed:
            return set()
        return {key for key, position in self.positions.items() if position in swallowed}

    def _is_outside(self, raw: list[RawCell], cells: dict[str, RawCell]) -> bool:
        """Whether the row is a total or a signature: told by its first words and by required cells left empty."""
        first = next((cell for cell in raw if not _is_blank(cell)), None)
        if not isinstance(first, str):
            return False
        words = re.sub(r"\s", "", first)
        if not (_TOTALS.match(words) or _FOOTERS.match(words)):
            return False
        return any(column.required and _is_blank(cells[column.key]) for column in self.columns)


def open_table(
    path: Path,
    columns: Sequence[Column],
    *,
    name: str = "",
    limits: Limits | None = None,
) -> Table:
    """Open the first visible sheet of a workbook (or a CSV) and find its header.

    `name` is the uploaded file's name: it tells an old `.xls`. Raises Invalid, with a sentence that says how to mend
    it, for files that are none, too large, or without the required columns.
    """
    limits = limits or Limits()
    source = open_source(path, name=name or path.name, limits=limits)
    try:
        head = list(itertools.islice(source.rows, HEADER_SEARCH_ROWS))
        index, positions = _find_header(head, columns)
    except BaseException:
        source.close()
        raise
    number, raw = head[index]
    source.rows = itertools.chain(head[index + 1 :], source.rows)
    above = sum(any(cell not in _EMPTY for cell in row) for _, row in head[: index + 1])
    headers = [str(cell or "") for cell in raw]
    return Table(source, tuple(columns), number, headers, positions, total=max(0, source.filled_rows - above))


def _find_header(head: list[tuple[int, list[RawCell]]], columns: Sequence[Column]) -> tuple[int, dict[str, int]]:
    if not head:
        raise Invalid("表是空的，没有表头。请从模板开始填写。")
    found = [_positions(raw, columns) for _, raw in head]
    index = max(range(len(head)), key=lambda position: (len(found[position]), -position))
    missing = [column.header for column in columns if column.required and column.key not in found[index]]
    if missing:
        shown = "、".join(f"“{header}”" for header in missing)
        raise Invalid(f"表头中缺少 {shown}。表头应在前 {HEADER_SEARCH_ROWS} 行内，列的顺序不限；可以下载模板对照。")
    return index, found[index]


def _positions(raw: list[RawCell], columns: Sequence[Column]) -> dict[str, int]:
    """Which column stands where, if this row were the header. Raises Invalid when two headers mean the same column."""
    positions: dict[str, int] = {}
    for position, cell in enumerate(raw):
        if not isinstance(cell, str) or not cell.strip():
            continue
        header = plain_header(cell)
        column = next((column for column in columns if header in column.names), None)
        if column is None:
            continue
        if column.key in positions:
            both = f"“{raw[positions[column.key]]}”和“{cell}”"
            raise Invalid(f"表头中{both}是同一个意思，不知道用哪一列，请删去一列。")
        positions[column.key] = position
    return positions


def _cell(raw: list[RawCell], position: int | None) -> RawCell:
    return raw[position] if position is not None and position < len(raw) else None


def _is_blank(cell: RawCell) -> bool:
    return cell is None or (isinstance(cell, str) and not plain_text(cell))
