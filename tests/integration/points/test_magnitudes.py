"""An old quantity times the points of a later revision: what no ledger can hold is named, not parked silently."""

from __future__ import annotations

import pytest
from sqlalchemy import select, update

from services.points.events.bulk import ReviewedEvent, record_events_bulk
from services.points.events.declarations import Declaration, declare_events
from services.points.events.reviews import Verdict, review_event, void_event
from services.points.recalculation.progress import RunProgress, progress_of
from services.points.recalculation.runs import RunOrder, resume_run, start_run
from services.points.recalculation.shards import work_shard
from shared.database import Database
from shared.errors import Conflict
from shared.identity import Role
from shared.models.points import (
    Event,
    EventState,
    RecalculationMode,
    RecalculationState,
    Review,
    Rule,
    Shard,
    ShardState,
)
from shared.quarters import first_day
from shared.topology import Service
from tests.fixtures.databases import DatabaseFor
from tests.fixtures.township import PrincipalOf, SmallTownship
from tests.integration.points.scored_township import FIRST_QUARTER, ScoredTownship, adopt, build_scored_township

pytestmark = pytest.mark.usefixtures("any_database")
QUANTITY = 900_000_000
"""Nine million times, which the first revision allowed for a hundredth of a point each."""


@pytest.fixture
def database(database_for: DatabaseFor) -> Database:
    return database_for(Service.POINTS)


@pytest.fixture
def scored(database: Database, small_township: SmallTownship) -> ScoredTownship:
    """The first village's first household has a record of nine million, where the second revision gives 5 each."""
    with database.transaction() as session:
        scored = build_scored_township(session, small_township, events=False, adopt_second=False)
        line = update(Rule).where(Rule.code_id == scored.codes["CLEAN"])
        session.execute(line.where(Rule.rulebook_id == scored.first).values(points=1, max_quantity=QUANTITY))
        session.execute(line.where(Rule.rulebook_id == scored.second).values(points=500, max_quantity=1000))
    with database.transaction() as session:
        for village in small_township.villages:
            quantity = QUANTITY if village is small_township.villages[0] else 300
            household = village.households[0]
            event = ReviewedEvent(household, scored.codes["CLEAN"], first_day(FIRST_QUARTER), quantity)
            record_events_bulk(session, village.id, [event], made_by="test")
        adopt(session, scored)
    return scored


def work_off(database: Database, run_id: int) -> None:
    sent = select(Shard.id).where(Shard.recalculation_id == run_id, Shard.state == ShardState.RUNNING)
    with database.transaction() as session:
        while shards := session.scalars(sent).all():
            for shard_id in shards:
                work_shard(session, shard_id)


def previewed(database: Database, principal_of: PrincipalOf) -> RunProgress:
    admin = principal_of(Role.ADMIN)
    with database.transaction() as session:
        run_id = start_run(session, admin, RunOrder(RecalculationMode.PREVIEW)).id
    work_off(database, run_id)
    with database.reading() as session:
        return progress_of(session, admin, run_id)


def test_the_run_names_the_record_at_once_and_scores_the_other_villages(
    database: Database, scored: ScoredTownship, principal_of: PrincipalOf
) -> None:
    progress = previewed(database, principal_of)
    assert (progress.run.state, progress.done, progress.parked) == (RecalculationState.PARKED, 1, 1)
    (sentence,) = progress.errors
    assert sentence.startswith(f"{scored.township.villages[0].name}没有算成，已经搁置。1 号户（")
    assert "2026年1月1日 周四" in sentence
    assert "的“打扫门前”记了 9000000.00 次，按第 2 版每次 +5.00 分，一条就超过一千万分" in sentence
    assert "请作废这条记录重新登记" in sentence


def test_the_run_goes_on_once_the_record_is_voided(
    database: Database, scored: ScoredTownship, principal_of: PrincipalOf
) -> None:
    admin = principal_of(Role.ADMIN)
    run_id = previewed(database, principal_of).run.id
    with database.transaction() as session:
        event = session.scalars(select(Event.id).where(Event.quantity == QUANTITY)).one()
        void_event(session, admin, event, reason="数量登记错了")
        resume_run(session, admin, run_id)
    work_off(database, run_id)
    with database.reading() as session:
        progress = progress_of(session, admin, run_id)
        assert (progress.run.state, progress.errors) == (RecalculationState.DONE, [])


def test_a_large_quantity_that_a_ledger_can_hold_is_scored(
    database: Database, scored: ScoredTownship, principal_of: PrincipalOf
) -> None:
    with database.transaction() as session:
        session.execute(update(Rule).where(Rule.rulebook_id == scored.second, Rule.points == 500).values(points=111))
    progress = previewed(database, principal_of)
    assert (progress.run.state, progress.errors) == (RecalculationState.DONE, [])
    assert progress.villages[0].points_up == QUANTITY * 110 // 100


@pytest.mark.parametrize("points", [500, -500])
def test_a_declaration_from_before_its_quarter_moved_is_refused_in_words_and_can_be_rejected(
    database: Database, scored: ScoredTownship, principal_of: PrincipalOf, points: int
) -> None:
    village = scored.township.villages[0]
    with database.transaction() as session:
        line = update(Rule).where(Rule.code_id == scored.codes["CLEAN"], Rule.rulebook_id == scored.first)
        session.execute(line.values(review=Review.SINGLE))
        cadre = principal_of(Role.CADRE, village=0)
        stated = Declaration(village.households[1], "CLEAN", first_day(FIRST_QUARTER), QUANTITY)
        (event,) = declare_events(session, cadre, [stated])
        event_id = event.id
        session.execute(line.values(points=points))
    reviewer = principal_of(Role.ADMIN)
    with (
        database.transaction() as session,
        pytest.raises(Conflict, match=r"一条就超过一千万分，不能记账。请选“不通过”"),
    ):
        review_event(session, reviewer, event_id, verdict=Verdict.APPROVE)
    with database.transaction() as session:
        event = review_event(session, reviewer, event_id, verdict=Verdict.REJECT, reason="单位改了")
        assert event.state is EventState.REJECTED
