"""Progress 进度 of a run: everything that a page shows of it, read from the rows of its shards."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, case, func, select
from sqlalchemy.orm import Session

from services.points.recalculation.losses import count_losers
from services.points.recalculation.runs import quarters_of, run_in_scope
from shared.identity import Principal
from shared.models.base import now
from shared.models.points import Recalculation, RecalculationMode, RecalculationState, Rulebook, Shard, ShardState
from shared.models.registry import Village


@dataclass(frozen=True, slots=True)
class VillageProgress:
    """One village of a run. Points in hundredths, `points_down` negative."""

    code: str
    name: str
    state: ShardState
    attempts: int
    households: int
    events: int
    """Events that were scored."""
    changed: int
    """Events whose amount differs: shown by a preview, posted by an apply."""
    points_up: int
    points_down: int
    changed_since_preview: int
    error: str

    @property
    def refusal(self) -> str:
        """Why a parked village can't be scored, for people; empty where its message failed (`attempts` counts)."""
        return self.error if self.state is ShardState.PARKED and not self.attempts else ""


@dataclass(frozen=True, slots=True)
class RunProgress:
    """A run with its villages. `done` and `total` count villages; `eta_seconds` is None before the first is done."""

    run: Recalculation
    revision: int | None
    quarters: list[int]
    done: int
    total: int
    parked: int
    eta_seconds: int | None
    villages: list[VillageProgress]
    applied_id: int | None
    losers: int | None
    """Households that lose by a finished preview."""

    @property
    def errors(self) -> list[str]:
        """What went wrong, by village, for people."""
        return [
            f"{village.name}没有算成，已经搁置。{village.refusal}"
            for village in self.villages
            if village.state is ShardState.PARKED
        ]

    @property
    def points_up(self) -> int:
        """Points gained over all villages, in hundredths."""
        return self.total_of("points_up")

    @property
    def points_down(self) -> int:
        """Points lost, as a negative number of hundredths."""
        return self.total_of("points_down")

    def total_of(self, name: str) -> int:
        """The sum of a count over the villages."""
        return sum(getattr(village, name) for village in self.villages)


def progress_of(session: Session, actor: Principal, run_id: int) -> RunProgress:
    """How far a run of the township is. Raises NotFound."""
    run = run_in_scope(session, actor, run_id)
    rows = session.execute(
        select(Shard, Village.code, Village.name)
        .join(Village, Village.id == Shard.village_id)
        .where(Shard.recalculation_id == run.id)
        .order_by(Village.code)
    ).all()
    shards = [row[0] for row in rows]
    applied_id = session.scalar(select(func.max(Recalculation.id)).where(Recalculation.preview_id == run.id))
    finished_preview = run.mode is RecalculationMode.PREVIEW and run.state is RecalculationState.DONE
    return RunProgress(
        run=run,
        revision=session.scalar(select(Rulebook.revision).where(Rulebook.id == run.rulebook_id)),
        quarters=quarters_of(run),
        done=sum(shard.state is ShardState.DONE for shard in shards),
        total=len(shards),
        parked=sum(shard.state is ShardState.PARKED for shard in shards),
        eta_seconds=_eta_seconds(run, shards),
        villages=[_village(shard, code, name) for shard, code, name in rows],
        applied_id=applied_id,
        losers=count_losers(session, run.id) if finished_preview else None,
    )


def _village(shard: Shard, code: str, name: str) -> VillageProgress:
    return VillageProgress(
        code=code,
        name=name,
        state=shard.state,
        attempts=shard.attempts,
        households=shard.households,
        events=shard.events_scored,
        changed=shard.entries_posted,
        points_up=shard.points_up,
        points_down=shard.points_down,
        changed_since_preview=shard.changed_since_preview,
        error=shard.error,
    )


def _eta_seconds(run: Recalculation, shards: Sequence[Shard]) -> int | None:
    """What is left, at the pace of what is done since this run was (last) set going; 0 at the end."""
    left = sum(shard.state in (ShardState.WAITING, ShardState.RUNNING) for shard in shards)
    if not left:
        return 0
    finished: list[tuple[datetime, datetime]] = [
        (shard.started_at, shard.finished_at) for shard in shards if shard.started_at and shard.finished_at
    ]
    if not finished or run.state is not RecalculationState.RUNNING:
        return None
    first, last = min(start for start, _ in finished), max(end for _, end in finished)
    pace = (last - first).total_seconds() / len(finished)
    return max(1, round(pace * left - (now() - last).total_seconds()))


@dataclass(frozen=True, slots=True)
class RunSummary:
    """A line of the list of runs."""

    run: Recalculation
    villages: list[str]
    """Names, in the order of their codes."""
    done: int
    changed: int
    points_up: int
    points_down: int

    @property
    def total(self) -> int:
        """How many villages it covers."""
        return len(self.villages)


def select_runs(actor: Principal, mode: RecalculationMode | None = None) -> Select[Recalculation]:
    """The township's runs, to be paged newest first."""
    runs = select(Recalculation).where(Recalculation.township_id == actor.township_id)
    return runs if mode is None else runs.where(Recalculation.mode == mode)


def summaries_of(session: Session, runs: Sequence[Recalculation]) -> list[RunSummary]:
    """The counts and villages of these runs, by two statements."""
    ids = [run.id for run in runs]
    counted = session.execute(
        select(
            Shard.recalculation_id,
            func.sum(case((Shard.state == ShardState.DONE, 1), else_=0)),
            func.sum(Shard.entries_posted),
            func.sum(Shard.points_up),
            func.sum(Shard.points_down),
        )
        .where(Shard.recalculation_id.in_(ids))
        .group_by(Shard.recalculation_id)
    )
    by_run = {run_id: tuple(map(int, counts)) for run_id, *counts in counted}
    names: dict[int, list[str]] = defaultdict(list)
    for run_id, name in session.execute(
        select(Shard.recalculation_id, Village.name)
        .join(Village, Village.id == Shard.village_id)
        .where(Shard.recalculation_id.in_(ids))
        .order_by(Village.code)
    ):
        names[run_id].append(name)
    return [RunSummary(run, names[run.id], *by_run.get(run.id, (0, 0, 0, 0))) for run in runs]
