"""Days as people say them."""

from __future__ import annotations

from datetime import date, datetime

from shared.calendar.days import SHANGHAI, day_of, today

_WEEKDAYS = "一二三四五六日"


def say_day(day: date) -> str:
    """`10月5日 周一`; the year stands before it when it is not the present one."""
    year = "" if day.year == today().year else f"{day.year}年"
    return f"{year}{day.month}月{day.day}日 周{_WEEKDAYS[day.weekday()]}"


def say_moment(moment: datetime) -> str:
    """`10月5日 周一 14:05`, in the township's time."""
    return f"{say_day(day_of(moment))} {moment.astimezone(SHANGHAI):%H:%M}"


def say_remaining(due: date, on: date | None = None) -> str:
    """How far a due day is from `on` (default: today): `还剩 3 天`, `今天到期`, `已超 2 天`."""
    days = (due - (on or today())).days
    if days == 0:
        return "今天到期"
    return f"还剩 {days} 天" if days > 0 else f"已超 {-days} 天"
