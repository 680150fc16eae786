"""Files that ask for more than there is: each is refused with little memory, measured in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.fixtures.postgresql_cluster import PROJECT
from tests.fixtures.workbooks import altered, long_workbook, with_part, workbook

HEADER, ROW = ["姓名", "数量"], ["石一", 1]
MOST_MB = 30
# The peak of this program alone: what `getrusage` says begins with the peak of whoever started it.
_READ = """
import re, sys
from pathlib import Path
from shared.errors import Invalid
from shared.excel import Column, open_table
def peak():
    return int(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1])
before = peak()
try:
    with open_table(Path(sys.argv[1]), (Column("name", "姓名"), Column("quantity", "数量"))) as table:
        print("read", sum(1 for _ in table.rows()))
except Invalid as error:
    print(error.detail)
print((peak() - before) // 1024)
"""


def read(path: Path) -> tuple[str, int]:
    """What reading the file says, and how many megabytes it took."""
    command = [sys.executable, "-c", _READ, str(path)]
    answer = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True, timeout=120)
    said, megabytes = answer.stdout.splitlines()
    return said, int(megabytes)


def sheet_with(rows: str) -> bytes:
    return altered(workbook([HEADER, ROW]), {"</sheetData>": f"{rows}</sheetData>"})


FILES: dict[str, tuple[Callable[[], bytes], str]] = {
    "a cell far to the right in a row far below": (
        lambda: sheet_with('<row r="190000"><c r="GR190000"><v>1</v></c></row>'),
        "删去右边多余的列",
    ),
    "a cell that claims to stand elsewhere": (
        lambda: altered(workbook([HEADER, ROW]), {'r="B2"': 'r="B1048576"'}),
        "打不开",
    ),
    "a row number in single quotes": (lambda: sheet_with("<row r='1000000'><c><v>1</v></c></row>"), "超过 200000 行"),
    "a row number after a line break": (
        lambda: sheet_with('<row\nspans="1:1"\nr="1000000"><c><v>1</v></c></row>'),
        "超过 200000 行",
    ),
    "many cells without a name in one row": (
        lambda: sheet_with('<row r="3">' + "<c><v>1</v></c>" * 5_000 + "</row>"),
        "超过 200 列",
    ),
    "a merge over everything": (
        lambda: altered(
            workbook([HEADER, ROW]),
            {"</sheetData>": '</sheetData><mergeCells><mergeCell ref="A1:GR200000"/></mergeCells>'},
        ),
        "取消合并单元格",
    ),
    "millions of shared texts": (
        lambda: with_part(workbook([HEADER, ROW]), "xl/sharedStrings.xml", b"<sst>" + b"<si/>" * 7_000_000),
        "解开后过大",
    ),
    "a description of styles that is none": (
        lambda: with_part(workbook([HEADER, ROW]), "xl/styles.xml", bytes(20_000_000)),
        "解开后过大",
    ),
    "a zip bomb": (
        lambda: with_part(workbook([HEADER, ROW]), "xl/theme/theme1.xml", bytes(410 * 1024 * 1024)),
        "解开后过大",
    ),
    "a million rows": (lambda: long_workbook(HEADER, ROW, 1_000_000), "超过 200000 行"),
}


@pytest.mark.parametrize("kind", FILES)
def test_a_file_that_asks_for_too_much_is_refused_with_little_memory(tmp_path: Path, kind: str) -> None:
    make, words = FILES[kind]
    path = tmp_path / "file.xlsx"
    path.write_bytes(make())
    said, megabytes = read(path)
    assert words in said
    assert megabytes < MOST_MB


def test_an_archive_of_very_many_files_is_refused_before_it_is_listed(tmp_path: Path) -> None:
    path = tmp_path / "file.xlsx"
    path.write_bytes(workbook([HEADER, ROW]) + b"PK\x01\x02" * 6_000)
    said, megabytes = read(path)
    assert "解开后过大" in said
    assert megabytes < MOST_MB


def test_a_sheet_written_by_another_program_is_read_all_the_same(tmp_path: Path) -> None:
    """Prefixed names, rows without numbers, cells without names: all of it is allowed."""
    path = tmp_path / "file.xlsx"
    path.write_bytes(sheet_with("<row><c><v>7</v></c><c><v>2</v></c></row>"))
    said, _ = read(path)
    assert said == "read 2"
