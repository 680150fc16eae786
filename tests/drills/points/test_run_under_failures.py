"""A recalculation while things break: a worker killed inside a shard, Redis emptied, a shard that can not be done."""

from __future__ import annotations

import os
import signal

import pytest
import redis as redis_client
from sqlalchemy import text

from services.points.ledger.village import lock_ledger
from services.points.recalculation.dispatch import sweep_shards
from services.points.recalculation.runs import RunOrder, resume_run, start_run
from shared.database import Database
from shared.identity import Principal, Role
from shared.models.base import now
from shared.models.points import RecalculationMode, RecalculationState, Shard, ShardState
from shared.topology import Service
from tests.fixtures.databases import DatabaseFor
from tests.fixtures.township import PrincipalOf, SmallTownship
from tests.fixtures.waiting import wait_until
from tests.integration.messaging.worker_processes import StartProcess
from tests.integration.points.scored_township import ScoredTownship, build_scored_township
from tests.integration.points.test_recalculation_by_workers import apply, assert_posted_once, previewed
from tests.integration.points.worker_processes import StartPointsWorker, finished, let_time_pass, shards_in

pytestmark = pytest.mark.usefixtures("redis_url")


@pytest.fixture
def database(any_database: str, database_for: DatabaseFor) -> Database:
    return database_for(Service.POINTS)


@pytest.fixture
def scored(database: Database, small_township: SmallTownship) -> ScoredTownship:
    with database.transaction() as session:
        return build_scored_township(session, small_township)


@pytest.fixture
def admin(principal_of: PrincipalOf) -> Principal:
    return principal_of(Role.ADMIN)


def start_relay(start_process: StartProcess) -> None:
    start_process("relay", ["shared.messaging.relay"], XZ_RELAY_INTERVAL_SECONDS="0.2")


def finished_in_time(database: Database, admin: Principal, run_id: int) -> None:
    """What was lost on the way is due at once; wait for the run's end."""
    wait_until(lambda: let_time_pass(database) or not shards_left(database, run_id), timeout=120, every=1.0)
    assert finished(database, admin, run_id).run.state is RecalculationState.DONE


def shards_left(database: Database, run_id: int) -> int:
    return sum(shards_in(database, run_id, state) for state in (ShardState.WAITING, ShardState.RUNNING))


def test_a_worker_killed_in_the_middle_of_a_shard_loses_and_doubles_nothing(
    database: Database,
    scored: ScoredTownship,
    admin: Principal,
    start_points_worker: StartPointsWorker,
    start_process: StartProcess,
) -> None:
    doomed = start_points_worker("doomed")
    preview_id = previewed(database, admin)
    if database.dialect == "sqlite":
        run_id = apply(database, admin, preview_id)
        os.killpg(doomed.process.pid, signal.SIGKILL)
    else:
        with database.transaction() as holding:
            # The worker has taken the first shard's row, and waits for its village's ledger.
            lock_ledger(holding, scored.villages[0])
            run_id = apply(database, admin, preview_id)
            wait_until(lambda: waits_for_a_lock(database), timeout=60)
            os.killpg(doomed.process.pid, signal.SIGKILL)
    doomed.process.wait()
    start_points_worker("second")
    start_relay(start_process)
    finished_in_time(database, admin, run_id)
    assert_posted_once(database)


def waits_for_a_lock(database: Database) -> bool:
    with database.reading() as session:
        waiting = (
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        )
        return bool(session.scalar(text(waiting)))


def test_a_run_ends_although_redis_is_emptied_again_and_again(
    database: Database,
    scored: ScoredTownship,
    admin: Principal,
    start_points_worker: StartPointsWorker,
    start_process: StartProcess,
    redis_url: str,
) -> None:
    start_points_worker()
    preview_id = previewed(database, admin)
    start_relay(start_process)
    with redis_client.Redis.from_url(redis_url) as client:
        client.flushall()
        run_id = apply(database, admin, preview_id)
        client.flushall()
        wait_until(lambda: shards_in(database, run_id, ShardState.DONE) >= 1, timeout=120)
        client.flushall()
    finished_in_time(database, admin, run_id)
    assert_posted_once(database)


def test_a_shard_that_fails_five_times_is_parked_and_the_others_are_done(
    database: Database,
    scored: ScoredTownship,
    admin: Principal,
    start_points_worker: StartPointsWorker,
    start_process: StartProcess,
) -> None:
    start_points_worker()
    preview_id = previewed(database, admin)
    with database.transaction() as session:
        session.execute(text(_BREAK[database.dialect].format(village=scored.villages[0])))
        if database.dialect == "postgresql":
            session.execute(text(_TRIGGER))
    run_id = apply(database, admin, preview_id)
    start_relay(start_process)

    def is_parked() -> bool:
        let_time_pass(database)
        with database.transaction() as session:
            session.query(Shard).filter(Shard.state == ShardState.RUNNING).update({Shard.lease_until: now()})
            session.flush()
            sweep_shards(session)
        return shards_in(database, run_id, ShardState.PARKED) == 1

    wait_until(is_parked, timeout=150, every=1.0)
    progress = finished(database, admin, run_id)
    assert (progress.run.state, progress.done, progress.parked) == (RecalculationState.PARKED, 1, 1)
    assert "broken on purpose" in next(village.error for village in progress.villages if village.error)
    with database.transaction() as session:
        session.execute(text(_MEND[database.dialect]))
        resume_run(session, admin, run_id)
    finished_in_time(database, admin, run_id)
    assert_posted_once(database)
    with database.transaction() as session:
        again = start_run(session, admin, RunOrder(RecalculationMode.APPLY)).id
    finished_in_time(database, admin, again)


_BREAK = {
    "sqlite": "CREATE TRIGGER break_posting BEFORE INSERT ON points_posting WHEN NEW.village_id = {village}"
    " BEGIN SELECT RAISE(ABORT, 'broken on purpose'); END",
    "postgresql": "CREATE FUNCTION break_posting() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
    " IF NEW.village_id = {village} THEN RAISE EXCEPTION 'broken on purpose'; END IF; RETURN NEW; END $$",
}
_TRIGGER = "CREATE TRIGGER break_posting BEFORE INSERT ON points_posting FOR EACH ROW EXECUTE FUNCTION break_posting()"
_MEND = {"sqlite": "DROP TRIGGER break_posting", "postgresql": "DROP TRIGGER break_posting ON points_posting"}
