"""Lines of a draft from a workbook: compared with the draft, then put in its place, all or none."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.points.rulebooks.cells import line_of_row
from services.points.rulebooks.columns import CATEGORY, CATEGORY_CAP, COLUMNS
from services.points.rulebooks.drafts import edit_draft, require_open_draft
from services.points.rulebooks.faults import check_lines
from services.points.rulebooks.lines import CODE_FORM, CategoryLine, RuleLine, categories_of, rules_of
from shared.errors import Invalid
from shared.excel import Limits, Row, open_table, store_workbook, write_error_workbook
from shared.files import read_file
from shared.identity import Principal
from shared.models.base import now
from shared.models.points import Rulebook
from shared.models.registry import Village

MOST_LINES = 500
KEPT = timedelta(days=2)
"""How long a workbook that was only checked is kept."""


@dataclass(frozen=True, slots=True)
class WrongLine:
    """A row that can't be taken, by its number as Excel shows it."""

    row: int
    sentence: str


@dataclass(slots=True)
class SheetOfLines:
    """What a workbook says: every category and line of a revision, and the rows that can't be."""

    header_row: int = 0
    numbers: list[int] = field(default_factory=list)
    categories: list[CategoryLine] = field(default_factory=list)
    rules: list[RuleLine] = field(default_factory=list)
    wrong: dict[int, str] = field(default_factory=dict)
    notes: str = ""


@dataclass(frozen=True, slots=True)
class LinesImport:
    """A workbook beside the draft. `file` is its SHA-256; codes of the lines that come, change and go."""

    dry_run: bool
    imported: bool
    file: str
    file_name: str
    rows_total: int
    wrong: list[WrongLine]
    added: list[str]
    changed: list[str]
    removed: list[str]
    unchanged: int
    notes: str
    version: int


def keep_workbook(session: Session, content: bytes, *, name: str) -> str:
    """Store an uploaded workbook for two days; its SHA-256. Raises Invalid for other files."""
    return store_workbook(session, content, name=name, expires_at=now() + KEPT).sha256


def import_lines(
    session: Session, actor: Principal, book: Rulebook, *, file: str, dry_run: bool, expected_version: int
) -> LinesImport:
    """Compare a stored workbook with the draft; unless `dry_run` or a row is wrong, put its lines in the draft.

    Lines that the workbook does not have go; categories without a line stay. The same workbook again changes nothing.
    Raises Invalid for a workbook that can't be read, Conflict for a published revision, Stale.
    """
    require_open_draft(actor, book)
    stored, content = read_file(session, file)
    sheet = _read(session, book, content, stored.name)
    before, after = _texts(*_held(session, book)), _texts(sheet.categories, sheet.rules)
    kept = before.keys() & after.keys()
    changed = [code for code in after if code in kept and before[code] != after[code]]
    differs = (sheet.categories, sheet.rules) != _held(session, book)
    if differs and not sheet.wrong and not dry_run:
        edit_draft(
            session,
            actor,
            book,
            title=book.title,
            summary=book.summary,
            categories=sheet.categories,
            rules=sheet.rules,
            expected_version=expected_version,
        )
    return LinesImport(
        dry_run=dry_run,
        imported=not dry_run and not sheet.wrong,
        file=file,
        file_name=stored.name,
        rows_total=len(sheet.numbers),
        wrong=[WrongLine(number, sentence) for number, sentence in sorted(sheet.wrong.items())],
        added=[code for code in after if code not in kept],
        changed=changed,
        removed=[code for code in before if code not in kept],
        unchanged=len(kept) - len(changed),
        notes=sheet.notes,
        version=book.version,
    )


def lines_error_workbook(session: Session, actor: Principal, book: Rulebook, *, file: str) -> tuple[str, bytes]:
    """Name and content of the workbook as it came, with the reasons beside the wrong rows."""
    require_open_draft(actor, book)
    stored, content = read_file(session, file)
    sheet = _read(session, book, content, stored.name)
    with tempfile.TemporaryDirectory() as folder:
        path, target = Path(folder) / "workbook", Path(folder) / "errors.xlsx"
        path.write_bytes(content)
        write_error_workbook(path, target, name=stored.name, header_row=sheet.header_row, errors=sheet.wrong)
        return f"错误-{stored.name.rsplit('.', 1)[0]}.xlsx", target.read_bytes()


def _read(session: Session, book: Rulebook, content: bytes, name: str) -> SheetOfLines:
    villages = session.scalars(select(Village).where(Village.township_id == book.township_id))
    named = {name: village.id for village in villages for name in (village.code, village.name)}
    sheet = SheetOfLines(categories=categories_of(session, book.id))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "workbook"
        path.write_bytes(content)
        # Title rows may stand above the header.
        with open_table(path, COLUMNS, name=name, limits=Limits(rows=MOST_LINES + 100)) as table:
            says_caps = CATEGORY_CAP.key in table.positions
            for row in table.rows():
                _take_row(sheet, row, named, says_caps=says_caps)
            sheet.header_row, sheet.notes = table.header_row, "".join(table.warnings)
    if not sheet.numbers:
        raise Invalid("表里没有条目。请从导出的表或空表开始填写，每行一条。")
    if len(sheet.numbers) > MOST_LINES:
        raise Invalid(f"一版最多 {MOST_LINES} 条，这张表有 {len(sheet.numbers)} 条。")
    _check(sheet)
    return sheet


def _take_row(sheet: SheetOfLines, row: Row, villages: dict[str, int], *, says_caps: bool) -> None:
    cap = row.values[CATEGORY_CAP.key]
    category = _category(sheet, row.text(CATEGORY.key), cap if isinstance(cap, int) else None, says_caps=says_caps)
    line, errors = line_of_row(row, category.code, villages)
    if says_caps and CATEGORY_CAP.key not in row.errors and category.cap_quarter != cap:
        errors[CATEGORY_CAP.key] = f"类别“{category.name}”在前面的行里写的是别的上限，同一类别请写成一样。"
    sheet.numbers.append(row.number)
    sheet.rules.append(line)
    if errors:
        sheet.wrong[row.number] = "".join(errors.values())


def _category(sheet: SheetOfLines, text: str, cap: int | None, *, says_caps: bool) -> CategoryLine:
    """The category of this name or code; a new one where there is none. Its first line says its limit."""
    codes = {line.code for line in sheet.categories}
    place = next((n for n, line in enumerate(sheet.categories) if text in (line.name, line.code)), None)
    if place is None:
        code = text if re.match(CODE_FORM, text) else _free_code(codes)
        sheet.categories.append(CategoryLine(code, text, cap))
        return sheet.categories[-1]
    found = sheet.categories[place]
    if says_caps and all(rule.category != found.code for rule in sheet.rules):
        sheet.categories[place] = CategoryLine(found.code, found.name, cap)
    return sheet.categories[place]


def _free_code(taken: set[str]) -> str:
    return next(code for n in range(1, len(taken) + 2) if (code := f"LB{n:02d}") not in taken)


def _check(sheet: SheetOfLines) -> None:
    """What the rules of a revision say of these lines, beside the rows that they came from.

    A row with a cell that can't be read is not looked at again: what is missing in it is that cell.
    """
    unread = set(sheet.wrong)
    try:
        check_lines(sheet.categories, sheet.rules)
    except Invalid as error:
        for path, sentences in error.errors.items():
            kind, place = path.split(".")[:2]
            number = sheet.numbers[int(place)] if kind == "rules" else _first_row(sheet, int(place))
            if number not in unread:
                sheet.wrong[number] = sheet.wrong.get(number, "") + "".join(sentences)


def _first_row(sheet: SheetOfLines, category: int) -> int:
    code = sheet.categories[category].code
    rows = zip(sheet.numbers, sheet.rules, strict=True)
    return next((number for number, rule in rows if rule.category == code), sheet.numbers[0])


def _held(session: Session, book: Rulebook) -> tuple[list[CategoryLine], list[RuleLine]]:
    return categories_of(session, book.id), rules_of(session, book.id)


def _texts(categories: Sequence[CategoryLine], rules: Sequence[RuleLine]) -> dict[str, tuple[RuleLine, CategoryLine]]:
    by_code = {category.code: category for category in categories}
    return {rule.code: (rule, by_code[rule.category]) for rule in rules}
