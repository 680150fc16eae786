"""Statements on both databases: every entry with its why, and what a limit cut."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import delete, update

from services.points.app import create_app
from services.points.events.bulk import ReviewedEvent, record_events_bulk
from services.points.scoring import everything, score_and_post
from services.points.scoring.amounts import amounts_of_household
from services.points.statements.accounts import account_of
from services.points.statements.explanation import explain_events
from shared.database import Database
from shared.identity import Principal, Role
from shared.models.points import Account, Entry, PostingKind, Rule, VillageQuarter
from shared.models.registry import Household
from shared.topology import Service
from tests.fixtures.calls import Call
from tests.fixtures.databases import DatabaseFor
from tests.fixtures.township import PrincipalOf, SmallTownship
from tests.integration.points.scored_township import FIRST_QUARTER, ScoredTownship, build_scored_township

pytestmark = pytest.mark.usefixtures("any_database")
QUARTERS = range(FIRST_QUARTER, FIRST_QUARTER + 4)


@pytest.fixture
def database(database_for: DatabaseFor) -> Database:
    return database_for(Service.POINTS)


@pytest.fixture
def scored(database: Database, small_township: SmallTownship) -> ScoredTownship:
    with database.transaction() as session:
        return build_scored_township(session, small_township, adopt_second=False)


@pytest.fixture
def resident(principal_of: PrincipalOf) -> Principal:
    return principal_of(Role.RESIDENT)


def test_the_amounts_of_all_events_sum_to_the_balance(database: Database, scored: ScoredTownship) -> None:
    with database.reading() as session:
        for village in scored.township.villages:
            for household_id in village.households:
                amounts = amounts_of_household(session, village.id, household_id, QUARTERS)
                account = session.get(Account, (village.id, household_id))
                assert sum(each.scored for each in amounts.values()) == (account.balance if account else 0)


def test_an_explanation_holds_rule_quantity_cap_and_entries(database: Database, scored: ScoredTownship) -> None:
    with database.reading() as session:
        household = session.get_one(Household, scored.township.villages[0].households[0])
        explained = explain_events(session, household, QUARTERS)
        assert explained
        for each in explained:
            assert len(each.sentences) == 3
            assert sum(change.amount for change in each.changes) == each.amounts.scored
            assert f"第 {each.revision} 版细则 {each.rule_code}" in each.sentences[1]


def test_an_event_whose_line_a_later_revision_has_dropped_is_still_told(
    database: Database, scored: ScoredTownship, resident: Principal, call: Call
) -> None:
    village, app = scored.township.villages[0], create_app()
    with database.transaction() as session:
        session.execute(delete(Rule).where(Rule.rulebook_id == scored.second, Rule.code_id == scored.codes["HELP"]))
        session.execute(
            update(VillageQuarter).where(VillageQuarter.village_id == village.id).values(rulebook_id=scored.second)
        )
        scope = everything(session, village.id)
        score_and_post(session, village.id, scope=scope, kind=PostingKind.RECALCULATION, made_by="test")
    path = f"/api/points/households/{village.households[0]}"
    statement = call(app, Service.POINTS, resident, "GET", f"{path}/statement", query_string={"limit": 50})
    assert statement.status_code == 200, statement.json
    helped = [entry for entry in statement.json["items"] if entry["rule_code"] == "HELP"]
    assert {(entry["title"], entry["unit"], entry["kind"]) for entry in helped} == {
        ("帮助邻里", "次", "award"),
        ("帮助邻里", "次", "adjustment"),
    }
    explained = call(app, Service.POINTS, resident, "GET", f"{path}/explain", query_string={"quarter": "2026Q1"})
    events = [event for event in explained.json["events"] if event["rule_code"] == "HELP"]
    assert len(events) == 2
    for event in events:
        assert (event["title"], event["category"], event["scored"]) == ("帮助邻里", "互助", "0.00")
        assert "按第 2 版细则 HELP：这一版细则没有这一条。所以不计分。" in event["sentences"][1]


def test_a_limit_that_cut_something_is_named(database: Database, scored: ScoredTownship) -> None:
    village = scored.township.villages[0]
    helps = [ReviewedEvent(village.households[0], scored.codes["HELP"], date(2026, 2, day), 100) for day in range(1, 6)]
    with database.transaction() as session:
        record_events_bulk(session, village.id, helps, made_by="test")
    with database.reading() as session:
        household = session.get_one(Household, village.households[0])
        explained = explain_events(session, household, {FIRST_QUARTER})
        cut = [each for each in explained if each.amounts.ruled != each.amounts.raw]
        assert cut
        assert all("本月这一条最多 6.00 分" in each.sentences[1] for each in cut)


def test_a_resident_reads_the_own_household_and_no_other(
    scored: ScoredTownship, resident: Principal, call: Call
) -> None:
    app = create_app()
    own, other = scored.township.villages[0].households[:2]
    for path in ("account", "statement", "explain"):
        answer = call(app, Service.POINTS, resident, "GET", f"/api/points/households/{own}/{path}")
        assert answer.status_code == 200, answer.json
        foreign = call(app, Service.POINTS, resident, "GET", f"/api/points/households/{other}/{path}")
        assert foreign.status_code == 404


def test_nobody_reads_without_logging_in(scored: ScoredTownship, call: Call) -> None:
    household = scored.township.households[0]
    public = Principal(scored.township.id)
    answer = call(create_app(), Service.POINTS, public, "GET", f"/api/points/households/{household}/account")
    assert answer.status_code in (401, 403)


def test_the_statement_pages_through_all_entries_once(
    database: Database, scored: ScoredTownship, resident: Principal, call: Call
) -> None:
    app, household = create_app(), scored.township.villages[0].households[0]
    path, seen, cursor = f"/api/points/households/{household}/statement", [], None
    while True:
        query = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        page = call(app, Service.POINTS, resident, "GET", path, query_string=query).json
        seen += [int(item["id"]) for item in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    with database.reading() as session:
        wanted = [entry.id for entry in session.query(Entry).filter(Entry.household_id == household)]
    assert sorted(seen) == sorted(wanted)
    assert seen == sorted(seen, reverse=True)


def test_the_account_shows_balance_held_points_and_sums_by_quarter(
    database: Database, scored: ScoredTownship, resident: Principal
) -> None:
    household = scored.township.villages[0].households[0]
    with database.reading() as session:
        view = account_of(session, resident, household)
    assert sum(each.points for each in view.quarters) == view.balance
    assert view.available == max(view.balance - view.reserved, 0)
