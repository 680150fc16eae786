"""How pages say values."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask import Flask

from deploy.demo.logins import LOGINS
from services.gateway.pages.words import (
    count_words,
    day_in,
    day_words,
    direction,
    due_kind,
    duration_words,
    quarter_words,
    role_words,
    signed_points,
)
from shared.calendar import today
from shared.identity import Role


@pytest.fixture(autouse=True)
def page_context(app: Flask) -> Iterator[None]:
    with app.test_request_context("/"):
        yield


@pytest.mark.parametrize(
    ("value", "said"),
    [("3.00", "+3.00 分"), ("-2.00", "-2.00 分"), ("0.00", "0.00 分"), ("-0.00", "0.00 分"), ("+0.50", "+0.50 分")],
)
def test_points_carry_sign_and_unit_and_zero_has_no_sign(value: str, said: str) -> None:
    assert signed_points(value) == said


@pytest.mark.parametrize(("value", "way"), [("3.00", "up"), ("-2.00", "down"), ("0.00", ""), ("-0.00", "")])
def test_colour_follows_the_sign(value: str, way: str) -> None:
    assert direction(value) == way


def test_a_quarter_is_said_in_words() -> None:
    assert quarter_words("2026Q3") == "2026年第三季度"


@pytest.mark.parametrize(
    ("seconds", "said"), [(0.2, "约 1 秒"), (89, "约 89 秒"), (90, "约 2 分钟"), (7200, "约 2 小时"), (None, "")]
)
def test_a_duration_is_said_without_false_exactness(seconds: float | None, said: str) -> None:
    assert duration_words(seconds) == said


def test_large_counts_are_grouped() -> None:
    assert count_words(1234567) == "1,234,567"


@pytest.mark.parametrize("role", list(Role))
def test_every_role_has_a_name(role: Role) -> None:
    assert role_words(role)


def test_the_day_of_an_instant_is_the_townships_and_not_that_of_utc() -> None:
    assert day_in("2026-10-04T17:30:00+00:00").isoformat() == "2026-10-05"
    assert day_in("2026-10-05").isoformat() == "2026-10-05"
    assert day_words("2025-10-04T17:30:00+00:00") == "2025年10月5日 周日"


@pytest.mark.parametrize(("left", "kind"), [(-1, "late"), (0, "soon"), (7, "soon"), (8, "plain")])
def test_a_due_day_is_red_after_it_and_amber_in_the_week_before(left: int, kind: str) -> None:
    assert due_kind(today() + timedelta(days=left)) == kind
    assert due_kind(None) == "plain"


def test_the_terminal_names_roles_as_the_buttons_do() -> None:
    for login in LOGINS:
        role = Role.RESIDENT if login.duty is None else Role(login.duty.value)
        assert login.words.startswith(role_words(role)), login.username
