"""Shards 分批: a run's work on one village, in one database transaction."""

from __future__ import annotations

import json
from typing import Any, cast

from sqlalchemy import Table, bindparam, exists, func, select, update
from sqlalchemy.orm import Session

from services.points.recalculation.corrections import without_untold
from services.points.recalculation.dispatch import go_on
from services.points.recalculation.magnitudes import record_beyond_limit
from services.points.recalculation.targets import moves_of_village
from services.points.scoring import (
    LockedVillage,
    Outcome,
    lock_village,
    recalculate,
    scope_of_moves,
    store_differences,
)
from shared.models.base import now
from shared.models.points import (
    Difference,
    Entry,
    Recalculation,
    RecalculationMode,
    RecalculationState,
    Shard,
    ShardState,
)

_TAKEN = (
    select(
        Shard.village_id,
        Recalculation.id.label("run_id"),
        *(Recalculation.state, Recalculation.mode, Recalculation.rulebook_id, Recalculation.quarters),
        *(Recalculation.full, Recalculation.preview_id, Recalculation.made_by),
    )
    .join(Recalculation, Recalculation.id == Shard.recalculation_id)
    .where(Shard.id == bindparam("shard"), Shard.state == ShardState.RUNNING)
    .with_for_update(of=Shard, skip_locked=True)
)
_SHARDS = cast(Table, Shard.__table__)
_CHANGED = update(_SHARDS).where(_SHARDS.c.id == bindparam("shard"))


def work_shard(session: Session, shard_id: int) -> Outcome | None:
    """Do a shard, if it is still to be done and nobody is at it; None otherwise, and where its score can't be booked.

    Lock order: the shard's row (taken without waiting), the village's ledger row (waited for), accounts, the run's row.
    """
    run = session.execute(_TAKEN, {"shard": shard_id}).one_or_none()
    if run is None:
        return None
    if run.state is not RecalculationState.RUNNING:
        idle = {"state": ShardState.WAITING, "message_id": None, "lease_until": None}
        session.execute(_CHANGED, {"shard": shard_id, **idle})
        return None
    started_at = now()
    village = lock_village(session, run.village_id)
    quarters = [int(quarter) for quarter in json.loads(run.quarters)]
    moves = moves_of_village(session, run.village_id, village.rows, quarters, run.rulebook_id)
    refusal = record_beyond_limit(session, run.village_id, moves)
    if refusal is not None:
        # No further try would end otherwise: the run says at once what a person has to look at.
        refused = {"state": ShardState.PARKED, "attempts": 0, "error": refusal, "lease_until": None}
        session.execute(_CHANGED, {"shard": shard_id, **refused})
        go_on(session, run.run_id)
        return None
    held = {quarter: village.rows[quarter].rulebook_id for quarter in moves}
    if run.mode is RecalculationMode.APPLY:
        outcome = _apply(session, run, village, moves, held)
    else:
        outcome = _preview(session, run, moves)
    done = {
        "state": ShardState.DONE,
        "lease_until": None,
        "error": "",
        "started_at": started_at,
        "finished_at": now(),
        "households": outcome.households,
        "events_scored": outcome.events_scored,
        "entries_posted": outcome.entries,
        "posting_id": outcome.posting_id,
        "points_up": outcome.points_up,
        "points_down": outcome.points_down,
        "changed_since_preview": _count_changed(session, run.village_id, run.preview_id, outcome.posting_id),
        "moved_from": json.dumps(held, sort_keys=True),
    }
    session.execute(_CHANGED, {"shard": shard_id, **done})
    go_on(session, run.run_id)
    return outcome


def _apply(session: Session, run: Any, village: LockedVillage, moves: dict[int, int], held: dict[int, int]) -> Outcome:
    told = without_untold(session, run.village_id, moves, held, run.preview_id)
    return recalculate(session, village, told, full=run.full, made_by=run.made_by, recalculation_id=run.run_id)


def _preview(session: Session, run: Any, moves: dict[int, int]) -> Outcome:
    scope = scope_of_moves(session, run.village_id, moves, full=run.full)
    if scope.is_empty:
        return Outcome(0, 0, 0, 0, 0)
    return store_differences(session, run.village_id, run.run_id, scope=scope, rulebooks=moves)


def _count_changed(session: Session, village_id: int, preview_id: int | None, posting_id: int | None) -> int:
    """Events that came out otherwise than the preview showed: other amounts, no longer, or only now."""
    if preview_id is None:
        return 0
    shown = (Difference.recalculation_id == preview_id, Difference.village_id == village_id)
    posted = (Entry.village_id == village_id, Entry.posting_id == (posting_id or 0))
    same = exists().where(
        *posted, Entry.event_id == Difference.event_id, Entry.amount == Difference.scored - Difference.held
    )
    otherwise = session.scalar(select(func.count()).select_from(Difference).where(*shown, ~same)) or 0
    known = exists().where(*shown, Difference.event_id == Entry.event_id)
    new = session.scalar(select(func.count()).select_from(Entry).where(*posted, ~known)) or 0
    return otherwise + new
