"""Replay 重演: which portions of a household's points are spent, which are left, and which have expired when.

Points in hundredths. The rule, so that two programs give the same number:

- An event's entries count as one flow, at the place of its first entry: a void or a correction is no outflow of its
  own, it makes the event worth something else from the beginning.
- A positive flow of an event under a rule with an expiry is a portion that lasts until the end of its month; every
  other inflow (refund, opening, transfer, a rule without expiry) never expires.
- An outflow uses the earliest-expiring portion first, never-expiring ones last; of the same month the earlier flow
  first. What no portion covers is a debt, which the next inflows pay before they become portions.
- Goods count from the moment of their reservation: what is promised is spent.
- At each run of the monthly job all portions of its month and of earlier ones are gone.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

_NEVER = 1 << 30


@dataclass(frozen=True, slots=True)
class Flow:
    """Points that come or go. `expires_in`: the month at whose end a positive one is gone; None never."""

    at: datetime
    order: int
    amount: int
    expires_in: int | None = None
    event_id: int | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """The monthly job has let the points of `month` go at this instant."""

    month: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Portion:
    """What is left of an inflow, or was when it expired. `month`: of the run that let it go, or in which it will."""

    event_id: int | None
    month: int
    amount: int


@dataclass(frozen=True, slots=True)
class Replayed:
    """What has expired at the runs, and the portions with an expiry that are left after all flows and runs."""

    expired: tuple[Portion, ...]
    left: tuple[Portion, ...]

    @property
    def gone(self) -> int:
        """All that has expired."""
        return sum(portion.amount for portion in self.expired)

    def leaves_by(self, month: int) -> int:
        """What will be gone at the end of `month` if nothing is spent until then."""
        return sum(portion.amount for portion in self.left if portion.month <= month)


def replay(flows: Iterable[Flow], runs: Iterable[Run]) -> Replayed:
    """Replay a household's flows in booked order, and the runs between them."""
    steps: list[tuple[datetime, int, Flow | Run]] = [(flow.at, flow.order, flow) for flow in flows]
    steps += [(run.at, _NEVER, run) for run in runs]
    # A flow of the same instant as a run came before it: the run looked at it.
    steps.sort(key=lambda step: (step[0], isinstance(step[2], Run), step[1]))
    portions: list[tuple[int, int, int, int | None]] = []
    expired: list[Portion] = []
    debt = 0
    for place, (_, _, step) in enumerate(steps):
        if isinstance(step, Run):
            while portions and portions[0][0] <= step.month:
                _, _, amount, event_id = heapq.heappop(portions)
                expired.append(Portion(event_id, step.month, amount))
        elif step.amount < 0:
            debt += _spend(portions, -step.amount)
        else:
            paid = min(debt, step.amount)
            debt -= paid
            if step.amount > paid:
                month = _NEVER if step.expires_in is None else step.expires_in
                heapq.heappush(portions, (month, place, step.amount - paid, step.event_id))
    left = [Portion(event_id, month, amount) for month, _, amount, event_id in sorted(portions) if month < _NEVER]
    return Replayed(tuple(expired), tuple(left))


def _spend(portions: list[tuple[int, int, int, int | None]], amount: int) -> int:
    """Take an outflow from the portions, the earliest-expiring first; what none covers."""
    while amount and portions:
        month, place, held, event_id = heapq.heappop(portions)
        if held > amount:
            heapq.heappush(portions, (month, place, held - amount, event_id))
            return 0
        amount -= held
    return amount
