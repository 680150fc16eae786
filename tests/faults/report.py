"""The table of a drill and its last line."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass, field

from tests.faults.accounting import Count
from tests.faults.case import Case
from tests.faults.journal import Journal, Told
from tests.faults.load import CLIENTS
from tests.faults.plan import Strike
from tests.faults.probes import Probe, slowest_queue

RECOVERY_LIMIT_SECONDS = 60.0
"""A recovery that takes longer fails the drill.

The slowest way back is that of a message which was lost with the process that had it: the relay sends it again 30 s
after the first sending. Until then whoever should take it must be back: a killed process starts again after 1 or 2 s
and needs some 5 to 10 on a busy machine, a worker notices a deaf connection after 15 to 20 s, and the relay rests 5 s
after Redis has not answered it.
"""
TIMED = ("itself", *CLIENTS, "queues")
"""Whose way back is timed: what was struck, each kind of client, and the slowest queue."""


@dataclass(slots=True)
class Struck:
    """A strike as it came to pass: what was felt of it, and who was back after how many seconds (None: never)."""

    strike: Strike
    at: float = 0.0
    felt: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    recovered: dict[str, float | None] = field(default_factory=dict)

    @property
    def worst(self) -> float | None:
        """Seconds of the slowest; None where one never recovered."""
        values = list(self.recovered.values())
        return None if None in values else max((each for each in values if each is not None), default=None)


def struck_by(case: Case, journal: Journal, probes: list[Probe]) -> Struck:
    """Time the recoveries: from the fault's end to the first yes to an attempt sent after that."""
    struck = Struck(case.strike, case.at, case.felt, case.errors)
    if case.back is not None:
        struck.recovered["itself"] = case.back
    for kind in CLIENTS:
        heard = journal.first_after(kind, case.ended_at)
        struck.recovered[kind] = None if heard is None else heard - case.ended_at
    struck.recovered["queues"] = slowest_queue(probes, case.ended_on)
    return struck


def show(struck: list[Struck], journal: Journal, count: Count) -> None:
    """Print the table per fault, what clients were told, and what was found."""
    print(f"\n{'fault':<36}{'at s':>6}" + "".join(f"{each:>10}" for each in TIMED) + f"{'worst s':>9}  felt")
    for each in struck:
        cells = "".join(f"{_seconds(each, name):>10}" for name in TIMED)
        worst = "never" if each.worst is None else f"{each.worst:.1f}"
        said = [*each.felt, *(f"ERROR {words}" for words in each.errors)]
        print(f"{each.strike.name:<36}{each.at:>6.1f}{cells}{worst:>9}  {'; '.join(said)}")
    acts = sorted({each.act for each in journal.operations})
    print(f"\n{'operation':<12}" + "".join(f"{told.value:>14}" for told in Told) + f"{'asked again':>14}")
    for act in acts:
        cells = "".join(f"{len(journal.of(act, told=told)):>14}" for told in Told)
        again = sum(each.attempts > 1 for each in journal.operations if each.act == act and act != "run_ended")
        print(f"{act:<12}{cells}{again:>14}")
    print("\n".join(["", *textwrap.wrap(f"answers: {_answers(journal)}", 120)]))
    for sentence in count.findings[:40]:
        print(sentence)


def _seconds(struck: Struck, name: str) -> str:
    if name not in struck.recovered:
        return "-"
    value = struck.recovered[name]
    return "never" if value is None else f"{value:.1f}"


def _answers(journal: Journal) -> str:
    """How often each status was heard, by all clients together."""
    by_status: dict[int, int] = {}
    for (_, status), number in journal.answers.items():
        by_status[status] = by_status.get(status, 0) + number
    return ", ".join(f"{status or 'none'} {number} times" for status, number in sorted(by_status.items()))


def last_line(struck: list[Struck], count: Count) -> str:
    """`lost 0 doubled 0 overdrawn 0 unreadable 0 faults 24 worst_recovery_s 12.3`."""
    worst = [each.worst for each in struck]
    seconds = "never" if None in worst else f"{max((each for each in worst if each is not None), default=0.0):.1f}"
    return (
        f"lost {count.lost} doubled {count.doubled} overdrawn {count.overdrawn} unreadable {count.unreadable} "
        f"faults {len(struck)} worst_recovery_s {seconds}"
    )


def failures(struck: list[Struck], count: Count) -> list[str]:
    """Why a drill did not go well: a figure that is not 0, a fault that was not felt, a recovery that took too long."""
    found = []
    if not count.is_clean:
        found.append(
            f"{count.lost + count.doubled + count.overdrawn + count.unreadable} losses and the like, "
            f"{count.broken} answers that nothing explains"
        )
    for each in struck:
        if each.errors:
            found.append(f"{each.strike.name}: {'; '.join(each.errors)}")
        if each.worst is None or each.worst > RECOVERY_LIMIT_SECONDS:
            found.append(f"{each.strike.name}: not all were back within {RECOVERY_LIMIT_SECONDS:.0f} s")
    return found
