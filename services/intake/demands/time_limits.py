"""Time limits of demands: working days of the official calendar, from the day after."""

from __future__ import annotations

from datetime import date

from shared.calendar import add_working_days, is_provisional


def due_day(start: date, limit_days: int) -> tuple[date, bool]:
    """The last day for the answer, and whether the official calendar does not know all of these days yet."""
    due_on = add_working_days(start, limit_days)
    return due_on, is_provisional(start, due_on)
