"""Pieces of SQL arithmetic that every scoring expression uses, the same on both databases."""

from __future__ import annotations

from collections.abc import Collection


def among(rules: Collection[int] | None) -> str:
    """A condition that narrows events to these rules; none for all."""
    return "" if rules is None else f" AND e.rule_id IN ({','.join(map(str, rules)) or 'NULL'})"


def times(quantity: str, points: str) -> str:
    """Points × quantity, both in hundredths, rounded half away from zero (division truncates on both databases)."""
    return f"({quantity} * {points} + CASE WHEN {points} < 0 THEN -50 ELSE 50 END) / 100"


def clamped_step(sqlite: bool) -> str:
    """clamp(S_i) − clamp(S_{i−1}) with clamp(S) = max(min(S, cap), −cap)."""
    least, greatest = ("min", "max") if sqlite else ("least", "greatest")
    after = f"{greatest}({least}(running, cap), -cap)"
    before = f"{greatest}({least}(running - raw, cap), -cap)"
    return f"{after} - {before}"


def filled_step(sqlite: bool) -> str:
    """min(T_i, K) − min(T_{i−1}, K)."""
    least = "min" if sqlite else "least"
    return f"{least}(filled, shelf_cap) - {least}(filled - ruled, shelf_cap)"
