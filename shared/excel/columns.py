"""A column 列 of a workbook: its header with synonyms, and what its cells may hold."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum


class CellKind(StrEnum):
    """How a cell is read. Each gives a value or one Chinese sentence."""

    TEXT = "text"
    """Text; a number becomes its shortest text."""
    CODE = "code"
    """Identity number, phone, bank number, place code: digits that are no quantity. Long ones must be text cells."""
    INTEGER = "integer"
    """A whole number (int)."""
    AMOUNT = "amount"
    """At most two decimals (int hundredths)."""
    DATE = "date"
    """A day (date): date cell, serial, `2026.1.5`, `2026-1-5`, `2026/1/5`, `2026年1月5日`, `20260105`."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column. `key` is the caller's name for it; `header` stands in templates; headers may come in any order."""

    key: str
    header: str
    synonyms: tuple[str, ...] = ()
    kind: CellKind = CellKind.TEXT
    required: bool = True
    """A required column must be in the header, and its cells must be filled."""
    choices: tuple[str, ...] = ()
    """When given, only these texts are accepted."""
    earlier: tuple[tuple[str, str], ...] = ()
    """Texts of earlier templates that are still accepted, each with the choice that it means."""
    max_length: int = 400

    @property
    def names(self) -> frozenset[str]:
        """Every header that means this column, in the form of `plain_header`."""
        return frozenset(plain_header(name) for name in (self.header, *self.synonyms))


_REMARK = re.compile(r"[（(][^（）()]*[)）]")


def plain_header(text: str) -> str:
    """A header without blanks, stars, full-width forms and remarks in brackets: `＊姓 名（必填）` is `姓名`."""
    folded = unicodedata.normalize("NFKC", text)
    return re.sub(r"[\s*:：]", "", _REMARK.sub("", folded)).lower()
