"""What checking a workbook has found: errors beside cells, and what would be created and changed."""

from __future__ import annotations

from dataclasses import dataclass, field

from shared.errors import Invalid
from shared.excel import Column, Row


@dataclass(slots=True)
class Findings:
    """Errors by row number and column key; `""` is the row as a whole."""

    columns: tuple[Column, ...]
    errors: dict[int, dict[str, str]] = field(default_factory=dict)

    def take(self, row: Row) -> None:
        """Keep what reading the cells has found."""
        if row.errors:
            self.errors.setdefault(row.number, {}).update(row.errors)

    def add(self, number: int, key: str, sentence: str) -> None:
        """An error of a cell; the first one of a cell stays."""
        self.errors.setdefault(number, {}).setdefault(key, sentence)

    def catch(self, number: int, key: str, error: Invalid) -> None:
        self.add(number, key, error.detail)

    def is_clean(self, number: int) -> bool:
        return number not in self.errors

    def sentences(self) -> dict[int, str]:
        """By row, for the error workbook: each with the column that it belongs to."""
        headers = {column.key: column.header for column in self.columns}
        return {
            number: "；".join(_with_header(headers.get(key, ""), sentence) for key, sentence in by_key.items())
            for number, by_key in sorted(self.errors.items())
        }

    def listed(self, limit: int) -> list[dict[str, object]]:
        """The first errors for the page."""
        headers = {column.key: column.header for column in self.columns}
        flat = (
            {"row": number, "column": headers.get(key, ""), "detail": sentence}
            for number, by_key in sorted(self.errors.items())
            for key, sentence in by_key.items()
        )
        return [entry for entry, _ in zip(flat, range(limit), strict=False)]


@dataclass(slots=True)
class Counts:
    """Records, not cells."""

    created: int = 0
    changed: int = 0
    unchanged: int = 0


def _with_header(header: str, sentence: str) -> str:
    return sentence if not header or header in sentence else f"{header}：{sentence}"
