"""Rounds side by side: every way once a round, the median of each, and the lines that say how they compare."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping


def side_by_side(ways: Mapping[str, Callable[[], float]], rounds: int, *, unit: str) -> dict[str, float]:
    """Run each way once a round and show its figure at once; the medians by way."""
    figures: dict[str, list[float]] = {way: [] for way in ways}
    for number in range(rounds):
        print(f"round {number + 1} of {rounds}", flush=True)
        for way, measure in ways.items():
            figures[way].append(measure())
            print(f"  {way}: {figures[way][-1]:,.2f} {unit}", flush=True)
    return {way: statistics.median(values) for way, values in figures.items()}


def ratio_line(name: str, value: float, goal: float, *, least: bool = False) -> str:
    """`ratio NAME value goal G met|missed`: the value may be `goal` at most or, with `least`, must be at least that."""
    met = value >= goal if least else value <= goal
    return f"ratio {name} {value:.2f} goal {goal:.2f} {'met' if met else 'missed'}"
