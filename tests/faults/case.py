"""One fault as it happens: what it does is felt, or it is an error; when it ends, and when what it struck is back."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from shared.models.base import now
from tests.faults.journal import Journal
from tests.faults.plan import Strike
from tests.faults.previous import PreviousVersion
from tests.faults.system import DrillSystem, wait_for
from tests.faults.uploads import UploadRoom

BACK_SECONDS = 120.0
"""How long it may take until what was struck works again, before that is called an error."""
_LOOK_SECONDS = 0.5


class NotFelt(Exception):
    """Raised when a fault was made and nothing of it was observed."""


@dataclass(frozen=True, slots=True)
class Tools:
    """What faults work with beside the system."""

    room: UploadRoom
    previous: PreviousVersion
    journal: Journal


@dataclass(slots=True)
class Case:
    """A strike under way. `felt` says what was observed of it, `back` how long the struck process or server took."""

    system: DrillSystem
    strike: Strike
    tools: Tools
    at: float = 0.0
    """When it began, in seconds of the load."""
    felt: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    back: float | None = None
    ended_at: float = 0.0
    """When the fault was over (the moment of a kill), by the drill's clock; `ended_on` the same instant."""
    ended_on: datetime = field(default_factory=now)
    _before: Counter[tuple[str, int]] = field(default_factory=Counter)
    _watching: threading.Thread | None = None

    def __post_init__(self) -> None:
        self._before = self.tools.journal.answers_so_far()

    @property
    def target(self) -> str:
        return self.strike.target

    def hold(self, ask: Callable[[], bool] | None = None) -> int:
        """Let it last as long as the plan says; how often `ask`, asked all the while, said yes."""
        until, seen = time.monotonic() + self.strike.lasts, 0
        while (left := until - time.monotonic()) > 0:
            seen += bool(ask is not None and ask())
            time.sleep(max(0.0, min(_LOOK_SECONDS, left)))
        return seen

    def over(self) -> None:
        """It ends in this moment."""
        self.ended_at, self.ended_on = time.monotonic(), now()

    def require(self, happened: object, words: str) -> None:
        """Note what was observed. Raises NotFelt where it was not."""
        if not happened:
            raise NotFelt(f"not seen: {words}")
        self.felt.append(words)

    def require_soon(self, condition: Callable[[], bool], words: str, seconds: float = 30.0) -> None:
        """The same for what takes a moment to show."""
        try:
            wait_for(condition, seconds, words)
        except RuntimeError as error:
            raise NotFelt(f"not seen: {words}") from error
        self.felt.append(words)

    def watch(self, condition: Callable[[], bool], words: str) -> None:
        """Measure from the fault's end until `condition`, beside whatever comes next."""

        def look() -> None:
            try:
                wait_for(condition, BACK_SECONDS, words)
                self.back = time.monotonic() - self.ended_at
                self.felt.append(words)
            except RuntimeError as error:
                self.errors.append(str(error))

        self._watching = threading.Thread(target=look, daemon=True)
        self._watching.start()

    def wait_until_watched(self) -> None:
        if self._watching is not None:
            self._watching.join()

    def heard(self, *statuses: int, client: str = "") -> int:
        """How many answers of these statuses clients got since the strike; 0 is no answer."""
        since = self.tools.journal.answers_so_far() - self._before
        return sum(number for (kind, status), number in since.items() if status in statuses and client in ("", kind))
