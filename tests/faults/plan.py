"""The plan of a drill: which fault strikes when, drawn from a seed, so that a seed repeats a drill."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from shared.topology import ROLES, Kind

FIRST_SECONDS = 8.0
"""Load alone comes first, so that a slow start is nobody's fault."""


@dataclass(frozen=True, slots=True)
class Strike:
    """One fault: its kind, whom it meets, when it begins (seconds of load) and how long it lasts (0: a blow)."""

    kind: str
    target: str
    at: float
    lasts: float = 0.0

    @property
    def name(self) -> str:
        return f"{self.kind} {self.target}".strip()


_KILLED = tuple(role.name for role in ROLES.values())
KINDS: tuple[tuple[str, str, float], ...] = (
    *(("kill", name, 0.0) for name in _KILLED),
    *(("kill_random", "", 0.0),) * 3,
    ("kill_child", "points-worker", 0.0),
    ("kill_child", "points-bulk-worker", 0.0),
    ("kill_unsent", "intake", 0.0),
    ("redis_kill", "", 3.0),
    ("redis_flush", "", 0.0),
    ("redis_pause", "", 6.0),
    ("redis_stop", "", 6.0),
    ("redis_half_open", "", 8.0),
    ("postgresql_restart", "", 2.0),
    ("disk_full", "", 8.0),
    ("clock_ahead", "points", 12.0),
    ("clock_behind", "relay", 12.0),
    ("two_schedulers", "", 12.0),
    ("previous_version", "points-bulk-worker", 20.0),
)
"""Every fault once, and three kills of whom the seed names: kind, target, how long it lasts."""

SHORT = ("kill points", "kill_child points-bulk-worker", "redis_flush", "postgresql_restart", "disk_full")
"""Those of a drill that is a test."""


def make_plan(seed: int, minutes: float, *, only: tuple[str, ...] | None = None) -> list[Strike]:
    """Every fault once in a drawn order, spread evenly; a longer drill has more, drawn at random.

    `only` names the faults of a short drill. Raises ValueError for a name that no fault has.
    """
    random = Random(seed)
    known = {f"{kind} {target}".strip(): (kind, target, lasts) for kind, target, lasts in KINDS}
    if only is not None and (unknown := set(only) - set(known)):
        raise ValueError(f"no such fault: {', '.join(sorted(unknown))}")
    chosen = [known[name] for name in only] if only is not None else list(KINDS)
    if only is None:
        chosen += [random.choice(KINDS) for _ in range(round((minutes - 5) * len(KINDS) / 5))]
    random.shuffle(chosen)
    room = minutes * 60 - 2 * FIRST_SECONDS
    step = room / len(chosen)
    return [
        Strike(
            kind,
            random.choice(_KILLED) if kind == "kill_random" else target,
            round(FIRST_SECONDS + step * (place + random.random() / 4), 1),
            lasts,
        )
        for place, (kind, target, lasts) in enumerate(chosen)
    ]


def kinds_of_roles() -> set[str]:
    """The kinds of process that the plan kills."""
    return {ROLES[target].kind.value for kind, target, _ in KINDS if kind == "kill"} & {kind.value for kind in Kind}
