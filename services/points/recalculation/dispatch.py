"""Dispatch 派发: which shards are sent to the workers, how many at once, and what happens when one is not heard of.

A message only wakes a worker. The relay sends it again until it was handled; what the sweep here adds: a shard whose
message became a dead letter is parked, one whose message ended without result is sent anew, and waiting ones go out.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, cast

from sqlalchemy import Exists, Table, and_, bindparam, case, exists, func, or_, select, update
from sqlalchemy.orm import Session, aliased

from shared.database.engine import is_sqlite
from shared.messages.points_work import RecalculateShard
from shared.messaging import outbox
from shared.models.base import now
from shared.models.plumbing_tables import attempts_of, dead_letters_of, inbox_of
from shared.models.points import Recalculation, RecalculationState, Shard, ShardState
from shared.settings import settings
from shared.topology import Service

MAX_IN_FLIGHT = 32
"""Shards of one run that are sent and not done: other runs' come in between, and a cancel is soon felt.

They are refilled when half of them are done. Workers that end at the same moment see each other still at work; only if
more than half of this number did so at once would none of them refill, and then the sweep does.
"""

MAX_ATTEMPTS = 5


_RUNS = cast(Table, Recalculation.__table__)


def _of_run(*states: ShardState) -> Any:
    return and_(Shard.recalculation_id == _RUNS.c.id, Shard.state.in_(states))


def dispatch_shards(session: Session, run_id: int) -> int:
    """Send as many of a run's waiting shards as may be in flight; the count.

    A shard waits while another run is at work on its village, or an earlier one still has to be.
    """
    in_flight = session.scalar(
        select(func.count()).where(Shard.recalculation_id == run_id, Shard.state == ShardState.RUNNING)
    )
    room = _limit(session) - int(in_flight or 0)
    if room <= 0:
        return 0
    ready = (
        select(Shard.id)
        .join(Recalculation, Recalculation.id == Shard.recalculation_id)
        .where(
            Shard.recalculation_id == run_id,
            Shard.state == ShardState.WAITING,
            Recalculation.state == RecalculationState.RUNNING,
            ~_comes_first(),
        )
        .order_by(Shard.id)
        .limit(room)
        .with_for_update(of=Shard, skip_locked=True)
    )
    return _send(session, list(session.scalars(ready)))


def dispatch_all(session: Session) -> int:
    """Send waiting shards of every running run, the earliest first; the count."""
    waiting = (
        select(Recalculation.id)
        .where(Recalculation.state == RecalculationState.RUNNING)
        .where(exists().where(Shard.recalculation_id == Recalculation.id, Shard.state == ShardState.WAITING))
        .order_by(Recalculation.id)
    )
    return sum(dispatch_shards(session, run_id) for run_id in session.scalars(waiting).all())


def go_on(session: Session, run_id: int) -> None:
    """What follows a shard that is done: its run ends if nothing is left of it, and runs that have room are refilled.

    Other runs too: their shard of this village may have waited for this one.
    """
    running = session.execute(_STANDING).all()
    if not any(row.id == run_id and row.has_waiting for row in running):
        finish_run(session, run_id)
    for row in running:
        if row.has_waiting and row.in_flight <= _limit(session) // 2:
            dispatch_shards(session, row.id)


_STANDING = (
    select(
        _RUNS.c.id,
        exists().where(_of_run(ShardState.WAITING)).correlate(_RUNS).label("has_waiting"),
        select(func.count())
        .select_from(Shard)
        .where(_of_run(ShardState.RUNNING))
        .correlate(_RUNS)
        .scalar_subquery()
        .label("in_flight"),
    )
    .where(_RUNS.c.state == RecalculationState.RUNNING)
    .order_by(_RUNS.c.id)
)


def _limit(session: Session) -> int:
    return 1 if is_sqlite(session) else MAX_IN_FLIGHT


def _comes_first() -> Exists:
    """Whether a shard of another run has to be done on the same village before this one."""
    other, run = aliased(Shard), aliased(Recalculation)
    return (
        exists()
        .where(other.village_id == Shard.village_id, other.id != Shard.id, run.id == other.recalculation_id)
        .where(run.state == RecalculationState.RUNNING)
        .where(
            or_(
                other.state == ShardState.RUNNING,
                and_(other.state == ShardState.WAITING, other.recalculation_id < Shard.recalculation_id),
            )
        )
    )


def _send(session: Session, shard_ids: list[int]) -> int:
    if not shard_ids:
        return 0
    sent_at = now()
    message_ids = outbox.send_all(session, [RecalculateShard(shard_id) for shard_id in shard_ids])
    lease_until = sent_at + timedelta(seconds=settings().lease_seconds)
    session.execute(
        update(Shard),
        [
            {
                "id": shard_id,
                "state": ShardState.RUNNING,
                "message_id": message_id,
                "sent_at": sent_at,
                "lease_until": lease_until,
            }
            for shard_id, message_id in zip(shard_ids, message_ids, strict=True)
        ],
    )
    return len(shard_ids)


def sweep_shards(session: Session) -> None:
    """Look after shards whose lease has lapsed. One that is at work holds its row and is left alone."""
    _put_back_cancelled(session)
    lapsed = session.execute(
        select(Shard.id, Shard.message_id, Shard.recalculation_id)
        .where(Shard.state == ShardState.RUNNING, Shard.lease_until < now())
        .order_by(Shard.id)
        .with_for_update(skip_locked=True)
    ).all()
    message_ids = [row.message_id for row in lapsed]
    dead, handled = _dead_letters(session, message_ids), _handled(session, message_ids)
    for row in lapsed:
        if row.message_id in dead:
            _park(session, row.id, dead[row.message_id])
    living = [row for row in lapsed if row.message_id not in dead]
    # Handled, and yet not done: its copy found the row taken by something else. Send it anew.
    _send(session, [row.id for row in living if row.message_id in handled])
    _note_attempts(session, [row.id for row in living if row.message_id not in handled])
    # In one order: two sweeps with shards of the same runs would else wait for each other.
    for run_id in sorted({row.recalculation_id for row in lapsed}):
        finish_run(session, run_id)
    dispatch_all(session)


def finish_run(session: Session, run_id: int) -> None:
    """End a running run when no shard of it is left. Holds the run's row, so that the last of two shards sees both."""
    session.execute(_HELD, {"run": run_id})
    session.execute(_ENDED, {"run": run_id, "at": now()})


# Not a full row lock: rows of other shards refer to the run, and must not be waited for.
_HELD = select(_RUNS.c.id).where(_RUNS.c.id == bindparam("run")).with_for_update(key_share=True)
_ENDED = (
    update(_RUNS)
    .where(
        _RUNS.c.id == bindparam("run"),
        _RUNS.c.state == RecalculationState.RUNNING,
        ~exists().where(_of_run(ShardState.WAITING, ShardState.RUNNING)).correlate(_RUNS),
    )
    .values(
        state=case(
            (exists().where(_of_run(ShardState.PARKED)).correlate(_RUNS), RecalculationState.PARKED),
            else_=RecalculationState.DONE,
        ),
        finished_at=bindparam("at"),
    )
)


def _put_back_cancelled(session: Session) -> None:
    """Sent shards of cancelled runs wait again: their messages end by themselves."""
    idle = (
        select(Shard.id)
        .join(Recalculation, Recalculation.id == Shard.recalculation_id)
        .where(Shard.state == ShardState.RUNNING, Recalculation.state == RecalculationState.CANCELLED)
        .order_by(Shard.id)
        .with_for_update(of=Shard, skip_locked=True)
    )
    session.execute(
        update(Shard)
        .where(Shard.id.in_(list(session.scalars(idle))))
        .values(state=ShardState.WAITING, message_id=None, lease_until=None)
        .execution_options(synchronize_session=False)
    )


def _dead_letters(session: Session, message_ids: list[str | None]) -> dict[str | None, str]:
    table = dead_letters_of(Service.POINTS)
    rows = session.execute(select(table.c.message_id, table.c.error).where(table.c.message_id.in_(message_ids)))
    return {row.message_id: row.error for row in rows}


def _handled(session: Session, message_ids: list[str | None]) -> set[str | None]:
    table = inbox_of(Service.POINTS)
    return set(session.scalars(select(table.c.message_id).where(table.c.message_id.in_(message_ids))))


def _park(session: Session, shard_id: int, error: str) -> None:
    session.execute(
        update(Shard)
        .where(Shard.id == shard_id)
        .values(state=ShardState.PARKED, attempts=MAX_ATTEMPTS, error=error, lease_until=None)
        .execution_options(synchronize_session=False)
    )


def _note_attempts(session: Session, shard_ids: list[int]) -> None:
    """Show on the shards how often their messages have failed so far."""
    table = attempts_of(Service.POINTS)
    counted = select(table.c.attempts).where(table.c.message_id == Shard.message_id).scalar_subquery()
    session.execute(
        update(Shard)
        .where(Shard.id.in_(shard_ids))
        .values(attempts=func.coalesce(counted, 0))
        .execution_options(synchronize_session=False)
    )
