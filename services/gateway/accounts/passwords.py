"""Passwords and PINs: hashing that is slow on purpose, and what a new password must be.

Passwords take about 0.15 s of one core; no login hashes inside a database transaction. PINs have only a million
values, so that slowness can't save a stolen table: they are first put through the gateway's index key (HMAC), which
is not in the database, and then hashed quickly. Guessing online is what the throttle is for.
"""

from __future__ import annotations

import secrets
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from shared.errors import Invalid
from shared.privacy import blind_index

_PASSWORDS = PasswordHasher()
_PINS = PasswordHasher(time_cost=1, memory_cost=8 * 1024, parallelism=1)
_ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"
MINIMUM_LENGTH = 10


@cache
def _nobody() -> str:
    """Verified when there is no such account, so that the answer takes as long and tells nothing."""
    return _PASSWORDS.hash(secrets.token_urlsafe(16))


def hash_password(password: str) -> str:
    """The stored form of a password (argon2id)."""
    return _PASSWORDS.hash(password)


def password_fits(stored: str | None, password: str) -> bool:
    """Whether `password` is the stored one. With None it takes as long and is False."""
    try:
        _PASSWORDS.verify(stored or _nobody(), password)
    except (VerificationError, InvalidHashError):
        return False
    return stored is not None


def is_outdated(stored: str) -> bool:
    """Whether the stored form was made with other costs than today's."""
    return _PASSWORDS.check_needs_rehash(stored)


def require_good_password(password: str, username: str) -> None:
    """Raise Invalid unless a new password is long, not the user name, and not one sign repeated."""
    sentence = None
    if not MINIMUM_LENGTH <= len(password) <= 128:
        sentence = f"密码至少要 {MINIMUM_LENGTH} 个字符，可以是几个词连起来。"
    elif username.lower() in password.lower():
        sentence = "密码里不要包含账号名。"
    elif len(set(password)) < 5:
        sentence = "密码太简单，请换一个不重复的。"
    if sentence:
        raise Invalid(sentence, errors={"password": [sentence]})


def temporary_password() -> str:
    """Twelve signs that can't be mistaken for each other, to be handed over on paper and changed at once."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(12))


def random_pin() -> str:
    """Six random digits."""
    return f"{secrets.randbelow(1_000_000):06d}"


def hash_pin(pin: str) -> str:
    """The stored form of a card's PIN."""
    return _PINS.hash(blind_index(pin, "gateway.pin"))


@cache
def _no_card() -> str:
    return _PINS.hash(secrets.token_urlsafe(16))


def pin_fits(stored: str | None, pin: str) -> bool:
    """Whether `pin` is the stored one. With None it takes as long and is False."""
    try:
        _PINS.verify(stored or _no_card(), blind_index(pin, "gateway.pin"))
    except (VerificationError, InvalidHashError):
        return False
    return stored is not None
