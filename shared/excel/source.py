"""A workbook file as a source of raw rows: what it really is, whether it is small enough, and its rows as a stream.

Everything is checked before the parser sees the file: the parser keeps a sheet's whole bounding box in memory.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from python_calamine import CalamineError, CalamineWorkbook

from shared.errors import Invalid
from shared.excel.cells import RawCell

_OLE = bytes.fromhex("D0CF11E0A1B11AE1")
_ROW = re.compile(rb"<(?:\w+:)?row\b")
_CONTENT = re.compile(rb"<(?:\w+:)?(?:v|is|t)\b")
_ROW_NUMBER = re.compile(rb'^[^>]*?\br="(\d+)"')
_HIDDEN = re.compile(rb'^[^>]*?\bhidden="(?:1|true)"')
_WIDE = re.compile(rb'\br="([A-Z]{2,3})\d')
_CHUNK = 1 << 20
_HEAD_BYTES = 512


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a file may hold. `unpacked_bytes` stops archives that unfold to many times their size."""

    rows: int = 200_000
    columns: int = 200
    file_bytes: int = 30 * 1024 * 1024
    unpacked_bytes: int = 400 * 1024 * 1024


@dataclass(slots=True)
class Source:
    """Raw rows of the first visible sheet with the numbers that Excel shows."""

    sheet: str
    rows: Iterator[tuple[int, list[RawCell]]]
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
    if size > limits.file_bytes:
        raise Invalid(
            f"文件有 {size / 1048576:.0f} MB，最大 {limits.file_bytes // 1048576} MB。"
            "请删去图片和多余的表，或分成几个文件上传。"
        )
    if head.startswith(_OLE):
        if name.lower().endswith(".xls"):
            raise Invalid("这是旧版 .xls 文件，请在 Excel 或 WPS 中“另存为”.xlsx 格式后再上传。")
        raise Invalid("这是加了密码或旧版格式的文件，请去掉密码，另存为 .xlsx 格式后再上传。")
    if head.startswith(b"PK\x03\x04"):
        return "xlsx"
    if name.lower().endswith((".xlsx", ".xlsm", ".xls")) or b"\0" in head:
        raise Invalid("这个文件不是 Excel 工作簿，请上传 .xlsx 或 .csv 文件。")
    return "csv"


def _open_workbook(path: Path, limits: Limits) -> Source:
    broken = Invalid("这个文件打不开，可能已经损坏，或不是 Excel 工作簿。请在 Excel 中打开后另存为 .xlsx 再上传。")
    try:
        with zipfile.ZipFile(path) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > limits.unpacked_bytes:
                raise Invalid("这个文件解开后过大，不能读取。请只保留需要导入的一张表，另存后再上传。")
            if "xl/workbook.xml" not in archive.namelist():
                raise Invalid("这个文件不是 Excel 工作簿，请上传 .xlsx 或 .csv 文件。")
            sheet, member, is_1904 = _first_visible_sheet(archive)
            hidden = _survey(archive, member, limits)
        workbook = CalamineWorkbook.from_path(path)
        opened = workbook.get_sheet_by_name(sheet)
        merges = opened.merged_cell_ranges or []
    except (
        zipfile.BadZipFile,
        CalamineError,
        KeyError,
        EOFError,
        OSError,
        ValueError,
        NotImplementedError,
    ) as error:
        raise broken from error
    source = Source(sheet, iter(()), is_1904, hidden, _swallowed(merges, limits))
    # Rows come from the first of the sheet, cells from the first column that holds something.
    margin: list[RawCell] = [None] * (opened.start[1] if opened.start else 0)
    source.rows = ((number, [*margin, *row]) for number, row in enumerate(opened.iter_rows(), start=1))
    source.close = workbook.close
    return source


def _first_visible_sheet(archive: zipfile.ZipFile) -> tuple[str, str, bool]:
    """Name and archive member of the first visible sheet, and whether dates count from 1904."""
    book = archive.read("xl/workbook.xml").decode("utf-8", "replace")
    relations = archive.read("xl/_rels/workbook.xml.rels").decode("utf-8", "replace")
    is_1904 = bool(re.search(r'date1904="(?:1|true)"', book))
    for tag in re.findall(r"<(?:\w+:)?sheet\b[^>]*>", book):
        if re.search(r'state="(?:hidden|veryHidden)"', tag):
            continue
        name = re.search(r'\bname="([^"]*)"', tag)
        relation = re.search(r'\b\w+:id="([^"]*)"', tag)
        if name and relation:
            for entry in re.findall(r"<(?:\w+:)?Relationship\b[^>]*>", relations):
                if f'Id="{relation[1]}"' in entry and (target := re.search(r'Target="([^"]*)"', entry)):
                    member = target[1].lstrip("/")
                    return (
                        _unescape(name[1]),
                        member if member.startswith("xl/") else f"xl/{member}",
                        is_1904,
                    )
    raise ValueError("no visible sheet")


def _unescape(text: str) -> str:
    for mark, sign in (
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", '"'),
        ("&apos;", "'"),
        ("&amp;", "&"),
    ):
        text = text.replace(mark, sign)
    return text


def _survey(archive: zipfile.ZipFile, member: str, limits: Limits) -> frozenset[int]:
    """Numbers of the hidden rows that hold something. Raises Invalid for too many rows or columns."""
    hidden: set[int] = set()
    number = 0
    for segment in _row_segments(archive, member):
        given = _ROW_NUMBER.match(segment)
        number = int(given[1]) if given else number + 1
        if not _CONTENT.search(segment):
            continue
        if number > limits.rows:
            raise Invalid(f"表中超过 {limits.rows} 行，请分成几个文件上传，每个不超过 {limits.rows} 行。")
        if any(_column_index(letters) >= limits.columns for letters in _WIDE.findall(segment)):
            raise Invalid(f"表中超过 {limits.columns} 列，请删去右边多余的列后再上传。")
        if _HIDDEN.match(segment):
            hidden.add(number)
    return frozenset(hidden)


def _row_segments(archive: zipfile.ZipFile, member: str) -> Iterator[bytes]:
    """The XML of a sheet, one piece a row, each beginning right after its `<row`."""
    rest, inside_row = b"", False
    with archive.open(member) as stream:
        for chunk in iter(lambda: stream.read(_CHUNK), b""):
            first, *others = _ROW.split(rest + chunk)
            if others:
                # What precedes the first row is the sheet's preamble.
                yield from [first, *others[:-1]] if inside_row else others[:-1]
            inside_row = inside_row or bool(others)
            rest = others[-1] if others else first
            if len(rest) > 8 * _CHUNK:
                raise Invalid("表中有一行过大，不能读取。请检查后另存为 .xlsx 再上传。")
    if inside_row:
        yield rest


def _column_index(letters: bytes) -> int:
    index = 0
    for letter in letters:
        index = index * 26 + letter - 64
    return index - 1


def _swallowed(merges: list[tuple[tuple[int, int], tuple[int, int]]], limits: Limits) -> dict[int, set[int]]:
    cells: dict[int, set[int]] = {}
    for (top, left), (bottom, right) in merges:
        for row in range(top, min(bottom, limits.rows) + 1):
            for column in range(left, min(right, limits.columns) + 1):
                if (row, column) != (top, left):
                    cells.setdefault(row + 1, set()).add(column)
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
    return Source("CSV", _csv_rows(text, limits))


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
