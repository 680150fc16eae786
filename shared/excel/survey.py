"""A workbook's survey: which sheet is read and how much it holds, from a stream, before any parser sees the file.

The parser keeps the rectangle around all filled cells of a sheet, and all shared texts, in memory. A file of a few
kilobytes can ask for gigabytes of both, so what is too much is refused here, in words.
"""

from __future__ import annotations

import mmap
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from shared.errors import Invalid


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a file may hold. `unpacked_bytes` stops archives that unfold to many times their size."""

    rows: int = 200_000
    columns: int = 200
    cells: int = 6_000_000
    """Rows times columns, empty ones too; also how many shared texts."""
    merged_cells: int = 200_000
    file_bytes: int = 30 * 1024 * 1024
    unpacked_bytes: int = 400 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Survey:
    """The first visible sheet: its name, the numbers of the rows that hold something, and of those that are hidden."""

    sheet: str
    is_1904: bool
    filled_rows: int
    hidden_rows: frozenset[int]


BROKEN = "这个文件打不开，可能已经损坏，或不是 Excel 工作簿。请在 Excel 中打开后另存为 .xlsx 再上传。"
_NO_WORKBOOK = "这个文件不是 Excel 工作簿，请上传 .xlsx 或 .csv 文件。"
_TOO_MUCH = "这个文件解开后过大，不能读取。请只保留需要导入的一张表，另存后再上传。"
_BOOK, _RELATIONS, _STRINGS = "xl/workbook.xml", "xl/_rels/workbook.xml.rels", "xl/sharedStrings.xml"
_PARTS = (_BOOK, _RELATIONS, "xl/styles.xml")
_PART_BYTES = 16 * 1024 * 1024
_ENTRY_SIGN, _ENTRIES = b"PK\x01\x02", 5_000
_CHUNK = 1 << 20

# One form of quotes and blanks, so that no way of writing an attribute hides it.
_PLAIN = bytes.maketrans(b"'\t\n\r", b'"   ')
_ROW = re.compile(rb"<(?:\w+:)?row\b")
_CONTENT = re.compile(rb"<(?:\w+:)?(?:v|is|t)\b")
_ROW_NUMBER = re.compile(rb'^[^>]*? r="(\d+)"')
_HIDDEN = re.compile(rb'^[^>]*? hidden="(?:1|true)"')
_CELL = re.compile(rb"<(?:\w+:)?c\b")
_CELL_ROW = re.compile(rb' r="[A-Z]+(\d+)"')
_BEYOND_Z = re.compile(rb' r="([A-Z]{2,})\d')
_TO_Z = 26
"""A row whose cells are named by one letter is taken to be so wide, which is quick to see."""
_TEXT = re.compile(rb"<(?:\w+:)?si\b")


def survey_workbook(path: Path, limits: Limits) -> Survey:
    """Look a workbook over. Raises Invalid, with how to mend it, for what is none, damaged, or holds too much."""
    _require_few_entries(path)
    try:
        with zipfile.ZipFile(path) as archive:
            names = {entry.filename: entry.file_size for entry in archive.infolist()}
            if sum(names.values()) > limits.unpacked_bytes or any(names.get(part, 0) > _PART_BYTES for part in _PARTS):
                raise Invalid(_TOO_MUCH)
            if _BOOK not in names:
                raise Invalid(_NO_WORKBOOK)
            sheet, member, is_1904 = _first_visible_sheet(archive)
            if _STRINGS in names:
                _require_few_texts(archive, limits)
            return _Rows(limits).survey(archive, sheet, member, is_1904)
    except (zipfile.BadZipFile, KeyError, EOFError, OSError, ValueError, NotImplementedError, RuntimeError) as error:
        raise Invalid(BROKEN) from error


def _require_few_entries(path: Path) -> None:
    """An archive of a million empty files costs memory before one of them is opened."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        place, found = content.find(_ENTRY_SIGN), 0
        while place >= 0:
            found += 1
            if found > _ENTRIES:
                raise Invalid(_TOO_MUCH)
            place = content.find(_ENTRY_SIGN, place + 4)


def _first_visible_sheet(archive: zipfile.ZipFile) -> tuple[str, str, bool]:
    """Name and archive member of the first visible sheet, and whether dates count from 1904."""
    book = archive.read(_BOOK).decode("utf-8", "replace")
    relations = archive.read(_RELATIONS).decode("utf-8", "replace")
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


def _require_few_texts(archive: zipfile.ZipFile, limits: Limits) -> None:
    found = 0
    with archive.open(_STRINGS) as stream:
        for chunk in iter(lambda: stream.read(_CHUNK), b""):
            found += len(_TEXT.findall(chunk))
            if found > limits.cells:
                raise Invalid(_TOO_MUCH)


class _Rows:
    """Counts the rows of a sheet and the rectangle around them."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.filled = 0
        self.last = 0
        self.widest = 0
        self.hidden: set[int] = set()

    def survey(self, archive: zipfile.ZipFile, sheet: str, member: str, is_1904: bool) -> Survey:
        number = 0
        for row in _row_segments(archive, member):
            # By the row, else by its first cell, else the one after the row before.
            given = _ROW_NUMBER.match(row) or _CELL_ROW.search(row)
            number = int(given[1]) if given else number + 1
            if _CONTENT.search(row):
                self._take(row, number)
        return Survey(sheet, is_1904, self.filled, frozenset(self.hidden))

    def _take(self, row: bytes, number: int) -> None:
        named = _CELL_ROW.findall(row)
        if named and set(named) != {b"%d" % number}:
            # A cell that claims to stand elsewhere would stretch the rectangle unseen.
            raise Invalid(BROKEN)
        self.filled += 1
        plain = row.count(b"<c") == len(named) and not _BEYOND_Z.search(row)
        width = min(_TO_Z, self.limits.columns) if plain else _width(row, len(named))
        if number > self.last or width > self.widest:
            self.last, self.widest = max(self.last, number), max(self.widest, width)
            self._require_within_limits()
        if _HIDDEN.match(row):
            self.hidden.add(number)

    def _require_within_limits(self) -> None:
        rows, columns = self.limits.rows, self.limits.columns
        if self.last > rows:
            raise Invalid(f"表中超过 {rows} 行，请分成几个文件上传，每个不超过 {rows} 行。")
        if self.widest > columns:
            raise Invalid(f"表中超过 {columns} 列，请删去右边多余的列后再上传。")
        if self.last * self.widest > self.limits.cells:
            raise Invalid(f"表太大，有 {self.last} 行、{self.widest} 列。请删去右边多余的列，或分成几个文件，再上传。")


def _width(row: bytes, named: int) -> int:
    """How many columns a row takes at most: to its furthest named cell; cells without a name stand right of others."""
    beyond = _BEYOND_Z.findall(row)
    furthest = max(map(_column_number, beyond)) if beyond else (_TO_Z if named else 0)
    return furthest + len(_CELL.findall(row)) - named


def _row_segments(archive: zipfile.ZipFile, member: str) -> Iterator[bytes]:
    """The XML of a sheet, one piece a row, each beginning right after its `<row`."""
    rest, inside_row = b"", False
    with archive.open(member) as stream:
        for chunk in iter(lambda: stream.read(_CHUNK), b""):
            first, *others = _ROW.split(rest + chunk.translate(_PLAIN))
            if others:
                # What precedes the first row is the sheet's preamble.
                yield from [first, *others[:-1]] if inside_row else others[:-1]
            inside_row = inside_row or bool(others)
            rest = others[-1] if others else first
            if len(rest) > 8 * _CHUNK:
                raise Invalid("表中有一行过大，不能读取。请检查后另存为 .xlsx 再上传。")
    if inside_row:
        yield rest


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number
