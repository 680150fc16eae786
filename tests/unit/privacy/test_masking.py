"""What of a name or a number is shown."""

from __future__ import annotations

import pytest

from shared.errors import Invalid
from shared.privacy import clean_name, mask_identity, mask_name, mask_phone


@pytest.mark.parametrize(
    ("name", "masked"),
    [
        ("陈小芳", "陈×芳"),
        ("张三", "张×"),
        ("欧阳锋", "欧阳×"),
        ("欧阳小芳", "欧阳×芳"),
        ("石桂花", "石×花"),
        ("王小小芳", "王××芳"),
        ("欧阳", "欧×"),
        ("阿依古丽·买买提", "阿×××·×××"),
        ("石", "×"),
        ("", ""),
    ],
)
def test_public_names_keep_surname_and_at_most_the_last_character(name: str, masked: str) -> None:
    assert mask_name(name) == masked


def test_internal_lists_show_the_ends_of_numbers() -> None:
    assert mask_phone("16012341234") == "160****1234"
    assert mask_phone("07458612345") == "0745***2345"
    assert mask_phone("110") == "***"
    assert mask_identity("431299196003151017") == "431299********1017"
    assert mask_identity("1017") == "****"


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        (" 石 桂花 ", "石桂花"),
        ("阿依古丽•买买提", "阿依古丽·买买提"),
        ("阿依古丽‧买买提", "阿依古丽·买买提"),
        ("阿依古丽・买买提", "阿依古丽·买买提"),
        ("John Smith", "John Smith"),
    ],
)
def test_names_have_one_form(typed: str, stored: str) -> None:
    assert clean_name(typed) == stored


@pytest.mark.parametrize("typed", ["", "  ", "石<b>", "石1", "·石", "石" * 61])
def test_what_is_no_name_is_refused(typed: str) -> None:
    with pytest.raises(Invalid):
        clean_name(typed)
