"""Clock arithmetic on China's official calendar."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import time_machine

from shared.calendar import (
    add_days,
    add_working_days,
    day_of,
    is_provisional,
    is_working_day,
    lunar_day,
    next_working_day,
    official,
    say_day,
    say_lunar_day,
    say_moment,
    say_remaining,
    today,
)

CLOCKS = [
    ("2025-01-15", "2025-01-30", "2025-02-05", "2025-01-22", "2025-03-16", "2025-03-17"),
    ("2025-12-20", "2026-01-04", "2026-01-04", "2025-12-26", "2026-02-18", "2026-02-24"),
    ("2026-04-24", "2026-05-09", "2026-05-09", "2026-05-06", "2026-06-23", "2026-06-23"),
    ("2026-09-28", "2026-10-13", "2026-10-13", "2026-10-10", "2026-11-27", "2026-11-27"),
]


@pytest.mark.parametrize(("start", "fifteen", "fifteen_rolled", "five_working", "sixty", "sixty_rolled"), CLOCKS)
def test_the_starting_day_is_not_counted_and_the_end_rolls_to_a_working_day(
    start: str, fifteen: str, fifteen_rolled: str, five_working: str, sixty: str, sixty_rolled: str
) -> None:
    first = date.fromisoformat(start)
    assert add_days(first, 15).isoformat() == fifteen
    assert next_working_day(add_days(first, 15)).isoformat() == fifteen_rolled
    assert add_working_days(first, 5).isoformat() == five_working
    assert add_days(first, 60).isoformat() == sixty
    assert next_working_day(add_days(first, 60)).isoformat() == sixty_rolled


def test_a_make_up_sunday_is_a_working_day() -> None:
    assert is_working_day(date(2026, 1, 4))
    assert next_working_day(date(2026, 1, 4)) == date(2026, 1, 4)


def test_working_days_are_never_counted_backward() -> None:
    with pytest.raises(ValueError, match="forward"):
        add_working_days(date(2026, 1, 4), -1)


def test_a_year_without_its_official_calendar_counts_weekends_and_says_so() -> None:
    assert not is_provisional(date(2026, 12, 31))
    assert is_provisional(date(2026, 11, 30), date(2027, 1, 29))
    assert is_working_day(date(2031, 10, 1))
    assert next_working_day(date(2031, 1, 4)) == date(2031, 1, 6)


def test_a_loaded_table_makes_a_later_year_certain(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    table = tmp_path / "2031.csv"
    table.write_text("day,working,name\n2031-10-01,no,国庆节\n2031-10-11,yes,调休\n", encoding="utf-8-sig")
    monkeypatch.setattr(official, "SHIPPED", table)
    assert not is_provisional(date(2031, 10, 1))
    assert not is_working_day(date(2031, 10, 1))
    assert is_working_day(date(2031, 10, 11))
    assert is_working_day(date(2031, 10, 13))
    assert next_working_day(date(2031, 10, 1)) == date(2031, 10, 2)


def test_an_unreadable_line_of_the_table_is_named(tmp_path: Path) -> None:
    table = tmp_path / "2031.csv"
    table.write_text("day,working,name\n2031-10-01,no,国庆节\n2031.10.2,也许,国庆节\n", encoding="utf-8")
    with pytest.raises(official.UnreadableCalendar, match="2031.csv 第 3 行"):
        official.read_official_days([table])


def test_today_is_the_townships_day_and_not_the_machines() -> None:
    with time_machine.travel(datetime(2026, 3, 1, 17, 0, tzinfo=UTC), tick=False):
        assert today() == date(2026, 3, 2)
        assert day_of(datetime(2026, 3, 1, 15, 59, tzinfo=UTC)) == date(2026, 3, 1)


def test_a_naive_moment_names_no_day() -> None:
    with pytest.raises(ValueError, match="naive"):
        day_of(datetime(2026, 3, 1))


@pytest.mark.parametrize(
    ("year", "solar"), [(2023, date(2023, 5, 26)), (2026, date(2026, 5, 24)), (2027, date(2027, 5, 13))]
)
def test_the_black_rice_festival_falls_on_the_eighth_of_the_fourth_lunar_month(year: int, solar: date) -> None:
    assert lunar_day(year, 4, 8) == solar
    assert say_lunar_day(solar) == "四月初八"


@time_machine.travel("2026-10-05T08:00:00+08:00", tick=False)
def test_days_are_said_as_people_say_them() -> None:
    assert say_day(date(2026, 10, 5)) == "10月5日 周一"
    assert say_day(date(2025, 10, 5)) == "2025年10月5日 周日"
    assert say_moment(datetime(2026, 10, 5, 6, 5, tzinfo=UTC)) == "10月5日 周一 14:05"
    assert say_remaining(date(2026, 10, 8)) == "还剩 3 天"
    assert say_remaining(date(2026, 10, 5)) == "今天到期"
    assert say_remaining(date(2026, 10, 3)) == "已超 2 天"
