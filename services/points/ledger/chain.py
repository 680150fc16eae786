"""The chain of postings: how a digest is made, in Python and in the words of either database.

`digest = SHA-256(previous digest ‖ header ‖ lines)` over UTF-8 text: the previous digest as 64 hexadecimal digits and a
newline; the header `village|seq|kind|count|total|made_by|made_at` and a newline; then for each entry, by id, the line
`id|household|event|kind|amount|quarter|origin` and a newline. `village` is its 12-digit code, `made_at` microseconds
since 1970 UTC, amounts hundredths, quarters `2026Q3`; `event` is empty for entries without one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def microseconds(instant: datetime) -> int:
    """Microseconds since 1970 UTC, exactly."""
    return (instant - _EPOCH) // timedelta(microseconds=1)


def header_start(village_code: str, seq: int, kind: str) -> str:
    """What a header says before count and total."""
    return f"{village_code}|{seq}|{kind}|"


def header_end(made_by: str, made_at: datetime) -> str:
    """What a header says after count and total."""
    return f"|{made_by}|{microseconds(made_at)}\n"


def digest_of(previous: str, header: str, lines: Iterable[str]) -> str:
    """The digest in Python. `header` and each line end with their newline."""
    digest = hashlib.sha256(f"{previous}\n{header}".encode())
    for line in lines:
        digest.update(line.encode())
    return digest.hexdigest()


def line_of(entry_id: int, household_id: int, event_id: int, kind: str, amount: int, quarter: str, origin: str) -> str:
    """One entry's line in Python; `event_id` as stored (negative: none)."""
    event = str(event_id) if event_id > 0 else ""
    return f"{entry_id}|{household_id}|{event}|{kind}|{amount}|{quarter}|{origin}\n"


def line_sql(table: str) -> str:
    """The line of a row of `table` (columns of `points_entry`), the same text on both databases."""
    event = f"CASE WHEN {table}.event_id > 0 THEN CAST({table}.event_id AS varchar(20)) ELSE '' END"
    return (
        f"{table}.id || '|' || {table}.household_id || '|' || {event} || '|' || {table}.kind || '|' || {table}.amount"
        f" || '|' || {_quarter_sql(f'{table}.quarter')} || '|' || {_quarter_sql(f'{table}.origin_quarter')}"
    )


def _quarter_sql(column: str) -> str:
    # SQLite binds || more tightly than division.
    return f"({column} / 4) || 'Q' || ({column} % 4 + 1)"
