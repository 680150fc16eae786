"""Two at once on PostgreSQL, where transactions run side by side: what one decides the other must see."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import func, select, text

from services.points.events.declarations import Declaration, declare_events
from services.points.events.records import record_message
from services.points.events.reviews import Verdict, review_event
from services.points.ledger.village import lock_ledger
from services.points.quarters.opening import open_quarters
from services.points.recalculation.runs import RunOrder, cancel_run, resume_run, start_run
from services.points.recalculation.shards import work_shard
from services.points.verification.checks import check_village
from shared.calendar import today
from shared.database import Database
from shared.identity import Role
from shared.messages.points import RecordEvent
from shared.models.points import (
    Account,
    Event,
    EventSource,
    EventState,
    RecalculationMode,
    RecalculationState,
    Shard,
    ShardState,
    VillageQuarter,
)
from shared.quarters import quarter_of
from shared.topology import Service
from tests.fixtures.databases import DatabaseFor
from tests.fixtures.township import PrincipalOf, SmallTownship
from tests.fixtures.waiting import wait_until
from tests.integration.points.scored_township import ScoredTownship, build_scored_township

pytestmark = pytest.mark.usefixtures("postgresql_database")


@pytest.fixture
def database(database_for: DatabaseFor) -> Database:
    return database_for(Service.POINTS)


@pytest.fixture
def scored(database: Database, small_township: SmallTownship) -> ScoredTownship:
    with database.transaction() as session:
        return build_scored_township(session, small_township, adopt_second=False)


def waits_for_a_lock(database: Database) -> bool:
    with database.reading() as session:
        return bool(session.scalar(text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")))


def test_a_withdrawal_that_meets_a_review_takes_back_what_the_review_has_posted(
    database: Database, scored: ScoredTownship, principal_of: PrincipalOf
) -> None:
    village = scored.township.villages[0]
    stated = RecordEvent(
        source="intake.demand:17",
        source_version=1,
        withdrawn=False,
        household_id=village.households[1],
        rule_code="CLEAN",
        occurred_on=date(2026, 5, 20),
        quantity=300,
        note="反映路灯损坏",
        declared_by=None,
        declarer_name="村干部",
    )
    with database.transaction() as session:
        record_message(session, stated)

    def withdraw() -> None:
        with database.transaction() as session:
            record_message(session, replace(stated, source_version=2, withdrawn=True))

    withdrawal = threading.Thread(target=withdraw)
    with database.transaction() as session:
        event_id = session.scalars(select(EventSource.event_id)).one()
        assert event_id is not None
        review_event(session, principal_of(Role.CADRE), event_id, verdict=Verdict.APPROVE)
        withdrawal.start()
        wait_until(lambda: waits_for_a_lock(database))
    withdrawal.join()
    with database.transaction() as session:
        assert session.scalars(select(Event.state).where(Event.id == event_id)).one() is EventState.VOIDED
        balance = session.scalars(select(Account.balance).where(Account.household_id == village.households[1])).one()
        assert balance == 3600
        assert [check.sentence for check in check_village(session, village.id) if not check.passed] == []


def test_a_request_and_the_clock_that_open_the_same_quarter_at_once_both_succeed(
    database: Database, scored: ScoredTownship, principal_of: PrincipalOf
) -> None:
    village = scored.township.villages[1]
    opened: list[int] = []

    def open_all() -> None:
        with database.transaction() as session:
            opened.append(open_quarters(session))

    clock = threading.Thread(target=open_all)
    with database.transaction() as session:
        declare_events(session, principal_of(Role.ADMIN), [Declaration(village.households[0], "CLEAN", today())])
        clock.start()
        wait_until(lambda: waits_for_a_lock(database))
    clock.join()
    # The request has made the row of its village; the clock those of the others.
    assert opened == [1]
    with database.reading() as session:
        rows = session.scalars(select(VillageQuarter.village_id).where(VillageQuarter.quarter == quarter_of(today())))
        assert sorted(rows) == sorted(scored.villages)


def test_a_request_that_comes_while_the_clock_opens_quarters_finds_the_row(
    database: Database, scored: ScoredTownship, principal_of: PrincipalOf
) -> None:
    village = scored.township.villages[1]

    def declare() -> None:
        with database.transaction() as session:
            declare_events(session, principal_of(Role.ADMIN), [Declaration(village.households[0], "CLEAN", today())])

    request = threading.Thread(target=declare)
    with database.transaction() as session:
        assert open_quarters(session) == 2
        request.start()
        wait_until(lambda: waits_for_a_lock(database))
    request.join()
    with database.reading() as session:
        assert session.scalars(select(Event.state).where(Event.occurred_on == today())).all() == [EventState.DECLARED]


def test_a_run_that_is_cancelled_during_its_last_shard_is_done_when_it_is_resumed(
    database: Database, scored: ScoredTownship, principal_of: PrincipalOf
) -> None:
    admin, village = principal_of(Role.ADMIN), scored.township.villages[0]
    with database.transaction() as session:
        run_id = start_run(session, admin, RunOrder(RecalculationMode.APPLY, villages=(village.code,), full=True)).id
        shard_id = session.scalars(select(Shard.id).where(Shard.recalculation_id == run_id)).one()

    def work() -> None:
        with database.transaction() as session:
            work_shard(session, shard_id)

    worker = threading.Thread(target=work)
    with database.transaction() as session:
        lock_ledger(session, village.id)
        worker.start()
        wait_until(lambda: waits_for_a_lock(database))
        with database.transaction() as other:
            cancel_run(other, admin, run_id)
    worker.join()
    with database.transaction() as session:
        assert session.get_one(Shard, shard_id).state is ShardState.DONE
        assert resume_run(session, admin, run_id).state is RecalculationState.DONE


def test_batches_over_several_villages_at_once_wait_for_each_other_in_one_order(
    database: Database, scored: ScoredTownship, principal_of: PrincipalOf
) -> None:
    """The quarter has no row yet, so every row asks for its village's ledger: each batch in its own order."""
    here, there = scored.township.villages
    admin = principal_of(Role.ADMIN)
    first = Declaration(here.households[0], "CLEAN", today())
    last = Declaration(there.households[0], "CLEAN", today())
    start, failures = threading.Barrier(2), []

    def declare(rows: list[Declaration]) -> None:
        try:
            with database.transaction() as session:
                start.wait()
                declare_events(session, admin, rows * 20)
        except Exception as error:  # the test says which
            failures.append(error)

    batches = [threading.Thread(target=declare, args=(rows,)) for rows in ([first, last], [last, first])]
    for batch in batches:
        batch.start()
    for batch in batches:
        batch.join()
    assert failures == []
    with database.reading() as session:
        waiting = select(func.count()).select_from(Event).where(Event.state == EventState.DECLARED)
        assert session.scalar(waiting) == 80
