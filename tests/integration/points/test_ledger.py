"""The ledger on both databases: golden digests, chain, kinds of entries, tampering found by name, and concurrency."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest
import time_machine
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from services.points.events.bulk import ReviewedEvent, record_events_bulk
from services.points.ledger.chain import digest_of, header_end, header_start, line_of
from services.points.ledger.plain_entries import PlainEntry, open_accounts
from services.points.verification.checks import Check, check_village
from shared.models.points import Account, Entry, Event, Posting, PostingKind, VillageQuarter
from shared.quarters import format_quarter
from shared.topology import Service
from tests.fixtures.databases import DatabaseFor
from tests.fixtures.township import SmallTownship
from tests.integration.points.scored_township import FIRST_QUARTER, ScoredTownship, build_scored_township

GOLDEN_AT = datetime(2026, 7, 1, 1, 2, 3, 456789, tzinfo=UTC)
GOLDEN = "a03d8aa4e716b493077d525921753a1c980ac6440f2e0a5f605497281f6af9ed"


@pytest.fixture
def scored(database_for: DatabaseFor, any_database: str, small_township: SmallTownship) -> ScoredTownship:
    with database_for(Service.POINTS).transaction() as session:
        return build_scored_township(session, small_township)


def _python_digest(session: Session, posting: Posting, village_code: str) -> str:
    entries = session.scalars(select(Entry).where(Entry.posting_id == posting.id).order_by(Entry.id)).all()
    header = (
        header_start(village_code, posting.seq, posting.kind.value)
        + f"{posting.entry_count}|{posting.total}"
        + header_end(posting.made_by, posting.made_at)
    )
    return digest_of(
        posting.prev_digest,
        header,
        (
            line_of(
                entry.id,
                entry.household_id,
                entry.event_id,
                entry.kind.value,
                entry.amount,
                format_quarter(entry.quarter),
                format_quarter(entry.origin_quarter),
            )
            for entry in entries
        ),
    )


def test_the_digest_in_sql_is_the_documented_one(database_for: DatabaseFor, scored: ScoredTownship) -> None:
    village = scored.township.villages[0]
    with database_for(Service.POINTS).transaction() as session:
        households = village.households
        open_accounts(
            session,
            village.id,
            [PlainEntry(households[0], 1250), PlainEntry(households[1], 50), PlainEntry(households[2], 0)],
            quarter=FIRST_QUARTER,
            made_by="test",
            reason="纸质台账",
        )
        postings = session.scalars(select(Posting).where(Posting.village_id == village.id).order_by(Posting.seq)).all()
        assert [posting.seq for posting in postings] == [1, 2]
        assert postings[1].prev_digest == postings[0].digest
        for posting in postings:
            assert posting.digest == _python_digest(session, posting, village.code)


def test_the_same_history_has_the_same_digest_on_both_databases(
    database_for: DatabaseFor, any_database: str, small_township: SmallTownship
) -> None:
    with time_machine.travel(GOLDEN_AT, tick=False), database_for(Service.POINTS).transaction() as session:
        build_scored_township(session, small_township)
        posting = session.scalars(select(Posting).order_by(Posting.id)).first()
        assert posting is not None
        assert (posting.kind, posting.entry_count) == (PostingKind.IMPORT, 73)
        assert posting.digest == GOLDEN


def _balances(session: Session, village_id: int) -> dict[int, int]:
    session.expire_all()
    rows = session.execute(select(Account.household_id, Account.balance).where(Account.village_id == village_id))
    return {row.household_id: row.balance for row in rows}


def test_a_tallied_quarter_takes_no_booking_and_the_next_open_one_does(
    database_for: DatabaseFor, scored: ScoredTownship
) -> None:
    village = scored.township.villages[0]
    with database_for(Service.POINTS).transaction() as session:
        session.execute(
            text("UPDATE points_quarter SET state = 'tallied' WHERE village_id = :v AND quarter = :q"),
            {"v": village.id, "q": FIRST_QUARTER},
        )
        late = ReviewedEvent(village.households[0], scored.codes["CLEAN"], date(2026, 3, 3), 100)
        outcome = record_events_bulk(session, village.id, [late], made_by="test")
        entry = session.scalars(select(Entry).where(Entry.posting_id == outcome.posting_id)).one()
        assert (entry.origin_quarter, entry.quarter) == (FIRST_QUARTER, FIRST_QUARTER + 1)
        session.execute(text("UPDATE points_quarter SET state = 'tallied' WHERE village_id = :v"), {"v": village.id})
        later = ReviewedEvent(village.households[0], scored.codes["CLEAN"], date(2026, 3, 4), 100)
        outcome = record_events_bulk(session, village.id, [later], made_by="test")
        entry = session.scalars(select(Entry).where(Entry.posting_id == outcome.posting_id)).one()
        assert entry.quarter == FIRST_QUARTER + 2
        assert session.get(VillageQuarter, (village.id, FIRST_QUARTER + 2)) is not None


def test_an_untouched_ledger_verifies_with_sentences_rows_and_times(
    database_for: DatabaseFor, scored: ScoredTownship
) -> None:
    with database_for(Service.POINTS).transaction() as session:
        for village in scored.villages:
            checks = check_village(session, village)
            assert [check.name for check in checks] == [
                "balances",
                "scores",
                "chain",
                "order",
                "reservations",
                "boards",
            ]
            assert [check.sentence for check in checks if not check.passed] == []
            assert all(check.sentence.endswith("。") and check.milliseconds >= 0 for check in checks)
            assert {check.name: check.rows_covered for check in checks}["scores"] == 73


Tamper = tuple[str, str, str]


@pytest.mark.parametrize(
    ("statement", "failing", "words"),
    [
        (
            "UPDATE points_account SET balance = balance + 1 WHERE village_id = :v AND household_id = :h",
            {"balances"},
            "余额是",
        ),
        (
            "UPDATE points_entry SET amount = amount + 100 WHERE village_id = :v AND household_id = :h"
            " AND id = (SELECT min(id) FROM points_entry WHERE village_id = :v AND household_id = :h)",
            {"balances", "scores", "chain"},
            "第 1 号记账批次起对不上",
        ),
        (
            "UPDATE points_posting SET made_by = 'someone' WHERE village_id = :v AND seq = 1",
            {"chain"},
            "校验码与内容不符",
        ),
        ("UPDATE points_posting SET seq = 7 WHERE village_id = :v AND seq = 1", {"chain", "order"}, "缺号"),
        ("DELETE FROM points_posting WHERE village_id = :v AND seq = 1", {"chain", "order"}, "不属于|却一个也没有"),
        (
            "UPDATE points_account SET reserved = 5 WHERE village_id = :v AND household_id = :h",
            {"reservations"},
            "预留了",
        ),
        (
            "UPDATE points_event SET quantity = 900 WHERE village_id = :v AND household_id = :h",
            {"scores"},
            "按细则应为",
        ),
    ],
)
def test_verify_names_what_was_tampered_with(
    statement: str, failing: set[str], words: str, database_for: DatabaseFor, scored: ScoredTownship
) -> None:
    village = scored.township.villages[0]
    with database_for(Service.POINTS).transaction() as session:
        session.execute(
            text(statement), {"v": village.id, "h": village.households[0]} if ":h" in statement else {"v": village.id}
        )
        checks = check_village(session, village.id)
        assert {check.name for check in checks if not check.passed} == failing
        assert _says(checks, words)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE points_event SET state = 'declared' WHERE village_id = :v AND id = :e",
        "UPDATE points_event SET state = 'reviewed' WHERE village_id = :v AND id = :e",
        "UPDATE points_event SET state = 'rejected' WHERE village_id = :v AND id = :e",
        "UPDATE points_event SET state = 'withdrawn' WHERE village_id = :v AND id = :e",
        "UPDATE points_event SET household_id = :h WHERE village_id = :v AND id = :e",
        "DELETE FROM points_event WHERE village_id = :v AND id = :e",
    ],
)
def test_verify_sees_entries_whose_event_is_not_booked_is_gone_or_is_another_households(
    statement: str, database_for: DatabaseFor, scored: ScoredTownship
) -> None:
    village = scored.township.villages[0]
    with database_for(Service.POINTS).transaction() as session:
        # No cap and no other event depends on this line: nothing but the entries says that something is missing.
        event = session.scalars(
            select(func.min(Event.id)).where(
                Event.household_id == village.households[0], Event.rule_id == scored.codes["CLEAN"]
            )
        ).one()
        values = {"v": village.id, "e": event, "h": village.households[1]}
        session.execute(text(statement), {name: value for name, value in values.items() if f":{name}" in statement})
        failed = [check for check in check_village(session, village.id) if not check.passed]
        assert [check.name for check in failed] == ["scores"]
        assert f"账上有编号 {event} 的记录的明细" in failed[0].sentence


def _says(checks: list[Check], words: str) -> bool:
    return any(word in check.sentence for check in checks if not check.passed for word in words.split("|"))


def test_posters_of_one_village_at_once_make_one_chain(database_for: DatabaseFor, scored: ScoredTownship) -> None:
    """Four threads post events of the same household: nothing is lost, the chain has no gap, verify is green."""
    village = scored.township.villages[0]
    database = database_for(Service.POINTS)
    with database.reading() as session:
        first = len(session.scalars(select(Posting.id).where(Posting.village_id == village.id)).all())

    def post(day: int) -> None:
        with database.transaction() as session:
            event = ReviewedEvent(village.households[0], scored.codes["CLEAN"], date(2026, 3, day), 100)
            record_events_bulk(session, village.id, [event], made_by="test")

    run_at_once([lambda day=day: post(day) for day in (1, 2, 3, 4)])  # type: ignore[misc]
    with database.transaction() as session:
        seqs = session.scalars(select(Posting.seq).where(Posting.village_id == village.id).order_by(Posting.seq)).all()
        assert seqs == list(range(1, first + 5))
        assert all(check.passed for check in check_village(session, village.id))


def run_at_once(works: list[Callable[[], None]]) -> None:
    """Run functions in threads and raise what the first failing one raised."""
    failures: list[BaseException] = []

    def guarded(work: Callable[[], None]) -> None:
        try:
            work()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=guarded, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    if failures:
        raise failures[0]
