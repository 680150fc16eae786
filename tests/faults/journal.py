"""What each client was told: one line for every operation, kept in memory and written beside the logs."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any


class Told(StrEnum):
    """What a client knows of its operation."""

    ACKNOWLEDGED = "acknowledged"
    REFUSED = "refused"
    """A definite no: nothing may be left of it."""
    UNKNOWN = "unknown"
    """No answer until the end: it may have been done, once."""


@dataclass(slots=True)
class Operation:
    """One thing that a client wanted. `key` stays the same over retries; `times` are seconds of the drill's clock."""

    client: str
    act: str
    key: str
    subject: str = ""
    """The id of what it acts on (a review's event); for what makes something: the id that the answer gave."""
    told: Told = Told.UNKNOWN
    status: int = 0
    attempts: int = 0
    sent_at: float = 0.0
    """When the last attempt was sent."""
    told_at: float = 0.0
    facts: dict[str, Any] = field(default_factory=dict)


class Journal:
    """All operations of a drill, by several threads at once."""

    def __init__(self) -> None:
        self.operations: list[Operation] = []
        self.answers: Counter[tuple[str, int]] = Counter()
        """How often each kind of client heard each status; 0 where no answer came."""
        self.broken: Counter[str] = Counter()
        """What nobody may ever be told, whatever fault is under way: a bare 500, another's petition."""
        self._writing = threading.Lock()

    def note(self, operation: Operation) -> None:
        """Keep an operation whose fate, as far as the client knows, is final."""
        operation.told_at = time.monotonic()
        with self._writing:
            self.operations.append(operation)

    def note_answer(self, client: str, status: int) -> None:
        """Count one answer to one attempt."""
        with self._writing:
            self.answers[client, status] += 1

    def note_broken(self, words: str) -> None:
        """Count something that no fault explains."""
        with self._writing:
            self.broken[words] += 1

    def answers_so_far(self) -> Counter[tuple[str, int]]:
        """A copy, to take the difference from later."""
        with self._writing:
            return self.answers.copy()

    def of(self, *acts: str, told: Told = Told.ACKNOWLEDGED) -> list[Operation]:
        """Operations of these acts that were told so."""
        return [each for each in self.operations if each.act in acts and each.told is told]

    def first_after(self, client: str, moment: float) -> float | None:
        """When this kind of client first heard a yes to an attempt that it sent after `moment`."""
        heard = [
            each.told_at
            for each in self.operations
            if each.client == client and each.told is Told.ACKNOWLEDGED and each.sent_at >= moment
        ]
        return min(heard, default=None)

    def write(self, path: Path) -> None:
        """One JSON line per operation."""
        with path.open("w", encoding="utf-8") as file:
            for each in self.operations:
                file.write(json.dumps(asdict(each), ensure_ascii=False) + "\n")
