"""Card numbers of households: ten digits that people type, the last one a check against mistyping; and QR tokens."""

from __future__ import annotations

import secrets

from sqlalchemy import select
from sqlalchemy.orm import Session

from shared.models.registry import Household

_CHUNK = 900


def card_check_digit(first_nine: str) -> str:
    """The tenth digit, by Luhn: it finds every single wrong digit and nearly every swapped pair."""
    total = 0
    for position, digit in enumerate(reversed(first_nine)):
        value = int(digit) * (2 if position % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return str(-total % 10)


def is_card_number(text: str) -> bool:
    """Ten digits with a right check digit."""
    return len(text) == 10 and text.isascii() and text.isdigit() and card_check_digit(text[:9]) == text[9]


def new_card_token() -> str:
    """What a card's QR holds: random, so that it tells nothing and can be replaced."""
    return secrets.token_urlsafe(16)


def new_card_numbers(session: Session, count: int) -> list[str]:
    """`count` numbers that no household has."""
    found: set[str] = set()
    while len(found) < count:
        drawn = {_draw() for _ in range(count - len(found))} - found
        found |= drawn - _taken(session, sorted(drawn))
    return sorted(found, key=lambda _: secrets.randbits(32))


def _draw() -> str:
    first_nine = str(secrets.randbelow(900_000_000) + 100_000_000)
    return first_nine + card_check_digit(first_nine)


def _taken(session: Session, numbers: list[str]) -> set[str]:
    taken: set[str] = set()
    for start in range(0, len(numbers), _CHUNK):
        chunk = numbers[start : start + _CHUNK]
        taken.update(session.scalars(select(Household.card_number).where(Household.card_number.in_(chunk))))
    return taken
