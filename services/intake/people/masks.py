"""Stored identity numbers and phones as internal lists show them: enough to tell people apart, not enough to use."""

from __future__ import annotations

from shared.privacy import field_cipher, mask_identity, mask_phone
from shared.topology import Service


def masked_identity(stored: bytes | None) -> str:
    """`431299********1017`; empty where none is registered."""
    return mask_identity(field_cipher(Service.INTAKE).decrypt(stored)) if stored else ""


def masked_phone(stored: bytes | None) -> str:
    """`138****1234`; empty where none is registered."""
    return mask_phone(field_cipher(Service.INTAKE).decrypt(stored)) if stored else ""
