"""What people have filled into the store's forms, as the service takes it."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation

from services.gateway.pages.wording import _

Form = Mapping[str, str]
_MOST_DIGITS = 9


def text(form: Form, name: str) -> str:
    """The words of a field, without blanks around them."""
    return form.get(name, "").strip()


def whole(form: Form, name: str) -> int | str | None:
    """A whole number; None where nothing was written; else the words, for the service to refuse."""
    words = text(form, name)
    return int(words) if words.isascii() and words.isdigit() and len(words) <= _MOST_DIGITS else words or None


def fen(form: Form, name: str, errors: dict[str, list[str]]) -> int | None:
    """Yuan with at most two decimals as fen; a sentence in `errors` where it is none."""
    words = text(form, name)
    if not words:
        return None
    try:
        amount = Decimal(words) * 100
        if not 0 <= amount <= 10_000_000 or amount != amount.to_integral_value():
            raise InvalidOperation
    except InvalidOperation:
        errors[name] = [_("请填多少元，最多两位小数，例如 3.50。")]
        return None
    return int(amount)


def yuan(amount: int | None) -> str:
    """`3.50` of 350 fen; nothing of nothing."""
    return "" if amount is None else f"{amount // 100}.{amount % 100:02d}"
