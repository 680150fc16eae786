"""Two acts that meet in one village on PostgreSQL: the later one waits, sees what the earlier decided, and goes on."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import date

import pytest
from sqlalchemy import func, select, text, update
from sqlalchemy.orm import Session

from services.points.events.declarations import Declaration, declare_events
from services.points.events.reviews import Verdict, review_event, void_event
from services.points.imports.batches import release_import
from services.points.imports.releasing import post_released
from services.points.quarters.transitions import publish_quarter, tally_quarter
from services.points.recalculation.losses import send_notices
from services.points.recalculation.runs import RunOrder, start_run
from services.points.recalculation.shards import work_shard
from services.points.recalculation.targets import waiting_villages
from services.points.rulebooks.adoption import Decision, Matter, adopt_rulebook
from services.points.rulebooks.corrections import Correction
from services.points.verification.checks import check_village
from shared.calendar import today
from shared.database import Database
from shared.errors import Conflict, DomainError
from shared.identity import Principal, Role
from shared.models.points import (
    Adoption,
    Entry,
    Event,
    EventState,
    PostingKind,
    RecalculationMode,
    Review,
    Rule,
    Rulebook,
    Shard,
)
from shared.models.points import Posting as LedgerPosting
from shared.quarters import first_day, quarter_of
from shared.topology import Service
from tests.fixtures.databases import DatabaseFor
from tests.fixtures.township import PrincipalOf, SmallTownship, SmallVillage
from tests.fixtures.waiting import wait_until
from tests.integration.points.scored_township import FIRST_QUARTER, ScoredTownship, build_scored_township
from tests.integration.points.test_imports import imported, workbook

pytestmark = pytest.mark.usefixtures("postgresql_database")
Act = Callable[[Session], object]


@pytest.fixture
def database(database_for: DatabaseFor) -> Database:
    return database_for(Service.POINTS)


@pytest.fixture
def scored(database: Database, small_township: SmallTownship) -> ScoredTownship:
    with database.transaction() as session:
        return build_scored_township(session, small_township, adopt_second=False)


@pytest.fixture
def village(scored: ScoredTownship) -> SmallVillage:
    return scored.township.villages[0]


@pytest.fixture
def cadres(principal_of: PrincipalOf) -> tuple[Principal, Principal]:
    return principal_of(Role.CADRE), principal_of(Role.CADRE, number=1)


@pytest.fixture
def admin(principal_of: PrincipalOf) -> Principal:
    return principal_of(Role.ADMIN)


def meet(database: Database, earlier: Act, later: Act) -> DomainError | None:
    """Let `later` begin when `earlier` has done its work and not yet committed; what it was refused with."""
    refusals: list[DomainError] = []
    failures: list[Exception] = []

    def come_later() -> None:
        try:
            with database.transaction() as session:
                later(session)
        except DomainError as refusal:
            refusals.append(refusal)
        except Exception as error:  # the test says which
            failures.append(error)

    thread = threading.Thread(target=come_later)
    with database.transaction() as session:
        earlier(session)
        thread.start()
        wait_until(lambda: _waits(database))
    thread.join()
    assert failures == []
    return refusals[0] if refusals else None


def _waits(database: Database) -> bool:
    with database.reading() as session:
        return bool(session.scalar(text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")))


def assert_proven(database: Database, village: SmallVillage) -> None:
    with database.transaction() as session:
        assert [check.sentence for check in check_village(session, village.id) if not check.passed] == []


def declared(database: Database, member: Principal, household: int, day: date) -> int:
    with database.transaction() as session:
        return declare_events(session, member, [Declaration(household, "CLEAN", day)])[0].id


@pytest.mark.parametrize("review", [Review.SINGLE, Review.DOUBLE])
def test_of_two_reviewers_at_once_each_counts_once(
    database: Database,
    scored: ScoredTownship,
    village: SmallVillage,
    cadres: tuple[Principal, Principal],
    principal_of: PrincipalOf,
    review: Review,
) -> None:
    with database.transaction() as session:
        session.execute(update(Rule).where(Rule.code_id == scored.codes["CLEAN"]).values(review=review))
    event_id = declared(database, principal_of(Role.GRID_MEMBER), village.households[1], date(2026, 6, 1))

    def approve(cadre: Principal) -> Act:
        return lambda session: review_event(session, cadre, event_id, verdict=Verdict.APPROVE)

    refusal = meet(database, approve(cadres[0]), approve(cadres[1]))
    assert isinstance(refusal, Conflict) == (review is Review.SINGLE)
    with database.reading() as session:
        event = session.scalars(select(Event).where(Event.id == event_id)).one()
        assert event.state is EventState.POSTED
        second = None if review is Review.SINGLE else cadres[1].person_id
        assert (event.reviewed_by, event.second_by) == (cadres[0].person_id, second)
        assert session.scalars(select(Entry.amount).where(Entry.event_id == event_id)).all() == [100]
    assert_proven(database, village)


def test_a_rejection_that_meets_an_approval_comes_too_late(
    database: Database, village: SmallVillage, cadres: tuple[Principal, Principal], principal_of: PrincipalOf
) -> None:
    event_id = declared(database, principal_of(Role.GRID_MEMBER), village.households[1], date(2026, 6, 1))
    refusal = meet(
        database,
        lambda session: review_event(session, cadres[0], event_id, verdict=Verdict.APPROVE),
        lambda session: review_event(session, cadres[1], event_id, verdict=Verdict.REJECT, reason="不实"),
    )
    assert isinstance(refusal, Conflict)
    assert_proven(database, village)


@pytest.mark.parametrize("void_first", [True, False])
def test_a_void_and_a_shard_that_moves_the_quarter_leave_nothing_of_the_event(
    database: Database,
    scored: ScoredTownship,
    village: SmallVillage,
    cadres: tuple[Principal, Principal],
    admin: Principal,
    void_first: bool,
) -> None:
    with database.transaction() as session:
        event_id = session.scalars(
            select(Event.id).where(Event.household_id == village.households[1], Event.rule_id == scored.codes["HELP"])
        ).first()
        assert event_id is not None
        session.add(
            Adoption(village_id=village.id, rulebook_id=scored.second, from_quarter=FIRST_QUARTER, matter_number="2")
        )
        run = start_run(session, admin, RunOrder(RecalculationMode.APPLY, villages=(village.code,), full=True))
        shard_id = session.scalars(select(Shard.id).where(Shard.recalculation_id == run.id)).one()

    def void(session: Session) -> None:
        void_event(session, cadres[0], event_id, reason="登记错误")

    def work(session: Session) -> None:
        work_shard(session, shard_id)

    assert meet(database, *((void, work) if void_first else (work, void))) is None
    with database.reading() as session:
        assert session.scalar(select(func.sum(Entry.amount)).where(Entry.event_id == event_id)) == 0
        kinds = session.scalars(select(LedgerPosting.kind).order_by(LedgerPosting.seq.desc()).limit(2)).all()
        assert set(kinds) == {PostingKind.EVENTS, PostingKind.RECALCULATION}
    assert_proven(database, village)


@pytest.mark.parametrize("publish_first", [True, False])
def test_a_quarter_that_is_published_while_an_import_is_released_holds_all_or_nothing_of_it(
    database: Database, village: SmallVillage, cadres: tuple[Principal, Principal], publish_first: bool
) -> None:
    sheet = workbook([[village.name, 2, "", "CLEAN", f"2026-03-{day:02d}", 1, ""] for day in range(10, 20)])
    import_id = imported(database, cadres[0], sheet)
    with database.transaction() as session:
        release_import(session, cadres[1], import_id)

    def publish(session: Session) -> None:
        tally_quarter(session, cadres[0], village.code, FIRST_QUARTER)
        publish_quarter(session, cadres[0], village.code, FIRST_QUARTER)

    def release(session: Session) -> None:
        assert post_released(session, import_id) is not None

    assert meet(database, *((publish, release) if publish_first else (release, publish))) is None
    with database.reading() as session:
        booked = session.execute(
            select(Entry.quarter, func.sum(Entry.amount))
            .join(Event, (Event.village_id == Entry.village_id) & (Event.id == Entry.event_id))
            .where(Event.import_id == import_id)
            .group_by(Entry.quarter)
        ).all()
        assert [tuple(row) for row in booked] == [(FIRST_QUARTER + publish_first, 1000)]
    assert_proven(database, village)


def test_the_same_decision_taken_down_twice_at_once_is_one_adoption(
    database: Database, scored: ScoredTownship, village: SmallVillage, cadres: tuple[Principal, Principal]
) -> None:
    decision = Decision(village.code, first_day(quarter_of(today())), Matter("决议2号", date(2026, 3, 1)))
    made: list[int] = []

    def adopt(session: Session) -> None:
        made.append(adopt_rulebook(session, cadres[0], session.get_one(Rulebook, scored.second), decision).id)

    assert meet(database, adopt, adopt) is None
    assert made[0] == made[1]


@pytest.mark.parametrize("preview_first", [True, False])
def test_a_correction_that_meets_a_preview_is_only_applied_where_the_preview_has_shown_it(
    database: Database, scored: ScoredTownship, village: SmallVillage, admin: Principal, preview_first: bool
) -> None:
    preview = RunOrder(RecalculationMode.PREVIEW, villages=(village.code,))
    with database.transaction() as session:
        run_id = start_run(session, admin, preview).id
        shard_id = session.scalars(select(Shard.id).where(Shard.recalculation_id == run_id)).one()
    correction = Correction(("FINE", "HELP"), "录入时打错了两处")
    decision = Decision(village.code, first_day(FIRST_QUARTER), Matter("决议2号", date(2026, 3, 1)), correction)

    def adopt(session: Session) -> None:
        adopt_rulebook(session, admin, session.get_one(Rulebook, scored.second), decision)

    def work(session: Session) -> None:
        work_shard(session, shard_id)

    assert meet(database, *((work, adopt) if preview_first else (adopt, work))) is None
    with database.transaction() as session:
        assert [each.code for each in waiting_villages(session, admin)] == [village.code]
        with suppress(DomainError):
            send_notices(session, admin, run_id, reason="录入时打错了两处")
    apply = RunOrder(RecalculationMode.APPLY, villages=(village.code,), preview_id=run_id)
    try:
        with database.transaction() as session:
            start_run(session, admin, apply)
        has_started = True
    except Conflict:
        has_started = False
    assert has_started != preview_first
    assert_proven(database, village)
