"""Replay of a household's points, with the figures worked out by hand. Points in hundredths."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.points.expiry.months import last_day_of, month_of, say_month
from services.points.expiry.replay import Flow, Portion, Run, replay

START = datetime(2026, 1, 1, tzinfo=UTC)
JANUARY = month_of(date(2026, 1, 1))


def at(day: int) -> datetime:
    """So many days after New Year."""
    return START + timedelta(days=day)


def flow(day: int, amount: int, expires_in: int | None = None) -> Flow:
    """A flow whose event is named by its day."""
    return Flow(at(day), day, amount, expires_in, day)


def test_months_count_up_and_end_with_their_last_day() -> None:
    assert last_day_of(JANUARY) == date(2026, 1, 31)
    assert [last_day_of(JANUARY + 11), last_day_of(month_of(date(2028, 2, 9)))] == [
        date(2026, 12, 31),
        date(2028, 2, 29),
    ]
    assert say_month(JANUARY) == "2026年1月"


def test_an_outflow_uses_the_earliest_expiring_portion_first_and_never_expiring_ones_last() -> None:
    flows = [flow(1, 300), flow(2, 500, JANUARY + 2), flow(3, 400, JANUARY), flow(4, -600)]
    found = replay(flows, [Run(JANUARY, at(31))])
    assert found.expired == ()
    assert found.left == (Portion(2, JANUARY + 2, 300),)


def test_of_the_same_month_the_earlier_portion_goes_first() -> None:
    found = replay([flow(1, 300, JANUARY), flow(2, 300, JANUARY), flow(3, -200)], [Run(JANUARY, at(31))])
    assert found.expired == (Portion(1, JANUARY, 100), Portion(2, JANUARY, 300))


def test_what_is_spent_after_the_run_does_not_bring_expired_points_back() -> None:
    found = replay([flow(1, 300, JANUARY), flow(2, 200), flow(40, -200)], [Run(JANUARY, at(31))])
    assert (found.gone, found.left) == (300, ())


def test_a_debt_is_paid_by_what_comes_in_before_that_becomes_a_portion() -> None:
    found = replay([flow(1, -500), flow(2, 300, JANUARY), flow(3, 400, JANUARY)], [Run(JANUARY, at(31))])
    assert found.expired == (Portion(3, JANUARY, 200),)


def test_a_late_event_whose_time_is_over_expires_at_the_next_run() -> None:
    late = Flow(at(45), 45, 300, JANUARY, 45)
    found = replay([late], [Run(JANUARY, at(31)), Run(JANUARY + 1, at(59))])
    assert found.expired == (Portion(45, JANUARY + 1, 300),)


def test_points_of_a_missed_month_go_with_the_next_run() -> None:
    found = replay([flow(1, 300, JANUARY)], [Run(JANUARY + 1, at(59))])
    assert found.expired == (Portion(1, JANUARY + 1, 300),)


def test_what_will_be_gone_is_known_ahead() -> None:
    found = replay([flow(1, 300, JANUARY + 1), flow(2, 200, JANUARY + 3)], [])
    assert [found.leaves_by(JANUARY + ahead) for ahead in range(4)] == [0, 300, 300, 500]


_amounts = st.integers(-500, 500).filter(bool)
_flows = st.lists(st.tuples(_amounts, st.none() | st.integers(JANUARY, JANUARY + 4)), max_size=30)


@given(_flows, st.sets(st.integers(0, 4)))
def test_a_replay_keeps_every_point_and_never_lets_go_of_more_than_there_is(
    drawn: list[tuple[int, int | None]], months: set[int]
) -> None:
    flows = [flow(5 * day, amount, expires) for day, (amount, expires) in enumerate(drawn)]
    runs = [Run(JANUARY + month, at(31 * (month + 1))) for month in sorted(months)]
    found = replay(flows, runs)
    balance = 0
    for step in sorted([*flows, *runs], key=lambda step: (step.at, isinstance(step, Run))):
        if isinstance(step, Run):
            gone = sum(portion.amount for portion in found.expired if portion.month == step.month)
            assert gone == 0 or gone <= balance
            balance -= gone
        else:
            balance += step.amount
    assert balance == sum(each.amount for each in flows) - found.gone
    assert sum(portion.amount for portion in found.left) <= max(balance, 0)


@pytest.mark.parametrize("last", [JANUARY, JANUARY + 1])
def test_no_portion_outlives_the_run_of_its_month(last: int) -> None:
    found = replay([flow(1, 300, JANUARY), flow(2, 300, JANUARY + 1)], [Run(last, at(70))])
    assert all(portion.month > last for portion in found.left)
