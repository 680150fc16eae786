"""Points and quantities: integer hundredths inside, decimal strings (`"12.50"`) outside, never a float."""

from __future__ import annotations

import re
from typing import Any

from marshmallow import ValidationError, fields

_DECIMAL = re.compile(r"[+-]?\d{1,7}(\.\d{1,2})?")
MAXIMUM = 1_000_000_000
"""Largest magnitude of an amount in hundredths (int4 holds it with room)."""


def parse_hundredths(text: str) -> int:
    """Read `-3`, `+0.5`, `12.50` as hundredths. Raises ValueError for anything else, three decimals included."""
    if not _DECIMAL.fullmatch(text):
        raise ValueError(f"not an amount with at most two decimals: {text!r}")
    sign = -1 if text.startswith("-") else 1
    whole, _, decimals = text.lstrip("+-").partition(".")
    return sign * (int(whole) * 100 + int(decimals.ljust(2, "0")))


def format_hundredths(hundredths: int, *, sign: bool = False) -> str:
    """`12.50`; with `sign`, positive amounts carry a `+`."""
    mark = "-" if hundredths < 0 else "+" if sign and hundredths > 0 else ""
    return f"{mark}{abs(hundredths) // 100}.{abs(hundredths) % 100:02d}"


def divide_half_away(numerator: int, denominator: int) -> int:
    """`numerator / denominator` rounded half away from zero; `denominator` is positive."""
    quotient, rest = divmod(abs(numerator), denominator)
    quotient += rest * 2 >= denominator
    return -quotient if numerator < 0 else quotient


class Hundredths(fields.Field[int]):
    """marshmallow field: decimal string in JSON, integer hundredths in Python."""

    default_error_messages = {"invalid": "请填写数字，最多两位小数，例如 12.50。"}  # noqa: RUF012 - as marshmallow declares it

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        return None if value is None else format_hundredths(value)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int:
        if not isinstance(value, str):
            raise self.make_error("invalid")
        try:
            return parse_hundredths(value.strip())
        except ValueError as error:
            raise ValidationError(self.error_messages["invalid"]) from error
