"""What a stored password costs whoever has stolen the table."""

from __future__ import annotations

from argon2 import Parameters, Type, extract_parameters

from services.gateway.accounts.passwords import hash_password, is_outdated, password_fits


def test_a_password_is_hashed_with_argon2id_over_64_mebibytes_in_three_passes() -> None:
    found: Parameters = extract_parameters(hash_password("correct horse battery"))
    assert found.type is Type.ID
    assert found.memory_cost >= 64 * 1024
    assert found.time_cost >= 3


def test_a_password_fits_its_own_stored_form_only() -> None:
    stored = hash_password("correct horse battery")
    assert password_fits(stored, "correct horse battery")
    assert not password_fits(stored, "correct horse batterz")
    assert not password_fits(None, "correct horse battery")


def test_a_stored_form_that_cost_less_is_outdated() -> None:
    assert not is_outdated(hash_password("correct horse battery"))
    assert is_outdated("$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$rYR1AoBCAhKWvS0bdMdUfA")
