"""The table of a drill and its last line."""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.faults.accounting import Count
from tests.faults.clients import KINDS
from tests.faults.journal import Journal, Told
from tests.faults.plan import Strike

RECOVERY_LIMIT_SECONDS = 180.0
"""A recovery that takes longer fails the drill: leases and sendings last 30 s, and faults overlap."""


@dataclass(slots=True)
class Struck:
    """A strike as it came to pass: when the system was whole again (the moment of a kill), and who recovered when."""

    strike: Strike
    ended_at: float
    recovered: dict[str, float | None] = field(default_factory=dict)
    error: str = ""

    @property
    def worst(self) -> float | None:
        """Seconds of the slowest kind of client; None where one never recovered."""
        values = list(self.recovered.values())
        return None if None in values else max((each for each in values if each is not None), default=None)


def time_recoveries(struck: list[Struck], journal: Journal) -> None:
    """For each fault and kind of client: from the fault's end to the first yes to an attempt sent after that."""
    for each in struck:
        for kind in KINDS:
            heard = journal.first_after(kind, each.ended_at)
            each.recovered[kind] = None if heard is None else heard - each.ended_at


def show(struck: list[Struck], journal: Journal, count: Count) -> None:
    """Print the table per fault, what clients were told, and what was found."""
    print(f"\n{'fault':<38}{'at s':>6}  " + "".join(f"{kind:>9}" for kind in KINDS) + f"{'worst s':>9}")
    for each in struck:
        seconds = [each.recovered[kind] for kind in KINDS]
        cells = "".join(f"{'never' if value is None else f'{value:.1f}':>9}" for value in (*seconds, each.worst))
        print(f"{each.strike.name:<38}{each.strike.at:>6.1f}  {cells}  {each.error}".rstrip())
    acts = sorted({each.act for each in journal.operations})
    print(f"\n{'operation':<12}" + "".join(f"{told.value:>14}" for told in Told) + f"{'asked again':>14}")
    for act in acts:
        cells = "".join(f"{len(journal.of(act, told=told)):>14}" for told in Told)
        again = sum(each.attempts > 1 for each in journal.operations if each.act == act and act != "run_ended")
        print(f"{act:<12}{cells}{again:>14}")
    for words, number in sorted(journal.broken_answers.items()):
        print(f"broken answer: {words} ({number} times)")
    for sentence in count.findings[:40]:
        print(sentence)


def last_line(struck: list[Struck], count: Count) -> str:
    """`lost 0 doubled 0 overdrawn 0 unreadable 0 faults 24 worst_recovery_s 12.3`."""
    worst = [each.worst for each in struck]
    seconds = "never" if None in worst else f"{max((each for each in worst if each is not None), default=0.0):.1f}"
    return (
        f"lost {count.lost} doubled {count.doubled} overdrawn {count.overdrawn} unreadable {count.unreadable} "
        f"faults {len(struck)} worst_recovery_s {seconds}"
    )


def is_good(struck: list[Struck], count: Count) -> bool:
    """Nothing lost, doubled, overdrawn or unreadable, every fault struck, every kind of client back in time."""
    return count.is_clean and all(
        not each.error and each.worst is not None and each.worst <= RECOVERY_LIMIT_SECONDS for each in struck
    )
