"""Scoring in slow, plain Python, straight from the words of the rules: what the set-based statements must equal."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from services.points.scoring.lines import Line
from shared.models.points import CapPeriod, Mode, Once, Per
from shared.quarters import quarter_of


@dataclass(frozen=True)
class Fact:
    """A posted event."""

    id: int
    household: int
    rule: int
    day: date
    quantity: int
    chosen: int | None


def score(facts: Iterable[Fact], lines: Mapping[int, Mapping[int, Line]]) -> dict[int, int]:
    """Event id → scored. `lines`: quarter → rule → line in force there."""
    ordered = sorted(facts, key=lambda fact: (fact.day, fact.id))
    raws = {fact.id: _raw(fact, ordered, lines[quarter_of(fact.day)].get(fact.rule)) for fact in ordered}
    ruled = _rule_caps(ordered, raws, lines)
    return _category_caps(ordered, ruled, lines)


def _raw(fact: Fact, ordered: list[Fact], line: Line | None) -> int:
    if line is None:
        return 0
    same = [
        other
        for other in ordered
        if (other.household, other.rule) == (fact.household, fact.rule) and (other.day, other.id) <= (fact.day, fact.id)
    ]
    this_year = [other for other in same if other.day.year == fact.day.year]
    this_quarter = [other for other in same if quarter_of(other.day) == quarter_of(fact.day)]
    period = {Once.EVER: same, Once.YEAR: this_year, Once.QUARTER: this_quarter}
    if line.once is not None and len(period[line.once]) > 1:
        return 0
    if line.mode is Mode.FIXED:
        exact = Decimal(line.points or 0) * Decimal(fact.quantity) / 100
        return int(exact.quantize(Decimal(1), ROUND_HALF_UP))
    if line.mode is Mode.RANGE:
        return max(line.minimum or 0, min(line.maximum or 0, fact.chosen or 0))
    if line.mode is Mode.STEPPED:
        return _step(line, len(this_year) * 100)
    if line.per is Per.YEAR:
        total = sum(other.quantity for other in this_year)
        return _step(line, total) - _step(line, total - fact.quantity)
    return _step(line, fact.quantity)


def _step(line: Line, reached: int) -> int:
    amount = 0
    for threshold, points in sorted(line.steps):
        if reached >= threshold:
            amount = points
    return amount


def _rule_caps(ordered: list[Fact], raws: dict[int, int], lines: Mapping[int, Mapping[int, Line]]) -> dict[int, int]:
    sums: dict[tuple[object, ...], int] = defaultdict(int)
    ruled = {}
    for fact in ordered:
        line = lines[quarter_of(fact.day)].get(fact.rule)
        raw = raws[fact.id]
        if line is None or line.cap is None:
            ruled[fact.id] = raw
            continue
        month = fact.day.month if line.cap_period is CapPeriod.MONTH else 0
        group = (fact.household, fact.rule, quarter_of(fact.day), month)
        before = max(-line.cap, min(line.cap, sums[group]))
        sums[group] += raw
        ruled[fact.id] = max(-line.cap, min(line.cap, sums[group])) - before
    return ruled


def _category_caps(
    ordered: list[Fact], ruled: dict[int, int], lines: Mapping[int, Mapping[int, Line]]
) -> dict[int, int]:
    filled: dict[tuple[object, ...], int] = defaultdict(int)
    scored = {}
    for fact in ordered:
        line = lines[quarter_of(fact.day)].get(fact.rule)
        amount = ruled[fact.id]
        if line is None or line.category_cap is None or amount <= 0:
            scored[fact.id] = amount
            continue
        group = (fact.household, line.category, quarter_of(fact.day))
        before = min(line.category_cap, filled[group])
        filled[group] += amount
        scored[fact.id] = min(line.category_cap, filled[group]) - before
    return scored
