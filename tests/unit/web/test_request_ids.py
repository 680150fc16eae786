"""One id from the browser to the logs."""

from __future__ import annotations

import pytest

from shared.request_context import accept_request_id, current_request_id, request_context, short_number


@pytest.mark.parametrize("offered", ["12345678", "a-b_c.D9" * 8, "0f8fad5b-d9cb-469f-a165-70867728950e"])
def test_a_harmless_id_is_kept(offered: str) -> None:
    assert accept_request_id(offered) == offered


@pytest.mark.parametrize("offered", [None, "", "short", "x" * 65, "has space", "line\nbreak", "中文中文中文中文"])
def test_anything_else_is_replaced(offered: str | None) -> None:
    made = accept_request_id(offered)
    assert made != offered
    assert len(made) == 32


def test_the_id_holds_in_its_block_and_no_longer() -> None:
    with request_context("outer-0001"):
        with request_context("inner-0001"):
            assert current_request_id() == "inner-0001"
        assert current_request_id() == "outer-0001"
    assert current_request_id() is None


def test_the_number_for_people_is_eight_digits_and_always_the_same() -> None:
    assert short_number("outer-0001") == short_number("outer-0001")
    assert short_number("outer-0001").isdigit()
    assert len(short_number("outer-0001")) == 8
    assert short_number("outer-0001") != short_number("outer-0002")
