"""Transfers between accounts on both databases: pairs that sum to zero, in one village or across two."""

from __future__ import annotations

import threading
from datetime import date

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from services.points.events.bulk import ReviewedEvent, record_events_bulk
from services.points.events.reviews import void_event
from services.points.ledger.transfers import AccountPlace, transfer_points
from services.points.scoring import everything, score_and_post
from services.points.verification.checks import check_village
from shared.database import Database
from shared.errors import Conflict, Invalid
from shared.identity import Role
from shared.models.points import Account, Entry, EntryKind, Event, Posting, PostingKind, VillageQuarter
from shared.topology import Service
from tests.fixtures.databases import DatabaseFor
from tests.fixtures.township import PrincipalOf, SmallTownship
from tests.integration.points.scored_township import FIRST_QUARTER, ScoredTownship, build_scored_township

WORDS = {"quarter": FIRST_QUARTER + 1, "made_by": "test", "reason": "两户合并"}


@pytest.fixture
def database(database_for: DatabaseFor, any_database: str) -> Database:
    return database_for(Service.POINTS)


@pytest.fixture
def scored(database: Database, small_township: SmallTownship) -> ScoredTownship:
    with database.transaction() as session:
        return build_scored_township(session, small_township)


def place(scored: ScoredTownship, village: int, household: int) -> AccountPlace:
    here = scored.township.villages[village]
    return AccountPlace(here.id, here.households[household])


def balance(session: Session, account: AccountPlace) -> int:
    held = select(Account.balance).where(
        Account.village_id == account.village_id, Account.household_id == account.household_id
    )
    return session.scalar(held) or 0


def assert_proven(session: Session, scored: ScoredTownship) -> None:
    for village_id in scored.villages:
        assert [check.sentence for check in check_village(session, village_id) if not check.passed] == []


@pytest.mark.parametrize(("village", "postings"), [(0, 1), (1, 2)])
def test_a_transfer_is_a_pair_that_sums_to_zero_also_across_villages(
    database: Database, scored: ScoredTownship, village: int, postings: int
) -> None:
    giver, receiver = place(scored, 0, 1), place(scored, village, 2)
    with database.transaction() as session:
        before = balance(session, giver), balance(session, receiver)
        made = transfer_points(session, giver=giver, receiver=receiver, amount=300, **WORDS)  # type: ignore[arg-type]
        assert (len(made), sum(posted.total for posted in made)) == (postings, 0)
        session.expire_all()
        assert (balance(session, giver), balance(session, receiver)) == (before[0] - 300, before[1] + 300)
        ids = [posted.posting_id for posted in made]
        kinds = session.scalars(select(Entry.kind).where(Entry.posting_id.in_(ids))).all()
        assert kinds == [EntryKind.TRANSFER] * 2
        assert set(session.scalars(select(Posting.reason).where(Posting.id.in_(ids)))) == {"两户合并"}
        assert_proven(session, scored)


def test_what_a_merged_or_moved_household_did_goes_on_being_scored_where_it_was_done(
    database: Database, scored: ScoredTownship, principal_of: PrincipalOf
) -> None:
    merged, moved = place(scored, 0, 1), place(scored, 0, 2)
    into, to = place(scored, 0, 3), place(scored, 1, 0)
    with database.transaction() as session:
        for giver, receiver in ((merged, into), (moved, to)):
            whole = balance(session, giver)
            transfer_points(session, giver=giver, receiver=receiver, amount=whole, **WORDS)  # type: ignore[arg-type]
            session.expire_all()
            assert balance(session, giver) == 0
        kept = balance(session, into), balance(session, to)
    with database.transaction() as session:
        helped = select(func.min(Event.id)).where(Event.rule_id == scored.codes["CLEAN"])
        for account in (merged, moved):
            event_id = session.scalar(helped.where(Event.household_id == account.household_id))
            assert event_id is not None
            void_event(session, principal_of(Role.CADRE), event_id, reason="登记错误")
        late = ReviewedEvent(moved.household_id, scored.codes["HELP"], date(2026, 5, 30), 100)
        record_events_bulk(session, moved.village_id, [late], made_by="test")
    with database.transaction() as session:
        # The month's limit goes on counting from what was done before the move: 2 points, and 4 remain of 6.
        assert (balance(session, merged), balance(session, moved)) == (-200, 0)
        assert (balance(session, into), balance(session, to)) == kept
        session.get_one(VillageQuarter, (moved.village_id, FIRST_QUARTER)).rulebook_id = scored.second
        scope = everything(session, moved.village_id)
        score_and_post(session, moved.village_id, scope=scope, kind=PostingKind.RECALCULATION, made_by="test")
        assert_proven(session, scored)


def test_a_debt_may_be_taken_over_and_what_is_not_there_may_not_be_given(
    database: Database, scored: ScoredTownship
) -> None:
    giver, receiver = place(scored, 0, 0), place(scored, 1, 0)
    with database.transaction() as session:
        before = balance(session, giver), balance(session, receiver)
        for amount in (before[0] + 1, 10**9):
            with pytest.raises(Conflict, match="不够转"):
                transfer_points(session, giver=giver, receiver=receiver, amount=amount, **WORDS)  # type: ignore[arg-type]
        with pytest.raises(Invalid, match="同一户"):
            transfer_points(session, giver=giver, receiver=giver, amount=100, **WORDS)  # type: ignore[arg-type]
        assert transfer_points(session, giver=giver, receiver=receiver, amount=0, **WORDS) == []  # type: ignore[arg-type]
        transfer_points(session, giver=giver, receiver=receiver, amount=-500, **WORDS)  # type: ignore[arg-type]
        session.expire_all()
        assert (balance(session, giver), balance(session, receiver)) == (before[0] + 500, before[1] - 500)
        assert_proven(session, scored)


def test_transfers_in_both_directions_at_once_wait_for_each_other(database: Database, scored: ScoredTownship) -> None:
    accounts = [place(scored, 0, 1), place(scored, 1, 1)]
    start, failures = threading.Barrier(2), []

    def give(giver: AccountPlace, receiver: AccountPlace) -> None:
        try:
            start.wait()
            for _ in range(5):
                with database.transaction() as session:
                    transfer_points(session, giver=giver, receiver=receiver, amount=100, **WORDS)  # type: ignore[arg-type]
        except Exception as error:  # the test says which
            failures.append(error)

    threads = [threading.Thread(target=give, args=pair) for pair in (accounts, accounts[::-1])]
    with database.reading() as session:
        before = [balance(session, account) for account in accounts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    with database.transaction() as session:
        assert [balance(session, account) for account in accounts] == before
        assert_proven(session, scored)
