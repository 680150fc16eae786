"""Months as numbers that count up: `year * 12 + month − 1`, as events carry them."""

from __future__ import annotations

from datetime import date, timedelta


def month_of(day: date) -> int:
    """The number of the month that `day` lies in."""
    return day.year * 12 + day.month - 1


def last_day_of(month: int) -> date:
    """The day at whose end the points of a month expire."""
    following = month + 1
    return date(following // 12, following % 12 + 1, 1) - timedelta(days=1)


def say_month(month: int) -> str:
    """`2026年3月`."""
    return f"{month // 12}年{month % 12 + 1}月"
