"""Quarters 季度 as small integers that count up: `year * 4 + (quarter − 1)`; people and APIs see `2026Q3`."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from marshmallow import ValidationError, fields

_TEXT = re.compile(r"([1-9]\d{3})Q([1-4])", re.ASCII)


def quarter_of(day: date) -> int:
    """The quarter that `day` lies in."""
    return day.year * 4 + (day.month - 1) // 3


def parse_quarter(text: str) -> int:
    """Read `2026Q3`. Raises ValueError."""
    match = _TEXT.fullmatch(text)
    if not match:
        raise ValueError(f"not a quarter: {text!r}")
    return int(match[1]) * 4 + int(match[2]) - 1


def format_quarter(quarter: int) -> str:
    """`2026Q3`."""
    return f"{quarter // 4}Q{quarter % 4 + 1}"


def say_quarter(quarter: int) -> str:
    """`2026年第三季度`, as sentences for people have it."""
    return f"{quarter // 4}年第{'一二三四'[quarter % 4]}季度"


def first_day(quarter: int) -> date:
    return date(quarter // 4, quarter % 4 * 3 + 1, 1)


def last_day(quarter: int) -> date:
    month = quarter % 4 * 3 + 3
    return date(quarter // 4, month, 30 if month in (6, 9) else 31)


def year_of(quarter: int) -> int:
    return quarter // 4


class Quarter(fields.Field[int]):
    """marshmallow field: `2026Q3` in JSON, the quarter's number in Python."""

    default_error_messages = {"invalid": "请填写季度，例如 2026Q3。"}  # noqa: RUF012 (marshmallow reads it as it is)

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        return None if value is None else format_quarter(value)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int:
        if not isinstance(value, str):
            raise self.make_error("invalid")
        try:
            return parse_quarter(value.strip())
        except ValueError as error:
            raise ValidationError(self.error_messages["invalid"]) from error
