"""Citizen identity numbers 公民身份号码 by GB 11643: 18 characters, a date of birth and a check digit.

The area code is not checked: areas were renumbered (people of this county born before 1997 carry a code that no
current list holds), and a number stays valid for life.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date

from shared import calendar
from shared.errors import Invalid

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK = "10X98765432"
_EARLIEST_YEAR = 1900


@dataclass(frozen=True, slots=True)
class IdentityNumber:
    """A number whose check digit and date are right."""

    number: str
    born_on: date

    @property
    def tail(self) -> str:
        return self.number[-4:]


def check_digit(first_seventeen: str) -> str:
    """The eighteenth character for 17 digits."""
    total = sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, first_seventeen, strict=True))
    return _CHECK[total % 11]


def parse_identity_number(text: str, *, today: date | None = None) -> IdentityNumber:
    """Read a number as people type it (full-width digits, blanks, small x). Raises Invalid saying what is wrong."""
    number = re.sub(r"[\s\-]", "", unicodedata.normalize("NFKC", text)).upper()
    if re.fullmatch(r"\d{15}", number):
        raise Invalid("这是 15 位的旧身份证号，已经停用。请按现在的身份证填写 18 位号码。")
    if len(number) != 18:
        raise Invalid(f"身份证号应为 18 位，现在是 {len(number)} 位。请按身份证核对后重新填写。")
    if not re.fullmatch(r"\d{17}[\dX]", number, re.ASCII):
        raise Invalid("身份证号只能是数字，最后一位可以是 X。请按身份证核对后重新填写。")
    born_on = _birth_date(number[6:14])
    if born_on is None or born_on.year < _EARLIEST_YEAR or born_on > (today or calendar.today()):
        raise Invalid("身份证号第 7 到 14 位不是一个可能的出生日期。请按身份证核对后重新填写。")
    if number[17] != check_digit(number[:17]):
        hint = "末尾的 000 多半是表格改坏的：请先把这一列设为文本，再" if number.endswith("000") else "请按身份证"
        raise Invalid(f"身份证号的最后一位对不上，说明其中有数字写错了。{hint}重新填写。")
    return IdentityNumber(number, born_on)


def _birth_date(digits: str) -> date | None:
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return None
