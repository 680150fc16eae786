"""Calendar days and working days of China's official calendar.

The starting day of a period is never counted: 15 days from January 15 end on January 30.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import chinese_calendar

from shared.calendar.official import official_days

SHANGHAI = ZoneInfo("Asia/Shanghai")

_SATURDAY = 5


def today() -> date:
    """The present day in the township, whatever the machine's own zone is."""
    return datetime.now(SHANGHAI).date()


def day_of(moment: datetime) -> date:
    """The township's day of an instant (which must carry its zone)."""
    if moment.tzinfo is None:
        raise ValueError("a naive datetime names no day")
    return moment.astimezone(SHANGHAI).date()


def add_days(day: date, days: int) -> date:
    """The day `days` calendar days after `day`, not counting `day` itself."""
    return day + timedelta(days=days)


def is_working_day(day: date) -> bool:
    """Whether offices work on this day; make-up Saturdays and Sundays (调休) do.

    Years that neither the package nor the table of later years knows count weekends only: see `is_provisional`.
    """
    listed = official_days()
    if listed.covers(day.year):
        return listed.working.get(day, day.weekday() < _SATURDAY)
    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError:
        return day.weekday() < _SATURDAY


def is_provisional(first: date, last: date | None = None) -> bool:
    """Whether a date computed from these days may still move: the official calendar of a year of theirs is unknown."""
    years = range(first.year, (last or first).year + 1)
    return any(not _is_known(year) for year in years)


def next_working_day(day: date) -> date:
    """The day itself when it is a working day, otherwise the first working day after it."""
    while not is_working_day(day):
        day += timedelta(days=1)
    return day


def add_working_days(day: date, days: int) -> date:
    """The `days`-th working day after `day`, not counting `day` itself."""
    if days < 0:
        raise ValueError("working days are counted forward")
    for _ in range(days):
        day = next_working_day(day + timedelta(days=1))
    return day


def _is_known(year: int) -> bool:
    if official_days().covers(year):
        return True
    try:
        chinese_calendar.is_workday(date(year, 1, 1))
    except NotImplementedError:
        return False
    return True
