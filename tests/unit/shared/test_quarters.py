"""Quarters as numbers, to the edges of the calendar."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from shared.quarters import first_day, format_quarter, last_day, parse_quarter, quarter_of


@pytest.mark.parametrize("text", ["1000Q1", "2026Q1", "2026Q2", "2026Q3", "2028Q4", "9999Q4"])
def test_a_quarter_begins_with_its_first_day_and_ends_with_its_last(text: str) -> None:
    quarter = parse_quarter(text)
    assert format_quarter(quarter) == text
    assert quarter_of(first_day(quarter)) == quarter_of(last_day(quarter)) == quarter
    assert quarter_of(first_day(quarter) - timedelta(days=1)) == quarter - 1
    if last_day(quarter) != date.max:
        assert first_day(quarter + 1) == last_day(quarter) + timedelta(days=1)


@pytest.mark.parametrize(
    "text", ["0000Q1", "0999Q4", "2026Q5", "2026Q0", "2026q1", "２０２６Q1", "2026Q1 ", "26Q1", ""]
)
def test_what_is_no_quarter_is_none(text: str) -> None:
    with pytest.raises(ValueError, match="not a quarter"):
        parse_quarter(text)
