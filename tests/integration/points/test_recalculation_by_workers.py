"""A run through outbox, Redis and real workers: applied, cancelled and resumed, its shards sent twice."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from services.points.ledger.village import lock_ledger
from services.points.recalculation.losses import send_notices
from services.points.recalculation.progress import progress_of
from services.points.recalculation.runs import RunOrder, cancel_run, resume_run, start_run
from shared.database import Database
from shared.identity import Principal, Role
from shared.messages.points_work import RecalculateShard
from shared.messaging import outbox
from shared.models.plumbing_tables import inbox_of
from shared.models.points import (
    Account,
    Entry,
    Posting,
    PostingKind,
    RecalculationMode,
    RecalculationState,
    Shard,
    ShardState,
)
from shared.topology import Service
from tests.fixtures.databases import DatabaseFor
from tests.fixtures.township import PrincipalOf, SmallTownship
from tests.fixtures.waiting import wait_until
from tests.integration.points.scored_township import ScoredTownship, build_scored_township
from tests.integration.points.worker_processes import StartPointsWorker, finished, shards_in

pytestmark = pytest.mark.usefixtures("any_database", "redis_url")


@pytest.fixture
def database(database_for: DatabaseFor) -> Database:
    return database_for(Service.POINTS)


@pytest.fixture
def scored(database: Database, small_township: SmallTownship) -> ScoredTownship:
    with database.transaction() as session:
        return build_scored_township(session, small_township)


@pytest.fixture
def admin(principal_of: PrincipalOf) -> Principal:
    return principal_of(Role.ADMIN)


def previewed(database: Database, admin: Principal) -> int:
    with database.transaction() as session:
        run_id = start_run(session, admin, RunOrder(RecalculationMode.PREVIEW)).id
    assert finished(database, admin, run_id).run.state is RecalculationState.DONE
    with database.transaction() as session:
        send_notices(session, admin, run_id, reason="")
    return run_id


def apply(database: Database, admin: Principal, preview_id: int) -> int:
    with database.transaction() as session:
        return start_run(session, admin, RunOrder(RecalculationMode.APPLY, preview_id=preview_id)).id


def assert_posted_once(database: Database) -> None:
    """One posting of 25 entries a village, and every balance the sum of its entries."""
    with database.reading() as session:
        postings = session.scalars(select(Posting.entry_count).where(Posting.kind == PostingKind.RECALCULATION)).all()
        assert postings == [25, 25]
        sums = dict(
            session.execute(select(Entry.household_id, func.sum(Entry.amount)).group_by(Entry.household_id)).all()
        )
        assert sums == {account.household_id: account.balance for account in session.scalars(select(Account))}


def test_a_run_is_previewed_and_applied_by_workers_and_a_second_apply_posts_nothing(
    database: Database, scored: ScoredTownship, admin: Principal, start_points_worker: StartPointsWorker
) -> None:
    start_points_worker(processes=2)
    progress = finished(database, admin, apply(database, admin, previewed(database, admin)))
    assert (progress.run.state, progress.done, progress.total_of("changed")) == (RecalculationState.DONE, 2, 50)
    assert progress.total_of("changed_since_preview") == 0
    assert_posted_once(database)
    with database.transaction() as session:
        again = start_run(session, admin, RunOrder(RecalculationMode.APPLY, full=True)).id
    assert finished(database, admin, again).total_of("changed") == 0
    assert_posted_once(database)


def test_a_run_is_cancelled_between_shards_and_resumed(
    database: Database, scored: ScoredTownship, admin: Principal, start_points_worker: StartPointsWorker
) -> None:
    start_points_worker()
    preview_id = previewed(database, admin)
    # Whoever holds the second village's ledger (on SQLite: the file) holds the run back.
    with database.transaction() as holding:
        if database.dialect == "sqlite":
            run_id = start_run(holding, admin, RunOrder(RecalculationMode.APPLY, preview_id=preview_id)).id
            cancel_run(holding, admin, run_id)
        else:
            lock_ledger(holding, scored.villages[1])
            run_id = apply(database, admin, preview_id)
            wait_until(lambda: shards_in(database, run_id, ShardState.DONE) == 1, timeout=60)
            with database.transaction() as session:
                cancel_run(session, admin, run_id)
                assert progress_of(session, admin, run_id).run.state is RecalculationState.CANCELLED
    done = shards_in(database, run_id, ShardState.DONE)
    assert done in (0, 1, 2)
    with database.transaction() as session:
        resume_run(session, admin, run_id)
    assert finished(database, admin, run_id).run.state is RecalculationState.DONE
    assert_posted_once(database)


def test_two_copies_of_a_shard_do_its_work_once(
    database: Database, scored: ScoredTownship, admin: Principal, start_points_worker: StartPointsWorker
) -> None:
    start_points_worker(processes=2)
    run_id = apply(database, admin, previewed(database, admin))
    with database.transaction() as session:
        shards = session.scalars(select(Shard.id).where(Shard.recalculation_id == run_id)).all()
        copies = outbox.send_all(session, [RecalculateShard(shard) for shard in (*shards, *shards)])
    assert finished(database, admin, run_id).run.state is RecalculationState.DONE

    def all_copies_ended() -> bool:
        inbox = inbox_of(Service.POINTS)
        with database.reading() as session:
            return session.scalar(select(func.count()).where(inbox.c.message_id.in_(copies))) == len(copies)

    wait_until(all_copies_ended, timeout=60)
    assert_posted_once(database)
