"""The set-based statements equal the plain reference on random rulebooks and events, and the ledger equals both."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from services.points.events.bulk import ReviewedEvent, record_events_bulk
from services.points.events.posting import post_changes
from services.points.events.sequence import EVENT_IDS, allocate_ids
from services.points.ledger.village import prepare_village
from services.points.scoring import (
    Scope,
    count_scored,
    differences,
    everything,
    lock_village,
    recalculate,
    scope_of_events,
    score_and_post,
)
from services.points.scoring.lines import Line
from shared.database import Database
from shared.models.points import (
    Account,
    Entry,
    Event,
    EventState,
    PostingKind,
    Recalculation,
    RecalculationMode,
)
from shared.quarters import quarter_of
from shared.topology import Service
from tests.fixtures.databases import DatabaseFor
from tests.fixtures.township import SmallTownship
from tests.properties.points.reference import Fact, score
from tests.properties.points.worlds import (
    FIRST_DAY,
    Happening,
    Sheet,
    add_codes,
    add_rulebook,
    adopt,
    happenings,
    revised,
    sheets,
)

on_one_database = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
worlds = st.tuples(sheets(), happenings())


@contextmanager
def undone(database: Database) -> Iterator[Session]:
    """A writing transaction that is rolled back, so that the next example finds a clean database."""
    session = database.open_session(write=True)
    try:
        yield session
    finally:
        session.rollback()
        session.close()


def _record(session: Session, township: SmallTownship, codes: list[int], events: list[Happening]) -> None:
    record_events_bulk(
        session,
        township.villages[0].id,
        [
            ReviewedEvent(
                township.villages[0].households[event.household],
                codes[event.rule],
                event.day,
                event.quantity,
                event.chosen,
            )
            for event in events
        ],
        made_by="task:test",
    )


def _facts(session: Session, village_id: int) -> list[Fact]:
    return [
        Fact(event.id, event.household_id, event.rule_id, event.occurred_on, event.quantity, event.chosen)
        for event in session.scalars(
            select(Event).where(Event.village_id == village_id, Event.state == EventState.POSTED)
        )
    ]


def _held(session: Session, village_id: int) -> dict[int, int]:
    rows = session.execute(
        select(Entry.event_id, func.sum(Entry.amount)).where(Entry.village_id == village_id).group_by(Entry.event_id)
    )
    return {event_id: int(amount) for event_id, amount in rows if amount}


def _expected(session: Session, village_id: int, lines: Mapping[int, Mapping[int, Line]]) -> dict[int, int]:
    return {event_id: amount for event_id, amount in score(_facts(session, village_id), lines).items() if amount}


def _by_quarter(sheet: Sheet, codes: list[int]) -> dict[int, dict[int, Line]]:
    first = quarter_of(FIRST_DAY)
    by_code = {codes[index]: line for index, line in sheet.items()}
    return dict.fromkeys(range(first, first + 6), by_code)


def _start(session: Session, township: SmallTownship, sheet: Sheet) -> list[int]:
    codes = add_codes(session, township.id)
    rulebook = add_rulebook(session, township.id, 1, sheet, codes)
    adopt(session, township.villages[0].id, rulebook, quarter_of(FIRST_DAY))
    prepare_village(session, township.villages[0].id)
    return codes


def _balances_follow(session: Session, village_id: int) -> None:
    sums = session.execute(
        select(Entry.household_id, func.sum(Entry.amount))
        .where(Entry.village_id == village_id)
        .group_by(Entry.household_id)
    )
    rows = session.execute(select(Account.household_id, Account.balance).where(Account.village_id == village_id))
    accounts = {row.household_id: row.balance for row in rows}
    assert accounts == {household: int(amount) for household, amount in sums}


@given(world=worlds)
@on_one_database
def test_every_event_scores_as_the_reference_says(
    world: tuple[Sheet, list[Happening]], database_for: DatabaseFor, any_database: str, small_township: SmallTownship
) -> None:
    sheet, events = world
    village = small_township.villages[0].id
    with undone(database_for(Service.POINTS)) as session:
        codes = _start(session, small_township, sheet)
        _record(session, small_township, codes, events)
        assert _held(session, village) == _expected(session, village, _by_quarter(sheet, codes))
        _balances_follow(session, village)
        # A code that no revision ever had can't be declared: it is outside every scope, and worth nothing.
        known = sum(event.rule in sheet for event in events)
        everyone = frozenset(small_township.villages[0].households)
        whole = everything(session, village)
        for scope in (whole, Scope(whole.touched, everyone)):
            assert differences(session, village, scope=scope) == []
            assert count_scored(session, village, scope=scope).events_scored == known


@given(world=worlds, late=happenings(6), voids=st.sets(st.integers(0, 39), max_size=3))
@on_one_database
def test_single_events_and_voids_re_score_all_that_they_touch_and_no_more(
    world: tuple[Sheet, list[Happening]],
    late: list[Happening],
    voids: set[int],
    database_for: DatabaseFor,
    any_database: str,
    small_township: SmallTownship,
) -> None:
    sheet, events = world
    place = small_township.villages[0]
    with undone(database_for(Service.POINTS)) as session:
        codes = _start(session, small_township, sheet)
        _record(session, small_township, codes, events)
        for event in late:
            _record_one(session, small_township, codes, event)
            assert differences(session, place.id, scope=everything(session, place.id)) == []
        posted = list(session.scalars(select(Event).where(Event.village_id == place.id).order_by(Event.id)))
        for index in voids & set(range(len(posted))):
            voided = posted[index]
            voided.state, voided.state_reason = EventState.VOIDED, "登记错误"
            session.flush()
            scope = scope_of_events(session, place.id, [(voided.rule_id, voided.quarter)], [voided.household_id])
            score_and_post(session, place.id, scope=scope, kind=PostingKind.EVENTS, made_by="task:test")
        assert _held(session, place.id) == _expected(session, place.id, _by_quarter(sheet, codes))
        assert differences(session, place.id, scope=everything(session, place.id)) == []
        _balances_follow(session, place.id)


def _record_one(session: Session, township: SmallTownship, codes: list[int], event: Happening) -> None:
    """As a review posts one event: recorded, then scored by the scope that it touches."""
    posted = Event(
        village_id=township.villages[0].id,
        household_id=township.villages[0].households[event.household],
        rule_id=codes[event.rule],
        quarter=quarter_of(event.day),
        occurred_on=event.day,
        id=allocate_ids(session, EVENT_IDS, 1)[0],
        month=event.day.year * 12 + event.day.month - 1,
        quantity=event.quantity,
        chosen=event.chosen,
        state=EventState.POSTED,
    )
    session.add(posted)
    session.flush()
    post_changes(session, posted.village_id, [posted], made_by="task:test")


@given(data=st.data(), world=worlds)
@on_one_database
def test_moving_quarters_touches_only_what_differs_and_equals_a_full_score(
    data: st.DataObject,
    world: tuple[Sheet, list[Happening]],
    database_for: DatabaseFor,
    any_database: str,
    small_township: SmallTownship,
) -> None:
    sheet, events = world
    village = small_township.villages[0].id
    other = data.draw(revised(sheet))
    with undone(database_for(Service.POINTS)) as session:
        codes = _start(session, small_township, sheet)
        _record(session, small_township, codes, events)
        target = add_rulebook(session, small_township.id, 2, other, codes)
        quarters = sorted(everything(session, village).touched)
        moved = data.draw(st.sets(st.sampled_from(quarters))) if quarters else set()
        lines = _by_quarter(sheet, codes) | {quarter: _by_quarter(other, codes)[quarter] for quarter in moved}
        run = Recalculation(township_id=small_township.id, mode=RecalculationMode.APPLY, made_by="task:test")
        session.add(run)
        session.flush()
        moves = dict.fromkeys(moved, target)
        shown = differences(session, village, scope=everything(session, village), rulebooks=moves)
        outcome = recalculate(
            session, lock_village(session, village), moves, full=False, made_by="task:test", recalculation_id=run.id
        )
        assert _held(session, village) == _expected(session, village, lines)
        assert outcome.entries == len(shown)
        assert differences(session, village, scope=everything(session, village)) == []
        again = recalculate(
            session, lock_village(session, village), moves, full=True, made_by="task:test", recalculation_id=run.id
        )
        assert again.entries == 0
        assert again.posting_id is None
        _balances_follow(session, village)
