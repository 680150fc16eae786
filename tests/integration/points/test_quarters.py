"""Quarters and boards on both databases: what may be done when, and what a published edition says for good."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from services.points.events.bulk import ReviewedEvent, record_events_bulk
from services.points.events.declarations import Declaration, declare_events
from services.points.events.reviews import void_event
from services.points.quarters.boards import list_boards, read_board
from services.points.quarters.listing import list_quarters, show_quarter
from services.points.quarters.objections import answer_objection, raise_objection
from services.points.quarters.opening import open_quarters
from services.points.quarters.transitions import close_quarter, publish_quarter, reopen_quarter, tally_quarter
from services.points.verification.checks import check_village
from shared.calendar import today
from shared.database import Database
from shared.errors import Conflict, Forbidden, Invalid, NotFound
from shared.identity import Principal, Role
from shared.models.plumbing import OUTBOX
from shared.models.points import (
    Adoption,
    BoardEdition,
    BoardRow,
    Entry,
    Event,
    EventState,
    Posting,
    QuarterState,
    VillageLedger,
    VillageQuarter,
)
from shared.models.registry import DutyKind
from shared.quarters import quarter_of
from shared.topology import Service
from tests.fixtures.databases import DatabaseFor
from tests.fixtures.township import PrincipalOf, SmallTownship
from tests.integration.points.scored_township import FIRST_QUARTER, ScoredTownship, build_scored_township

pytestmark = pytest.mark.usefixtures("any_database")


@pytest.fixture
def database(database_for: DatabaseFor) -> Database:
    return database_for(Service.POINTS)


@pytest.fixture
def scored(database: Database, small_township: SmallTownship) -> ScoredTownship:
    with database.transaction() as session:
        return build_scored_township(session, small_township, adopt_second=False)


@pytest.fixture
def cadre(principal_of: PrincipalOf) -> Principal:
    return principal_of(Role.CADRE)


def end_objections(session: Session, scored: ScoredTownship, quarter: int) -> None:
    session.get_one(VillageQuarter, (scored.villages[0], quarter)).objections_until = today() - timedelta(days=1)


def published(database: Database, scored: ScoredTownship, cadre: Principal, quarter: int) -> str:
    code = scored.township.villages[0].code
    with database.transaction() as session:
        tally_quarter(session, cadre, code, quarter)
        publish_quarter(session, cadre, code, quarter)
    return code


def test_a_quarter_goes_open_tallied_published_closed_and_each_step_may_be_repeated(
    database: Database, scored: ScoredTownship, cadre: Principal
) -> None:
    code = scored.township.villages[0].code
    with database.transaction() as session:
        with pytest.raises(Conflict, match="已统计"):
            publish_quarter(session, cadre, code, FIRST_QUARTER)
        for _ in range(2):
            assert tally_quarter(session, cadre, code, FIRST_QUARTER).state is QuarterState.TALLIED
        for _ in range(2):
            assert reopen_quarter(session, cadre, code, FIRST_QUARTER).state is QuarterState.OPEN
        tally_quarter(session, cadre, code, FIRST_QUARTER)
        for _ in range(2):
            assert publish_quarter(session, cadre, code, FIRST_QUARTER).state is QuarterState.PUBLISHED
        with pytest.raises(Conflict, match="进行中|已统计"):
            reopen_quarter(session, cadre, code, FIRST_QUARTER)
        with pytest.raises(Conflict, match="期满后才能定榜"):
            close_quarter(session, cadre, code, FIRST_QUARTER)
        end_objections(session, scored, FIRST_QUARTER)
        for _ in range(2):
            assert close_quarter(session, cadre, code, FIRST_QUARTER).state is QuarterState.CLOSED
        assert session.scalars(select(BoardEdition.edition).order_by(BoardEdition.edition)).all() == [1, 2]


def test_the_running_quarter_can_not_be_tallied_and_only_the_villages_cadre_may(
    database: Database, scored: ScoredTownship, cadre: Principal, principal_of: PrincipalOf
) -> None:
    code, other = (village.code for village in scored.township.villages)
    with database.transaction() as session:
        open_quarters(session)
        with pytest.raises(Conflict, match="才结束"):
            tally_quarter(session, cadre, code, quarter_of(today()))
        with pytest.raises(Forbidden):
            tally_quarter(session, cadre, other, FIRST_QUARTER)
        with pytest.raises(NotFound):
            tally_quarter(session, cadre, code, 1)
        lines = list_quarters(session, cadre)
        assert {line.village_code for line in lines} == {code}
        assert FIRST_QUARTER in {line.quarter for line in lines}


def test_a_tallied_quarter_takes_no_bookings_and_lists_what_was_left_unreviewed(
    database: Database, scored: ScoredTownship, cadre: Principal
) -> None:
    code, village = scored.township.villages[0].code, scored.township.villages[0]
    with database.transaction() as session:
        event = session.scalars(
            select(Event).where(Event.village_id == village.id, Event.quarter == FIRST_QUARTER)
        ).first()
        assert event is not None
        event.state = EventState.DECLARED
        session.flush()
        tally_quarter(session, cadre, code, FIRST_QUARTER)
        view = show_quarter(session, cadre, code, FIRST_QUARTER)
        assert [leftover.event_id for leftover in view.leftovers] == [event.id]
        assert view.leftovers[0].title == "帮助邻里"
    with database.transaction() as session:
        late = ReviewedEvent(village.households[0], scored.codes["CLEAN"], date(2026, 3, 3), 100)
        record_events_bulk(session, village.id, [late], made_by="test")
        entry = session.scalars(select(Entry).where(Entry.village_id == village.id).order_by(Entry.id.desc())).first()
        assert entry is not None
        assert (entry.origin_quarter, entry.quarter) == (FIRST_QUARTER, FIRST_QUARTER + 1)


def test_a_board_lists_every_household_by_group_with_masked_names_and_pins_the_chain(
    database: Database, scored: ScoredTownship, cadre: Principal, principal_of: PrincipalOf
) -> None:
    code = published(database, scored, cadre, FIRST_QUARTER)
    with database.reading() as session:
        board = read_board(session, principal_of(Role.PUBLIC), code, FIRST_QUARTER)
        end = session.get_one(VillageLedger, scored.villages[0])
        assert (board.posting_seq, board.posting_digest) == (end.seq, end.digest)
        assert [summary.quarter for summary in list_boards(session, principal_of(Role.PUBLIC))] == [FIRST_QUARTER]
    assert [(name, len(lines)) for name, lines in board.groups] == [("1组", 3), ("2组", 3)]
    assert board.groups[0][1][0].name == "石×花"
    # Help 2 × 2, cleaning 2 × 2 × 1, work capped at 10, less the fine of 9 for the first.
    assert [line.points for _, lines in board.groups for line in lines] == [900, *[1800] * 5]
    assert [(honour.rank, honour.points) for honour in board.red_list] == [(1, 1800)] * 5 + [(6, 900)]
    assert board.progress_list == []
    assert [(each["name"], each["points"]) for each in board.category_sums] == [("互助", 3900), ("劳动", 6000)]
    assert (board.edition, board.objections_open, board.corrections) == (1, True, [])


def test_a_net_below_zero_is_not_shown_and_gains_are_against_the_last_edition(
    database: Database, scored: ScoredTownship, cadre: Principal, principal_of: PrincipalOf
) -> None:
    village = scored.township.villages[0]
    with database.transaction() as session:
        fines = [ReviewedEvent(village.households[1], scored.codes["FINE"], date(2026, 5, 9), 900)]
        helps = [ReviewedEvent(village.households[2], scored.codes["CLEAN"], date(2026, 5, 9), 300)]
        record_events_bulk(session, village.id, fines + helps, made_by="test")
    code = published(database, scored, cadre, FIRST_QUARTER)
    published(database, scored, cadre, FIRST_QUARTER + 1)
    with database.reading() as session:
        board = read_board(session, principal_of(Role.PUBLIC), code, FIRST_QUARTER + 1)
        row = session.scalars(select(BoardRow).where(BoardRow.household_id == village.households[1])).all()
    assert [line.points for line in board.groups[0][1]] == [1800, None, 2100]
    # The first one's fine lay in the quarter before: gained 9; the third gained 3 by cleaning.
    assert [(honour.rank, honour.gain) for honour in board.progress_list] == [(1, 900), (2, 300)]
    assert min(each.net for each in row) == 1800 - 2700


def test_later_corrections_stand_on_the_next_board_and_the_published_one_stays(
    database: Database, scored: ScoredTownship, cadre: Principal, principal_of: PrincipalOf
) -> None:
    village = scored.township.villages[0]
    code = published(database, scored, cadre, FIRST_QUARTER)
    with database.reading() as session:
        before = read_board(session, principal_of(Role.PUBLIC), code, FIRST_QUARTER)
    with database.transaction() as session:
        late = ReviewedEvent(village.households[0], scored.codes["CLEAN"], date(2026, 3, 3), 400)
        record_events_bulk(session, village.id, [late], made_by="test")
    published(database, scored, cadre, FIRST_QUARTER + 1)
    with database.reading() as session:
        assert read_board(session, principal_of(Role.PUBLIC), code, FIRST_QUARTER) == before
        after = read_board(session, principal_of(Role.PUBLIC), code, FIRST_QUARTER + 1)
    assert [(each["origin_quarter"], each["households"], each["points"]) for each in after.corrections] == [
        (FIRST_QUARTER, 1, 400)
    ]
    assert after.groups[0][1][0].points == 1800


def test_an_upheld_objection_counts_in_edition_two_and_its_row_is_marked(
    database: Database, scored: ScoredTownship, cadre: Principal, principal_of: PrincipalOf
) -> None:
    village = scored.township.villages[0]
    code = published(database, scored, cadre, FIRST_QUARTER)
    resident = principal_of(Role.RESIDENT, number=0)
    with database.transaction() as session:
        objection = raise_objection(session, resident, code, FIRST_QUARTER, text="少记了一次打扫")
        objection_id = objection.id
        end_objections(session, scored, FIRST_QUARTER)
        session.flush()
        with pytest.raises(Conflict, match="没有书面答复"):
            close_quarter(session, cadre, code, FIRST_QUARTER)
        with pytest.raises(Conflict, match="不在公示期内"):
            raise_objection(session, resident, code, FIRST_QUARTER, text="再来")
    with database.transaction() as session:
        missed = ReviewedEvent(village.households[0], scored.codes["CLEAN"], date(2026, 3, 3), 100)
        posting = record_events_bulk(session, village.id, [missed], made_by="test").posting_id
        old = session.scalars(select(Posting.id).order_by(Posting.id)).first()
        with pytest.raises(Invalid, match="早于"):
            answer_objection(session, cadre, objection_id, upheld=True, answer="属实", posting_id=old)
        answer_objection(session, cadre, objection_id, upheld=True, answer="属实，已补记。", posting_id=posting)
        with pytest.raises(Conflict, match="答复过"):
            answer_objection(session, cadre, objection_id, upheld=False, answer="不")
        close_quarter(session, cadre, code, FIRST_QUARTER)
    with database.reading() as session:
        first = read_board(session, resident, code, FIRST_QUARTER, edition=1)
        second = read_board(session, resident, code, FIRST_QUARTER)
    assert (first.groups[0][1][0].points, first.groups[0][1][0].marked) == (900, False)
    assert (second.edition, second.groups[0][1][0].points, second.groups[0][1][0].marked) == (2, 1000, True)
    assert [line.marked for line in second.groups[0][1]] == [True, False, False]


def test_a_board_is_public_until_its_end_date(
    database: Database, scored: ScoredTownship, cadre: Principal, principal_of: PrincipalOf
) -> None:
    code = published(database, scored, cadre, FIRST_QUARTER)
    with database.transaction() as session:
        session.scalars(select(BoardEdition)).one().public_until = today() - timedelta(days=1)
    with database.reading() as session:
        assert list_boards(session, principal_of(Role.PUBLIC)) == []
        with pytest.raises(NotFound, match="不再公开"):
            read_board(session, principal_of(Role.PUBLIC), code, FIRST_QUARTER)


def test_the_running_quarter_is_opened_in_every_village_once(database: Database, scored: ScoredTownship) -> None:
    with database.transaction() as session:
        assert open_quarters(session) == 2
        assert open_quarters(session) == 0
        rows = session.scalars(select(VillageQuarter).where(VillageQuarter.quarter == quarter_of(today()))).all()
        assert {(row.state, row.rulebook_id) for row in rows} == {(QuarterState.OPEN, scored.first)}


def on_trial(database: Database, scored: ScoredTownship, village_id: int, quarters: int) -> None:
    """Let the first revision be on trial only in a village."""
    with database.transaction() as session:
        session.execute(
            update(Adoption)
            .where(Adoption.village_id == village_id)
            .values(trial=True, trial_quarters=quarters, matter_number=None, matter_on=None)
        )


def test_after_a_trial_that_nothing_followed_the_next_quarter_opens_under_it_and_the_cadres_are_told(
    database: Database, scored: ScoredTownship, cadre: Principal
) -> None:
    village = scored.township.villages[0]
    on_trial(database, scored, village.id, 2)
    with database.transaction() as session:
        assert open_quarters(session) == 2
        assert open_quarters(session) == 0
        row = session.get_one(VillageQuarter, (village.id, quarter_of(today())))
        assert (row.rulebook_id, row.state) == (scored.first, QuarterState.OPEN)
        outbox = OUTBOX[Service.POINTS]
        told = session.scalars(select(outbox.body).where(outbox.name == "gateway.notify"))  # type: ignore[attr-defined]
        bodies = [json.loads(body) for body in told]
    assert [body["person_ids"] for body in bodies] == [sorted(village.officials[DutyKind.CADRE])]
    assert "四议两公开" in bodies[0]["text"]
    assert len(bodies[0]["text"]) <= 400


def test_after_a_trial_the_ledger_goes_on_but_new_events_wait_for_an_adoption(
    database: Database, scored: ScoredTownship, cadre: Principal
) -> None:
    village = scored.township.villages[0]
    on_trial(database, scored, village.id, 1)
    declared = Declaration(village.households[2], "CLEAN", date(2026, 7, 3))
    with database.transaction() as session:
        open_quarters(session)
        # What happened during the trial may still be recorded: it is booked in the next open quarter.
        tally_quarter(session, cadre, village.code, FIRST_QUARTER)
        assert declare_events(session, cadre, [replace(declared, occurred_on=date(2026, 3, 3))])
    with database.transaction() as session, pytest.raises(Invalid, match="试行期已满") as refused:
        declare_events(session, cadre, [declared])
    assert list(refused.value.errors) == ["occurred_on"]
    with database.transaction() as session:
        session.add(
            Adoption(
                village_id=village.id, rulebook_id=scored.second, from_quarter=FIRST_QUARTER + 2, matter_number="7"
            )
        )
    with database.transaction() as session:
        assert declare_events(session, cadre, [declared])


def test_a_board_is_marked_as_of_a_trial_until_the_quarter_from_which_a_matter_has_made_it_permanent(
    database: Database, scored: ScoredTownship, cadre: Principal, principal_of: PrincipalOf
) -> None:
    village = scored.township.villages[0]
    on_trial(database, scored, village.id, 2)
    with database.transaction() as session:
        session.add(
            Adoption(village_id=village.id, rulebook_id=scored.first, from_quarter=FIRST_QUARTER + 1, matter_number="7")
        )
    for quarter in (FIRST_QUARTER, FIRST_QUARTER + 1):
        published(database, scored, cadre, quarter)
    with database.reading() as session:
        public = principal_of(Role.PUBLIC)
        boards = [read_board(session, public, village.code, FIRST_QUARTER + later) for later in (0, 1)]
        assert [board.trial for board in boards] == [True, False]


def test_what_was_booked_later_while_a_quarter_was_tallied_comes_home_when_it_is_reopened(
    database: Database, scored: ScoredTownship, cadre: Principal, principal_of: PrincipalOf
) -> None:
    village = scored.township.villages[0]
    late = [
        ReviewedEvent(village.households[household], scored.codes["CLEAN"], date(2026, 3, 3), 100)
        for household in (1, 2)
    ]
    with database.transaction() as session:
        tally_quarter(session, cadre, village.code, FIRST_QUARTER)
        record_events_bulk(session, village.id, late, made_by="test")
        voided = session.scalars(
            select(Event.id).where(Event.household_id == village.households[1], Event.occurred_on == date(2026, 3, 3))
        ).one()
    with database.transaction() as session:
        for _ in range(2):
            reopen_quarter(session, cadre, village.code, FIRST_QUARTER)
        void_event(session, cadre, voided, reason="登记错误")
        assert [check.sentence for check in check_village(session, village.id) if not check.passed] == []
    code = published(database, scored, cadre, FIRST_QUARTER)
    published(database, scored, cadre, FIRST_QUARTER + 1)
    with database.reading() as session:
        board = read_board(session, principal_of(Role.PUBLIC), code, FIRST_QUARTER)
        assert [line.points for line in board.groups[0][1]] == [900, 1800, 1900]
        after = read_board(session, principal_of(Role.PUBLIC), code, FIRST_QUARTER + 1)
        assert ([line.points for line in after.groups[0][1]], after.corrections) == ([1800] * 3, [])
        corrected = session.scalars(
            select(BoardRow.corrected).join(BoardEdition).where(BoardEdition.quarter > FIRST_QUARTER)
        )
        assert set(corrected) == {0}


def test_what_stands_on_a_published_board_is_taken_out_on_the_next_one(
    database: Database, scored: ScoredTownship, cadre: Principal, principal_of: PrincipalOf
) -> None:
    village = scored.township.villages[0]
    late = ReviewedEvent(village.households[1], scored.codes["CLEAN"], date(2026, 3, 3), 100)
    with database.transaction() as session:
        tally_quarter(session, cadre, village.code, FIRST_QUARTER)
        record_events_bulk(session, village.id, [late], made_by="test")
    code = published(database, scored, cadre, FIRST_QUARTER + 1)
    with database.transaction() as session:
        before = read_board(session, principal_of(Role.PUBLIC), code, FIRST_QUARTER + 1)
        assert [each["points"] for each in before.corrections] == [100]
        reopen_quarter(session, cadre, code, FIRST_QUARTER)
    published(database, scored, cadre, FIRST_QUARTER)
    published(database, scored, cadre, FIRST_QUARTER + 2)
    with database.transaction() as session:
        boards = [
            read_board(session, principal_of(Role.PUBLIC), code, quarter)
            for quarter in range(FIRST_QUARTER, FIRST_QUARTER + 3)
        ]
        assert boards[1] == before
        assert [line.points for line in boards[0].groups[0][1]] == [900, 1900, 1800]
        assert [(each["origin_quarter"], each["points"]) for each in boards[2].corrections] == [(FIRST_QUARTER, -100)]
        assert [check.sentence for check in check_village(session, village.id) if not check.passed] == []
