"""Shards 分批: a run's work on one village, in one database transaction."""

from __future__ import annotations

import json

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from services.points.ledger.village import lock_ledger
from services.points.recalculation.corrections import without_untold
from services.points.recalculation.dispatch import dispatch_all, finish_run
from services.points.recalculation.targets import moves_of_villages
from services.points.scoring import Outcome, recalculate, scope_of_moves, store_differences
from services.points.scoring.quarters import quarter_rows
from shared.models.base import now
from shared.models.points import (
    Difference,
    Entry,
    Recalculation,
    RecalculationMode,
    RecalculationState,
    Rulebook,
    Shard,
    ShardState,
)


def work_shard(session: Session, shard_id: int) -> Outcome | None:
    """Do a shard, if it is still to be done and nobody is at it; None otherwise.

    Lock order: the shard's row (taken without waiting), the village's ledger row (waited for), accounts, the run's row.
    """
    shard = session.scalar(
        select(Shard)
        .where(Shard.id == shard_id, Shard.state == ShardState.RUNNING)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    )
    if shard is None:
        return None
    run = session.get_one(Recalculation, shard.recalculation_id, populate_existing=True)
    if run.state is not RecalculationState.RUNNING:
        shard.state, shard.message_id, shard.lease_until = ShardState.WAITING, None, None
        session.flush()
        return None
    started_at = now()
    run_id, village_id, preview_id = run.id, shard.village_id, run.preview_id
    lock_ledger(session, village_id)
    moves = _moves(session, run, village_id)
    held = {quarter: row.rulebook_id for quarter, row in quarter_rows(session, village_id).items() if quarter in moves}
    if run.mode is RecalculationMode.APPLY:
        moves = without_untold(session, village_id, moves, held, preview_id)
        outcome = recalculate(session, village_id, moves, full=run.full, made_by=run.made_by, recalculation_id=run_id)
    else:
        scope = scope_of_moves(session, village_id, moves, full=run.full)
        outcome = Outcome(0, 0, 0, 0, 0)
        if not scope.is_empty:
            outcome = store_differences(session, village_id, run_id, scope=scope, rulebooks=moves)
    shard = session.get_one(Shard, shard_id)
    shard.changed_since_preview = _count_changed(session, village_id, preview_id, outcome.posting_id)
    shard.state, shard.lease_until, shard.error = ShardState.DONE, None, ""
    shard.started_at, shard.finished_at = started_at, now()
    shard.households, shard.events_scored = outcome.households, outcome.events_scored
    shard.entries_posted, shard.posting_id = outcome.entries, outcome.posting_id
    shard.points_up, shard.points_down = outcome.points_up, outcome.points_down
    shard.moved_from = json.dumps(held, sort_keys=True)
    session.flush()
    finish_run(session, run_id)
    dispatch_all(session)
    return outcome


def _moves(session: Session, run: Recalculation, village_id: int) -> dict[int, int]:
    rulebook = session.get_one(Rulebook, run.rulebook_id) if run.rulebook_id is not None else None
    quarters = [int(quarter) for quarter in json.loads(run.quarters)]
    return moves_of_villages(session, [village_id], quarters, rulebook)[village_id]


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
