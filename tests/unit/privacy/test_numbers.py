"""Identity numbers and phones, as people type them."""

from __future__ import annotations

from datetime import date

import pytest
import time_machine

from shared.errors import Invalid
from shared.privacy import parse_identity_number, parse_phone


@pytest.mark.parametrize(
    ("typed", "born_on"),
    [
        ("431299196003151017", date(1960, 3, 15)),
        ("43129919660812058x", date(1966, 8, 12)),
        ("431299201206015051", date(2012, 6, 1)),
        ("431299199602290012", date(1996, 2, 29)),
        ("４３１２９９１９６００３１５１０１７", date(1960, 3, 15)),
        ("431299 19600315 1017", date(1960, 3, 15)),
    ],
)
def test_a_right_number_tells_the_date_of_birth(typed: str, born_on: date) -> None:
    assert parse_identity_number(typed).born_on == born_on


def test_the_area_is_never_checked() -> None:
    """People of this county born before 1997 carry an area code that no current list holds."""
    assert parse_identity_number("433099196005051010").number == "433099196005051010"


@time_machine.travel("2026-11-24T16:30:00Z")
def test_a_child_born_since_the_townships_midnight_is_born() -> None:
    """In Shanghai it is the 25th, whatever day a machine in another zone writes."""
    assert parse_identity_number("431299202611250017").born_on == date(2026, 11, 25)


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("431299196003151018", "最后一位对不上"),
        ("431299196003151000", "设为文本"),
        ("43129919600315101", "现在是 17 位"),
        ("431299600315101", "15 位的旧身份证号"),
        ("43129919960230001X", "出生日期"),
        ("43129921000315101X", "出生日期"),
        ("43129919600315A017", "只能是数字"),
        ("", "18 位"),
    ],
)
def test_a_wrong_number_says_what_is_wrong(typed: str, words: str) -> None:
    with pytest.raises(Invalid, match=words):
        parse_identity_number(typed)


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("16000001234", "16000001234"),
        ("160 0000 1234", "16000001234"),
        ("+86 160-0000-1234", "16000001234"),
        ("0745-8612345", "07458612345"),
        ("（0745）8612345", "07458612345"),
        ("8612345", "07458612345"),
        ("１６０００００１２３４", "16000001234"),
    ],
)
def test_phones_are_kept_as_digits(typed: str, stored: str) -> None:
    assert parse_phone(typed) == stored


@pytest.mark.parametrize("typed", ["", "110", "12345678901", "1600000123", "160000012345", "电话没有"])
def test_what_is_no_phone_is_refused(typed: str) -> None:
    with pytest.raises(Invalid, match="电话号码不对"):
        parse_phone(typed)
