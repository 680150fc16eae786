"""Processor time by process: what a way costs, however busy the machine is with other things."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

import psutil  # type: ignore[import-untyped]


@dataclass(slots=True)
class ProcessorTime:
    """Processor seconds of named process trees, summed over everything that ran inside `measuring`.

    `trees`: the root of each tree by name; `own` is the name under which this process alone is counted.
    """

    trees: Mapping[str, int]
    own: str
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def measuring(self) -> Iterator[None]:
        """Add what passes in this block."""
        before = self._read()
        yield
        for name, now in self._read().items():
            self.seconds[name] = self.seconds.get(name, 0.0) + now - before[name]

    def _read(self) -> dict[str, float]:
        times = psutil.Process().cpu_times()
        return {self.own: times.user + times.system, **{name: _of_tree(root) for name, root in self.trees.items()}}


def _of_tree(root: int) -> float:
    """Of a process, its living descendants, and those that have ended and were waited for."""
    process = psutil.Process(root)
    total = 0.0
    for each in (process, *process.children(recursive=True)):
        try:
            total += sum(each.cpu_times()[:4])
        except psutil.NoSuchProcess:
            continue
    return total
