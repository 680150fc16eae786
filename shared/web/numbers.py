"""Whole numbers of requests: what is not one is refused, never rounded to another."""

from __future__ import annotations

import re
from typing import Any

from marshmallow import fields

_DIGITS = re.compile(r"-?[0-9]{1,19}")
_LARGEST = 2**63 - 1


class WholeNumber(fields.Integer):
    """marshmallow field: a whole number, or its digits as text, as forms and addresses carry it.

    The library's own makes 1 of 1.5 and of `true`.
    """

    def _validated(self, value: Any) -> int:
        whole = isinstance(value, int) and not isinstance(value, bool)
        if not whole and not (isinstance(value, str) and _DIGITS.fullmatch(value)):
            raise self.make_error("invalid", input=value)
        return super()._validated(value)


class Id(WholeNumber):
    """marshmallow field: a record's id. What is larger than the database's numbers is nobody's."""

    default_error_messages = {"invalid": "编号不对，请从列表里重新选。"}  # noqa: RUF012 - as marshmallow declares it

    def _validated(self, value: Any) -> int:
        number = super()._validated(value)
        if not 1 <= number <= _LARGEST:
            raise self.make_error("invalid", input=value)
        return number
