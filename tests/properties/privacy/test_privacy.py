"""Properties of masking, numbers and seals."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.households.cards import card_check_digit, is_card_number
from shared.privacy import mask_identity, mask_name, mask_phone, seal, unseal
from shared.privacy.identity_numbers import check_digit
from shared.settings import settings
from shared.topology import Service

NAMES = st.text("石吴杨龙陈覃欧阳上官桂花小满·", min_size=1, max_size=8)


@given(NAMES)
def test_a_masked_name_has_the_same_length_and_hides_something(name: str) -> None:
    masked = mask_name(name)
    if "·" not in name:
        assert len(masked) == len(name)
    assert masked != name


@given(st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True))
def test_a_masked_phone_shows_seven_digits(phone: str) -> None:
    masked = mask_phone(phone)
    assert (masked[:3], masked[-4:], masked[3:7]) == (phone[:3], phone[-4:], "****")


@given(st.from_regex(r"[1-9][0-9]{16}", fullmatch=True), st.integers(0, 16), st.integers(1, 9))
def test_every_single_wrong_digit_changes_the_check_digit(digits: str, place: int, by: int) -> None:
    wrong = digits[:place] + str((int(digits[place]) + by) % 10) + digits[place + 1 :]
    assert check_digit(wrong) != check_digit(digits)
    assert digits[6:14] not in mask_identity(digits + check_digit(digits))


@given(st.from_regex(r"[1-9][0-9]{8}", fullmatch=True), st.integers(0, 8), st.integers(1, 9))
def test_every_single_wrong_digit_of_a_card_is_found(digits: str, place: int, by: int) -> None:
    card = digits + card_check_digit(digits)
    assert is_card_number(card)
    assert not is_card_number(card[:place] + str((int(card[place]) + by) % 10) + card[place + 1 :])


@given(payload=st.binary(max_size=2000))
def test_what_is_sealed_is_what_is_opened(key_dir: Path, payload: bytes) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XZ_KEY_DIR", str(key_dir))
        settings.cache_clear()
        assert unseal(Service.PETITIONS, seal(Service.PETITIONS, payload)) == payload
    settings.cache_clear()
