"""Events stated by messages: the highest version counts, a withdrawal may come first, and ends what was posted."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from services.points.events.records import record_message
from services.points.events.reviews import Verdict, review_event, void_event
from shared.database import Database
from shared.errors import Invalid
from shared.identity import Role
from shared.messages.points import RecordEvent
from shared.models.points import Account, Event, EventSource, EventState, Review, Rule
from shared.topology import Service
from tests.fixtures.databases import DatabaseFor
from tests.fixtures.township import PrincipalOf, SmallTownship
from tests.integration.points.scored_township import ScoredTownship, build_scored_township

pytestmark = pytest.mark.usefixtures("any_database")


@pytest.fixture
def database(database_for: DatabaseFor) -> Database:
    return database_for(Service.POINTS)


@pytest.fixture
def scored(database: Database, small_township: SmallTownship) -> ScoredTownship:
    """CLEAN asks for no review here."""
    with database.transaction() as session:
        scored = build_scored_township(session, small_township, adopt_second=False)
        session.execute(update(Rule).where(Rule.code_id == scored.codes["CLEAN"]).values(review=Review.NONE))
        return scored


def message_for(scored: ScoredTownship, *, code: str = "CLEAN", version: int = 1) -> RecordEvent:
    return RecordEvent(
        source="intake.demand:17",
        source_version=version,
        withdrawn=False,
        household_id=scored.township.villages[0].households[1],
        rule_code=code,
        occurred_on=date(2026, 5, 20),
        quantity=300,
        note="反映路灯损坏",
        declared_by=None,
        declarer_name="村干部",
    )


def heard(database: Database, *messages: RecordEvent) -> None:
    for message in messages:
        with database.transaction() as session:
            record_message(session, message)


def balance(session: Session, scored: ScoredTownship) -> int:
    household = scored.township.villages[0].households[1]
    return session.scalars(select(Account.balance).where(Account.household_id == household)).one()


def events(session: Session) -> list[tuple[EventState, int]]:
    rows = session.scalars(
        select(Event).join(EventSource, EventSource.source == "intake.demand:17").where(Event.note == "反映路灯损坏")
    )
    return sorted(((event.state, event.quantity) for event in rows), key=lambda pair: pair[1])


def test_an_event_is_posted_at_once_only_if_its_rule_asks_for_no_review(
    database: Database, scored: ScoredTownship
) -> None:
    heard(database, message_for(scored))
    heard(database, replace(message_for(scored, code="HELP"), source="intake.demand:18", quantity=100))
    with database.reading() as session:
        assert balance(session, scored) == 3600 + 300
        assert events(session) == [(EventState.DECLARED, 100), (EventState.POSTED, 300)]


def test_the_same_or_an_older_version_changes_nothing(database: Database, scored: ScoredTownship) -> None:
    newer = replace(message_for(scored, version=3), quantity=500)
    heard(database, newer, newer, message_for(scored, version=2))
    with database.reading() as session:
        assert balance(session, scored) == 3600 + 500
        assert events(session) == [(EventState.POSTED, 500)]


def test_a_newer_version_replaces_the_event_unless_it_says_the_same(database: Database, scored: ScoredTownship) -> None:
    first = message_for(scored)
    heard(database, first, replace(first, source_version=2, declarer_name="另一人"))
    with database.reading() as session:
        assert events(session) == [(EventState.POSTED, 300)]
    heard(database, replace(first, source_version=3, quantity=100))
    with database.reading() as session:
        assert events(session) == [(EventState.POSTED, 100), (EventState.VOIDED, 300)]
        assert balance(session, scored) == 3600 + 100


def test_a_withdrawal_voids_what_was_posted_and_withdraws_what_waits(
    database: Database, scored: ScoredTownship
) -> None:
    posted = message_for(scored)
    waiting = replace(message_for(scored, code="HELP"), source="intake.demand:18", quantity=100)
    heard(database, posted, waiting)
    for message in (posted, waiting):
        heard(database, replace(message, source_version=2, withdrawn=True))
    with database.reading() as session:
        assert events(session) == [(EventState.WITHDRAWN, 100), (EventState.VOIDED, 300)]
        assert balance(session, scored) == 3600


def test_a_withdrawal_may_arrive_first(database: Database, scored: ScoredTownship) -> None:
    heard(database, replace(message_for(scored, version=2), withdrawn=True), message_for(scored))
    with database.reading() as session:
        assert events(session) == []
        assert balance(session, scored) == 3600


def test_what_a_person_has_voided_or_rejected_stays_so_when_the_source_says_the_same_again(
    database: Database, scored: ScoredTownship, principal_of: PrincipalOf
) -> None:
    cadre = principal_of(Role.CADRE)
    posted = message_for(scored)
    waiting = replace(message_for(scored, code="HELP"), source="intake.demand:18", quantity=100)
    heard(database, posted, waiting)
    with database.transaction() as session:
        ids = {source.source: source.event_id or 0 for source in session.scalars(select(EventSource))}
        void_event(session, cadre, ids["intake.demand:17"], reason="核实没有这回事")
        review_event(session, cadre, ids["intake.demand:18"], verdict=Verdict.REJECT, reason="重复")
    heard(database, *(replace(message, source_version=2) for message in (posted, waiting)))
    with database.reading() as session:
        assert events(session) == [(EventState.REJECTED, 100), (EventState.VOIDED, 300)]
        assert balance(session, scored) == 3600
    heard(database, replace(posted, source_version=3, quantity=400))
    with database.reading() as session:
        assert balance(session, scored) == 3600 + 400


def test_what_its_source_took_back_counts_again_when_it_is_stated_anew(
    database: Database, scored: ScoredTownship
) -> None:
    stated = message_for(scored)
    heard(database, stated, replace(stated, source_version=2, withdrawn=True), replace(stated, source_version=3))
    with database.reading() as session:
        assert balance(session, scored) == 3600 + 300


def test_unknown_rules_households_and_quantities_are_said_in_words(database: Database, scored: ScoredTownship) -> None:
    for wrong, words in (
        (replace(message_for(scored), rule_code="NONE"), "没有“NONE”这一条"),
        (replace(message_for(scored), household_id=999), "没有编号为 999 的户"),
        (replace(message_for(scored), quantity=10_001), "一次最多登记"),
        (replace(message_for(scored), occurred_on=date(2019, 1, 1)), "还没有采用"),
    ):
        with pytest.raises(Invalid, match=words), database.transaction() as session:
            record_message(session, wrong)
        with database.reading() as session:
            assert events(session) == []
