"""One cell: from what a workbook holds to a typed value, or the sentence that belongs beside it."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation

from shared.amounts import parse_hundredths
from shared.excel.columns import CellKind, Column

FilledCell = str | int | float | bool | date | datetime | time | timedelta
RawCell = FilledCell | None
CellValue = str | int | date | None

EXACT_DIGITS = 15
"""Excel keeps 15 digits of a number; later ones are already wrong when we see them."""

# Full-width digits and letters, the blanks that are no blanks, and marks that nobody sees.
_NARROW = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F) if chr(code).isalnum()} | {
    0x3000: " ",
    0x00A0: " ",
    0x200B: None,
    0xFEFF: None,
}
_EPOCH = date(1899, 12, 30)
_EPOCH_1904 = date(1904, 1, 1)
_DAY_FORMS = (
    re.compile(r"(\d{4})[.\-/](\d{1,2})[.\-/](\d{1,2})"),
    re.compile(r"(\d{4})年(\d{1,2})月(\d{1,2})[日号]"),
    re.compile(r"(\d{4})(\d{2})(\d{2})"),
)
_SCIENTIFIC = re.compile(r"\d(\.\d+)?[eE]\+?\d+")
_EXCEL_ERRORS = frozenset({"#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NUM!", "#NULL!"})


class CellError(Exception):
    """Raised for a cell that can't be read; its text is the sentence for the person who filled it in."""


def read_cell(raw: RawCell, column: Column, *, is_1904: bool = False) -> CellValue:
    """The typed value of `raw`, None when empty. Raises CellError; a required cell that is empty is one."""
    if isinstance(raw, str):
        raw = plain_text(raw)
        if raw in _EXCEL_ERRORS:
            raise CellError(f"“{column.header}”是公式错误 {raw}，请改为实际内容。")
    if isinstance(raw, float) and not math.isfinite(raw):
        # Excel writes 17 digits at most: the largest numbers come back as infinity.
        raise CellError(f"“{column.header}”不是一个可用的数字，请重新填写。")
    if raw is None or raw == "":
        if column.required:
            raise CellError(f"“{column.header}”没有填写。")
        return None
    value = _READERS[column.kind](raw, column, is_1904)
    value = next((choice for text, choice in column.earlier if text == value), value)
    if column.choices and value not in column.choices:
        shown = "、".join(column.choices[:8]) + ("等" if len(column.choices) > 8 else "")
        raise CellError(f"“{column.header}”的“{value}”不在可选范围内，请从 {shown} 中选择。")
    return value


def plain_text(text: str) -> str:
    """Text as meant: full-width digits and letters narrowed, outer blanks and a leading escape sign taken off."""
    narrow = text.translate(_NARROW).strip()
    return narrow[1:] if len(narrow) > 1 and narrow[0] == "'" and narrow[1] in "=+-@\t" else narrow


def number_text(number: float) -> str:
    """The shortest text of a number: no trailing `.0`, no exponent."""
    if number == int(number) and abs(number) < 10**EXACT_DIGITS:
        return str(int(number))
    return format(Decimal(repr(number)), "f")


def _read_text(raw: FilledCell, column: Column, _is_1904: bool) -> str:
    if isinstance(raw, bool):
        text = "是" if raw else "否"
    elif isinstance(raw, int | float):
        _refuse_lost_digits(raw, column)
        text = number_text(raw)
    elif isinstance(raw, datetime):
        text = raw.date().isoformat() if raw.time() == time() else raw.isoformat(sep=" ")
    else:
        text = str(raw)
    if len(text) > column.max_length:
        raise CellError(f"“{column.header}”有 {len(text)} 个字，最多 {column.max_length} 个字。")
    return text


def _read_code(raw: FilledCell, column: Column, is_1904: bool) -> str:
    if isinstance(raw, bool | date | time | timedelta):
        raise CellError(f"“{column.header}”不是号码，请把单元格设为文本格式后重新填写。")
    text = _read_text(raw, column, is_1904).replace(" ", "")
    if _SCIENTIFIC.fullmatch(text):
        raise CellError(f"“{column.header}”变成了科学计数 {text}，后几位已经丢失，请把单元格设为文本格式后重新填写。")
    return text.removesuffix(".0")


def _refuse_lost_digits(number: float, column: Column) -> None:
    if abs(number) >= 10**EXACT_DIGITS:
        raise CellError(
            f"“{column.header}”是超过 15 位的数字，Excel 只保留 15 位，后几位已经变成 0，"
            "请把单元格设为文本格式后重新填写。"
        )


def _read_integer(raw: FilledCell, column: Column, _is_1904: bool) -> int:
    number = _decimal(raw, column)
    if number != number.to_integral_value():
        raise CellError(f"“{column.header}”的“{raw}”不是整数。")
    return int(number)


def _read_amount(raw: FilledCell, column: Column, _is_1904: bool) -> int:
    number = _decimal(raw, column)
    if isinstance(raw, float):
        # 0.1 + 0.2 computed by a formula is 0.30000000000000004; what the sheet shows is meant.
        number = Decimal(repr(round(raw, 9)))
    try:
        return parse_hundredths(format(number.normalize(), "f"))
    except ValueError:
        raise CellError(f"“{column.header}”的“{raw}”不对，请填写数字，最多两位小数，不超过 9999999。") from None


def _decimal(raw: FilledCell, column: Column) -> Decimal:
    if isinstance(raw, bool | date | time | timedelta):
        raise CellError(f"“{column.header}”应当是数字。")
    text = (
        number_text(raw) if isinstance(raw, int | float) else raw.replace(",", "").replace("，", "").replace("．", ".")
    )
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise CellError(f"“{column.header}”的“{raw}”不是数字。") from None
    if not number.is_finite() or abs(number) >= 10**EXACT_DIGITS:
        raise CellError(f"“{column.header}”的“{raw}”太大。")
    return number


def _read_date(raw: FilledCell, column: Column, is_1904: bool) -> date:
    if isinstance(raw, datetime):
        return raw.date()
    if isinstance(raw, date):
        return raw
    text = number_text(raw) if isinstance(raw, int | float) and not isinstance(raw, bool) else str(raw)
    text = text.replace(" ", "").replace("．", ".").replace("／", "/").replace("－", "-")
    for form in _DAY_FORMS:
        if match := form.fullmatch(text):
            try:
                return date(*map(int, match.groups()))
            except ValueError:
                raise CellError(f"“{column.header}”的“{raw}”不是有的日子。") from None
    if re.fullmatch(r"\d{4,6}", text) and 10_000 <= int(text) <= 109_999:
        return (_EPOCH_1904 if is_1904 else _EPOCH) + timedelta(days=int(text))
    raise CellError(f"“{column.header}”的“{raw}”不是日期，请写成 2026-1-5 这样。")


_READERS: dict[CellKind, Callable[[FilledCell, Column, bool], CellValue]] = {
    CellKind.TEXT: _read_text,
    CellKind.CODE: _read_code,
    CellKind.INTEGER: _read_integer,
    CellKind.AMOUNT: _read_amount,
    CellKind.DATE: _read_date,
}
