"""Lengths of the statutory clocks; every line of the table that the calendar is checked against."""

from __future__ import annotations

from datetime import date

import pytest

from services.petitions.procedure.clocks import due_day, extend_clock
from shared.calendar import next_working_day
from shared.models.petition_kinds import ClockKind
from shared.models.petitions import Clock


@pytest.mark.parametrize(
    ("start", "notice", "notice_rolled", "objection", "handling", "handling_rolled"),
    [
        ("2025-01-15", "2025-01-30", "2025-02-05", "2025-01-22", "2025-03-16", "2025-03-17"),
        ("2025-12-20", "2026-01-04", "2026-01-04", "2025-12-26", "2026-02-18", "2026-02-24"),
        ("2026-04-24", "2026-05-09", "2026-05-09", "2026-05-06", "2026-06-23", "2026-06-23"),
        ("2026-09-28", "2026-10-13", "2026-10-13", "2026-10-10", "2026-11-27", "2026-11-27"),
    ],
)
def test_clocks_end_where_the_regulation_ends_them(
    start: str, notice: str, notice_rolled: str, objection: str, handling: str, handling_rolled: str
) -> None:
    first = date.fromisoformat(start)
    assert due_day(ClockKind.NOTICE, first).isoformat() == notice
    assert next_working_day(due_day(ClockKind.NOTICE, first)).isoformat() == notice_rolled
    assert due_day(ClockKind.OBJECTION, first).isoformat() == objection
    assert due_day(ClockKind.HANDLING, first).isoformat() == handling
    assert next_working_day(due_day(ClockKind.HANDLING, first)).isoformat() == handling_rolled


def test_the_review_window_is_thirty_days() -> None:
    assert due_day(ClockKind.REVIEW_WINDOW, date(2026, 3, 1)) == date(2026, 3, 31)


def test_an_extension_counts_on_from_the_plain_day() -> None:
    clock = Clock(
        kind=ClockKind.HANDLING,
        started_on=date(2025, 1, 15),
        due_on=date(2025, 3, 16),
        due_on_rolled=date(2025, 3, 17),
    )
    extend_clock(clock, 30)
    assert (clock.due_on, clock.due_on_rolled, clock.provisional) == (date(2025, 4, 15), date(2025, 4, 15), False)


def test_a_clock_that_crosses_into_a_year_without_calendar_is_provisional() -> None:
    clock = Clock(
        kind=ClockKind.HANDLING,
        started_on=date(2026, 11, 20),
        due_on=date(2026, 12, 20),
        due_on_rolled=date(2026, 12, 21),
    )
    extend_clock(clock, 20)
    assert clock.provisional
