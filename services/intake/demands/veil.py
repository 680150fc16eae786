"""The number of a sealed draft as it may lie beside a person's name: readable with the service's key only.

The table of idempotency keys names who sent what; a plain number there would tell who complained.
"""

from __future__ import annotations

import secrets

from shared.privacy import blind_index

_MARK = "s"
_SPACE = 10**8


def veil_number(number: str) -> str:
    """An unreadable form, another one each time."""
    nonce = secrets.token_hex(8)
    return f"{_MARK}{nonce}{(int(number) + _shift(nonce)) % _SPACE:08d}"


def unveil_number(veiled: str) -> str | None:
    """The number; None for what is no veiled one."""
    if len(veiled) != 25 or not veiled.startswith(_MARK):
        return None
    nonce, shifted = veiled[1:17], veiled[17:]
    return f"{(int(shifted) - _shift(nonce)) % _SPACE:08d}"


def _shift(nonce: str) -> int:
    return int(blind_index(nonce, "intake.veil"), 16) % _SPACE
