"""What of a petition is stored encrypted: JSON values under the keys of this service."""

from __future__ import annotations

import json
import secrets
import unicodedata
from typing import Any

from shared.privacy import field_cipher
from shared.topology import Service

# No signs that are mistaken for one another on paper or by ear.
_SIGNS = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
_LETTERS = "ABCDEFGHJKMNPQRSTUVWXYZ"
CODE_LENGTH = 8


def hide(values: dict[str, Any]) -> bytes:
    """The stored form of `values`."""
    return field_cipher(Service.PETITIONS).encrypt(json.dumps(values, ensure_ascii=False, sort_keys=True))


def reveal(stored: bytes) -> dict[str, Any]:
    """The values of a stored form. Raises shared.privacy.UnreadableValue."""
    values: dict[str, Any] = json.loads(field_cipher(Service.PETITIONS).decrypt(stored))
    return values


def new_code() -> str:
    """A code to follow and evaluate with: 8 signs, about 40 bits."""
    return "".join(secrets.choice(_SIGNS) for _ in range(CODE_LENGTH))


def new_sealed_number(year: int) -> str:
    """A number that says nothing about how many sealed petitions there are."""
    return f"{year}-" + "".join(secrets.choice(_LETTERS) for _ in range(6))


def clean_code(text: str) -> str:
    """A number or code as people type it: blanks gone, capital letters, half-width."""
    return "".join(unicodedata.normalize("NFKC", text).split()).upper()
