"""What a deployment has only once, measured by the relay: outboxes, dead letters, queues, schedule, recalculations.

Of the services' tables beyond outboxes and inboxes the relay's role reads these few columns and no others.
"""

from __future__ import annotations

import time
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from shared import metrics
from shared.database import Database
from shared.messaging.queue_standings import read_queues
from shared.messaging.scheduled_runs import ScheduledRun, scheduled_runs, seconds_late
from shared.messaging.waiting_rows import waiting_summary
from shared.models.base import now
from shared.models.plumbing_tables import dead_letters_of
from shared.models.points.recalculation import (
    Recalculation,
    RecalculationMode,
    RecalculationState,
    Shard,
    ShardState,
)
from shared.topology import Queue, Service

_UNDER_WAY = (RecalculationState.RUNNING, RecalculationState.PARKED)
_UNKNOWN = float("nan")


def measure_outboxes(database: Database) -> None:
    """What waits in each service's outbox: cheap, for every pass."""
    with database.reading() as session:
        for service in Service:
            count, oldest = waiting_summary(session, service)
            metrics.OUTBOX_WAITING.labels(service).set(count)
            metrics.OUTBOX_OLDEST_SECONDS.labels(service).set((now() - oldest).total_seconds() if oldest else 0)


def measure_work(database: Database) -> None:
    """Dead letters, scheduled tasks and recalculations: read from rows, so that a restart forgets nothing."""
    with database.reading() as session:
        for service in Service:
            letters = dead_letters_of(service)
            dead = session.scalar(select(func.count(letters.c.message_id))) or 0
            metrics.DEAD_LETTERS.labels(service).set(dead)
            for run in scheduled_runs(session, now(), service=service):
                _show_run(run)
        _measure_recalculations(session)
    metrics.RELAY_PASS.set(time.time())


def measure_queues(redis: Any) -> None:
    """What lies on each queue, and what workers hold. Raises what the client raises; then call `queues_unknown`."""
    standings = read_queues(redis)
    metrics.REDIS_ANSWERS.set(1)
    for queue, standing in standings.items():
        metrics.QUEUE_LENGTH.labels(queue).set(standing.waiting)
        metrics.UNACKED.labels(queue).set(standing.unacked)
        metrics.UNACKED_OLDEST_SECONDS.labels(queue).set(standing.oldest_unacked_seconds or 0)


def queues_unknown() -> None:
    """Redis did not answer: say so, instead of showing what it held before."""
    metrics.REDIS_ANSWERS.set(0)
    for queue in Queue:
        for gauge in (metrics.QUEUE_LENGTH, metrics.UNACKED, metrics.UNACKED_OLDEST_SECONDS):
            gauge.labels(queue).set(_UNKNOWN)


def _show_run(run: ScheduledRun) -> None:
    if run.done_at is not None:
        metrics.SCHEDULE_LAST_SUCCESS.labels(run.name).set(run.done_at.timestamp())
    metrics.SCHEDULE_LATE_SECONDS.labels(run.name).set(seconds_late(run, now()))


def _measure_recalculations(session: Session) -> None:
    runs = dict.fromkeys(((mode, state) for mode in RecalculationMode for state in _UNDER_WAY), 0)
    found = session.execute(
        select(Recalculation.mode, Recalculation.state, func.count(Recalculation.id))
        .where(Recalculation.state.in_(_UNDER_WAY))
        .group_by(Recalculation.mode, Recalculation.state)
    )
    runs.update({(mode, state): count for mode, state, count in found})
    for (mode, state), count in runs.items():
        metrics.RECALCULATIONS.labels(mode, state).set(count)
    shards = dict.fromkeys(ShardState, 0)
    villages = session.execute(
        select(Shard.state, func.count(Shard.recalculation_id))
        .join(Recalculation, Recalculation.id == Shard.recalculation_id)
        .where(Recalculation.state.in_(_UNDER_WAY))
        .group_by(Shard.state)
    )
    shards.update({row[0]: row[1] for row in villages})
    for shard, count in shards.items():
        metrics.SHARDS.labels(shard).set(count)
