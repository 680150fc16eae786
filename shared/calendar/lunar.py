"""Lunar dates 农历. The package is large, so it is read at the first use."""

from __future__ import annotations

from datetime import date


def lunar_day(year: int, month: int, day: int) -> date:
    """The solar day of a lunar date in the lunar year `year`: `lunar_day(2026, 4, 8)` is 2026-05-24.

    A festival date computed this way is a proposal that a person confirms.
    """
    from lunar_python import Lunar

    solar = Lunar.fromYmd(year, month, day).getSolar()
    return date(solar.getYear(), solar.getMonth(), solar.getDay())


def say_lunar_day(day: date) -> str:
    """The lunar date in words: 2026-05-24 is 四月初八."""
    from lunar_python import Solar

    lunar = Solar.fromYmd(day.year, day.month, day.day).getLunar()
    return f"{lunar.getMonthInChinese()}月{lunar.getDayInChinese()}"
