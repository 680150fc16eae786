"""Tasks of recalculation: parse the message, call the domain."""

from __future__ import annotations

import time

from sqlalchemy import event
from sqlalchemy.orm import Session

from services.points.recalculation.differences import forget_previews
from services.points.recalculation.dispatch import sweep_shards
from services.points.recalculation.shards import work_shard
from shared.database.engine import is_sqlite
from shared.logging import get_logger
from shared.messages.points_work import ForgetPreviews, RecalculateShard, SweepShards
from shared.messaging import receives

PAUSE_SECONDS = 0.1
"""How long a worker lets others write between two shards on SQLite, which has one writer."""


@receives(RecalculateShard)
def recalculate_shard(session: Session, message: RecalculateShard) -> None:
    """Score one village of a run."""
    outcome = work_shard(session, message.shard_id)
    if outcome is not None:
        get_logger().info("shard_done", shard=message.shard_id, events=outcome.events_scored, entries=outcome.entries)
        if is_sqlite(session):
            event.listen(session, "after_commit", lambda _: time.sleep(PAUSE_SECONDS), once=True)


@receives(SweepShards)
def sweep(session: Session, message: SweepShards) -> None:
    """Look after shards that were not heard of."""
    sweep_shards(session)


@receives(ForgetPreviews)
def forget(session: Session, message: ForgetPreviews) -> None:
    """Delete differences that are older than they are kept."""
    get_logger().info("previews_forgotten", differences=forget_previews(session))
