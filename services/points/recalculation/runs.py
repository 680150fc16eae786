"""Runs 重算任务: started, cancelled between shards, resumed. A preview writes no entry; an apply posts, recomputed."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from services.points.recalculation.corrections import require_told_losers
from services.points.recalculation.dispatch import dispatch_shards, finish_run
from services.points.recalculation.targets import (
    moves_of_villages,
    require_adopted,
    rulebook_of_run,
    villages_of_run,
    waiting_villages,
)
from shared import audit
from shared.errors import Conflict, Invalid, NotFound
from shared.identity import Principal
from shared.models.base import now
from shared.models.points import (
    Recalculation,
    RecalculationMode,
    RecalculationState,
    Shard,
    ShardState,
    VillageQuarter,
)
from shared.request_context import current_request_id

PREVIEW_KEPT_DAYS = 30


@dataclass(frozen=True, slots=True)
class RunOrder:
    """What someone asks to be recalculated. `quarters` None: those in which a village waits; else the open ones."""

    mode: RecalculationMode
    villages: tuple[str, ...] | None = None
    quarters: tuple[int, ...] | None = None
    revision: int | None = None
    full: bool = False
    preview_id: int | None = None


def start_run(session: Session, actor: Principal, order: RunOrder) -> Recalculation:
    """Write a run with one shard per village, and send the first shards.

    Raises Invalid, NotFound, Forbidden; Conflict where an apply is not what its preview showed, or where a 更正 has
    no preview whose losers were told.
    """
    villages = villages_of_run(session, actor, order.villages)
    rulebook = rulebook_of_run(session, actor, order.revision, order.mode)
    preview = _preview_of(session, actor, order)
    quarters = order.quarters or _default_quarters(session, actor, list(villages), preview)
    moves = moves_of_villages(session, list(villages), quarters, rulebook)
    if not any(moves.values()):
        raise Invalid(
            "这些村在所选的季度里没有积分记录，没有可以重算的内容。", errors={"quarters": ["没有可以重算的季度。"]}
        )
    if order.mode is RecalculationMode.APPLY:
        if rulebook is not None:
            require_adopted(session, moves, rulebook, villages)
        require_told_losers(session, moves, preview)
    run = Recalculation(
        township_id=actor.township_id,
        mode=order.mode,
        rulebook_id=rulebook.id if rulebook else None,
        full=order.full,
        preview_id=preview.id if preview else None,
        quarters=json.dumps(sorted(quarters)),
        made_by=actor.actor,
        person_id=actor.person_id,
        request_id=current_request_id() or None,
        expires_at=now() + timedelta(days=PREVIEW_KEPT_DAYS) if order.mode is RecalculationMode.PREVIEW else None,
    )
    session.add(run)
    session.flush()
    session.add_all(
        Shard(recalculation_id=run.id, village_id=village_id) for village_id in villages if moves[village_id]
    )
    session.flush()
    details = {"mode": order.mode, "villages": len(villages), "quarters": sorted(quarters), "full": order.full}
    audit.record(session, actor, "start_recalculation", "recalculation", run.id, details=details)
    dispatch_shards(session, run.id)
    return run


def cancel_run(session: Session, actor: Principal, run_id: int) -> Recalculation:
    """Stop a run between its shards: what is done stays done. A repeated cancel is the same cancel."""
    run = run_in_scope(session, actor, run_id)
    if run.state is RecalculationState.CANCELLED:
        return run
    _change_state(session, run, {RecalculationState.RUNNING}, RecalculationState.CANCELLED)
    audit.record(session, actor, "cancel_recalculation", "recalculation", run.id)
    return run


def resume_run(session: Session, actor: Principal, run_id: int) -> Recalculation:
    """Go on with a cancelled run, or try a parked one again: only what is not done is done. Raises Conflict."""
    run = run_in_scope(session, actor, run_id)
    if run.state is RecalculationState.RUNNING:
        return run
    _change_state(session, run, {RecalculationState.CANCELLED, RecalculationState.PARKED}, RecalculationState.RUNNING)
    # A shard that is at work holds its row: it is left alone, and ends by itself.
    idle = (
        select(Shard.id)
        .where(Shard.recalculation_id == run.id, Shard.state.in_([ShardState.RUNNING, ShardState.PARKED]))
        .order_by(Shard.id)
        .with_for_update(skip_locked=True)
    )
    session.execute(
        update(Shard)
        .where(Shard.id.in_(list(session.scalars(idle))))
        .values(state=ShardState.WAITING, attempts=0, error="", message_id=None, lease_until=None)
        .execution_options(synchronize_session=False)
    )
    audit.record(session, actor, "resume_recalculation", "recalculation", run.id)
    dispatch_shards(session, run.id)
    # The last shard may have been done after the cancel: then nobody else would end the run.
    finish_run(session, run.id)
    session.refresh(run)
    return run


def run_in_scope(session: Session, actor: Principal, run_id: int) -> Recalculation:
    """A run of the township. Raises NotFound."""
    run = session.get(Recalculation, run_id)
    if run is None or run.township_id != actor.township_id:
        raise NotFound("没有这次重算，请从重算列表重新进入。")
    return run


def quarters_of(run: Recalculation) -> list[int]:
    """The quarters of a run."""
    return [int(quarter) for quarter in json.loads(run.quarters)]


def _change_state(
    session: Session, run: Recalculation, allowed: set[RecalculationState], state: RecalculationState
) -> None:
    changed = session.execute(
        update(Recalculation)
        .where(Recalculation.id == run.id, Recalculation.state.in_(allowed))
        .values(state=state, version=Recalculation.version + 1)
        .execution_options(synchronize_session=False)
    )
    session.refresh(run)
    if changed.rowcount != 1 and run.state is not state:  # type: ignore[attr-defined]
        raise Conflict("这次重算已经结束，不能取消或继续。需要时请重新开始一次。")


def _preview_of(session: Session, actor: Principal, order: RunOrder) -> Recalculation | None:
    if order.preview_id is None:
        return None
    if order.mode is RecalculationMode.PREVIEW:
        raise Invalid("预览不能再以另一次预览为依据。", errors={"preview": ["只有正式重算需要注明预览。"]})
    preview = run_in_scope(session, actor, order.preview_id)
    if preview.mode is not RecalculationMode.PREVIEW or preview.state is not RecalculationState.DONE:
        raise Conflict("这次预览还没有完成，请等它完成后再正式重算。")
    if preview.expires_at is not None and preview.expires_at < now():
        raise Conflict("这次预览已超过 30 天，明细已清除，请重新预览。")
    return preview


def _default_quarters(
    session: Session, actor: Principal, village_ids: Collection[int], preview: Recalculation | None
) -> tuple[int, ...]:
    """The preview's quarters; else those in which a village waits; else every quarter that has a row."""
    if preview is not None:
        return tuple(quarters_of(preview))
    waiting = {
        q for village in waiting_villages(session, actor) if village.village_id in village_ids for q in village.quarters
    }
    if waiting:
        return tuple(sorted(waiting))
    return tuple(
        session.scalars(
            select(VillageQuarter.quarter)
            .where(VillageQuarter.village_id.in_(village_ids))
            .distinct()
            .order_by(VillageQuarter.quarter)
        )
    )
