"""What each client was told: one line for every operation, kept in memory and written beside the logs."""

from __future__ import annotations

import json
import threading
import time
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
        self.broken_answers: dict[str, int] = {}
        self._writing = threading.Lock()

    def note(self, operation: Operation) -> None:
        """Keep an operation whose fate, as far as the client knows, is final."""
        operation.told_at = time.monotonic()
        with self._writing:
            self.operations.append(operation)

    def note_broken(self, answer: str) -> None:
        """Count an answer that says that something inside is broken (a bare 500)."""
        with self._writing:
            self.broken_answers[answer] = self.broken_answers.get(answer, 0) + 1

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
