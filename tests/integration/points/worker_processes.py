"""Real processes of the points service for tests: bulk workers and the relay."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select, update

from services.points.recalculation.progress import RunProgress, progress_of
from shared.database import Database
from shared.heartbeat import age_of
from shared.identity import Principal
from shared.models.base import now
from shared.models.plumbing_tables import outbox_of
from shared.models.points import RecalculationState, Shard, ShardState
from tests.fixtures.waiting import wait_until
from tests.integration.messaging.worker_processes import RunningProcess, StartProcess

StartPointsWorker = Callable[..., RunningProcess]


@pytest.fixture
def start_points_worker(start_process: StartProcess) -> StartPointsWorker:
    """Start a worker of the points service's bulk queue, and wait until it takes messages."""

    def start(name: str = "points-bulk", *, processes: int = 1) -> RunningProcess:
        module = ["celery", "-A", "services.points.worker", "worker", "-l", "INFO"]
        options = ["-n", f"{name}@test", "-Q", "points.bulk", "-c", str(processes)]
        running = start_process(
            name, [*module, *options, "--without-gossip", "--without-mingle", "--without-heartbeat"]
        )
        wait_until(lambda: age_of(name) is not None or running.process.poll() is not None, timeout=90)
        assert running.process.poll() is None, running.log.read_text()
        return running

    return start


def finished(database: Database, actor: Principal, run_id: int, *, timeout: float = 90) -> RunProgress:
    """Wait until a run is no longer running; how it ended."""

    def ended() -> RunProgress | None:
        with database.reading() as session:
            progress = progress_of(session, actor, run_id)
        return progress if progress.run.state is not RecalculationState.RUNNING else None

    return wait_until(ended, timeout=timeout, every=0.1) or pytest.fail("never")


def shards_in(database: Database, run_id: int, state: ShardState) -> int:
    with database.reading() as session:
        return len(
            session.scalars(select(Shard.id).where(Shard.recalculation_id == run_id, Shard.state == state)).all()
        )


def let_time_pass(database: Database) -> None:
    """What waits in the outbox is due for its next sending now."""
    table = outbox_of(database.service)
    with database.transaction() as session:
        session.execute(update(table).where(table.c.done_at.is_(None)).values(next_send_at=now()))
