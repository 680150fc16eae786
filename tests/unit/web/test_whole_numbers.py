"""Ids and counts of requests."""

from __future__ import annotations

from typing import Any

import pytest
from marshmallow import ValidationError

from shared.web import Id, WholeNumber


@pytest.mark.parametrize(
    ("value", "number"), [(7, 7), ("7", 7), (2**63 - 1, 2**63 - 1), ("9223372036854775807", 2**63 - 1)]
)
def test_an_id_is_a_whole_number_or_its_digits(value: Any, number: int) -> None:
    assert Id().deserialize(value) == number


@pytest.mark.parametrize(
    "value", [1.5, 1.0, True, "1.5", "1e3", "1_0", " 1", "１", "", [], 0, -1, 2**63, 10**40, float("nan")]
)
def test_what_is_no_id_is_refused_and_never_rounded_to_anothers(value: Any) -> None:
    with pytest.raises(ValidationError, match="从列表里重新选"):
        Id().deserialize(value)


def test_a_whole_number_may_be_negative_but_has_no_fraction() -> None:
    assert WholeNumber().deserialize("-3") == -3
    for value in (1.5, True, "1.0", None):
        with pytest.raises(ValidationError):
            WholeNumber().deserialize(value)
