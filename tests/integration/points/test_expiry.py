"""Expiry on both databases: what is gone at the end of a month, what never is, and how the statement explains it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest
import time_machine
from sqlalchemy import func, select, update

from services.points.events.declarations import Declaration, declare_events
from services.points.events.reviews import void_event
from services.points.expiry.booking import expire_village, order_expiry
from services.points.expiry.months import month_of
from services.points.statements.entries import describe_entries, select_entries
from services.points.store.fulfilments import fulfil_redemption, refund_redemption
from services.points.store.items import ItemFacts, add_item
from services.points.store.reservations import cancel_reservation, reserve_goods
from services.points.store.stock import Delivery, receive_goods
from services.points.verification.checks import check_village
from shared.database import Database
from shared.identity import Role
from shared.models.plumbing import OUTBOX
from shared.models.points import (
    Account,
    Entry,
    EntryKind,
    Expiry,
    ExpiryRun,
    LotSource,
    Posting,
    PostingKind,
    Review,
    Rule,
)
from shared.models.registry import Household
from shared.quarters import quarter_of
from shared.topology import Service
from tests.fixtures.databases import DatabaseFor
from tests.fixtures.township import PrincipalOf, SmallTownship
from tests.integration.points.scored_township import ScoredTownship, build_scored_township

pytestmark = pytest.mark.usefixtures("any_database")
FEBRUARY, MARCH, APRIL, MAY = (month_of(date(2026, month, 1)) for month in (2, 3, 4, 5))


def on(month: int, day: int) -> time_machine.travel:
    """Noon of a day of 2026."""
    return time_machine.travel(datetime(2026, month, day, 4, tzinfo=UTC), tick=True)


@pytest.fixture(autouse=True)
def in_january() -> Iterator[None]:
    with on(1, 20):
        yield


@pytest.fixture
def database(database_for: DatabaseFor) -> Database:
    return database_for(Service.POINTS)


class Place:
    """A village whose CLEAN points last until the end of the next month, with a shelf of basins at 2 points."""

    def __init__(self, database: Database, scored: ScoredTownship, principal_of: PrincipalOf) -> None:
        self.database, self.scored = database, scored
        self.village = scored.township.villages[0]
        self.cadre, self.keeper = principal_of(Role.CADRE), principal_of(Role.KEEPER)
        self.household = self.village.households[2]
        with database.transaction() as session:
            session.execute(update(Rule).values(review=Review.NONE))
            session.execute(
                update(Rule)
                .where(Rule.rulebook_id == scored.first, Rule.code_id == scored.codes["CLEAN"])
                .values(expiry=Expiry.MONTHS, valid_months=1)
            )
            basin = ItemFacts(name="洗脸盆", unit="个", points=200)
            self.item = add_item(session, self.keeper, village_code=self.village.code, code="PEN", facts=basin).id
            receive_goods(session, self.keeper, item_id=self.item, quantity=50, delivery=Delivery(LotSource.PURCHASE))

    def does(self, code: str, day: date, quantity: int = 100, *, household: int | None = None) -> int:
        with self.database.transaction() as session:
            stated = Declaration(household or self.household, code, day, quantity)
            return declare_events(session, self.cadre, [stated])[0].id

    def reserves(self, key: str, quantity: int = 1) -> int:
        with self.database.transaction() as session:
            return reserve_goods(
                session,
                self.keeper,
                household_id=self.household,
                item_id=self.item,
                quantity=quantity,
                key=f"key-{key:0>8}",
            ).id

    def expires(self, month: int) -> int:
        """Run the job of a month on the first of the next one; the count of changed households."""
        with on(month % 12 + 2, 1), self.database.transaction() as session:
            return expire_village(session, self.village.id, month)

    def account(self) -> tuple[int, int]:
        with self.database.reading() as session:
            row = session.get_one(Account, (self.village.id, self.household))
            return row.balance, row.reserved

    def expired(self) -> list[int]:
        with self.database.reading() as session:
            return list(
                session.scalars(
                    select(Entry.amount)
                    .where(Entry.household_id == self.household, Entry.kind == EntryKind.EXPIRY)
                    .order_by(Entry.id)
                )
            )

    def is_proven(self) -> bool:
        with self.database.transaction() as session:
            return [check.sentence for check in check_village(session, self.village.id) if not check.passed] == []


@pytest.fixture
def place(database: Database, small_township: SmallTownship, principal_of: PrincipalOf) -> Place:
    """Nothing has happened there yet."""
    with database.transaction() as session:
        scored = build_scored_township(session, small_township, adopt_second=False, events=False)
    return Place(database, scored, principal_of)


def test_what_is_left_at_the_end_of_its_month_is_gone_once_and_the_ledger_is_proven(place: Place) -> None:
    place.does("CLEAN", date(2026, 1, 5), 500)
    place.does("HELP", date(2026, 1, 6), 100)
    with on(1, 25):
        bought = place.reserves("a")
    with on(1, 28), place.database.transaction() as session:
        fulfil_redemption(session, place.keeper, bought)
    assert place.expires(month_of(date(2026, 1, 1))) == 0
    assert place.expires(FEBRUARY) == 1
    # Three were left of the five; the two for helping never expire.
    assert (place.account(), place.expired()) == ((200, 0), [-300])
    assert [place.expires(FEBRUARY), place.expires(FEBRUARY - 1), place.expires(MARCH)] == [0, 0, 0]
    assert place.account() == (200, 0)
    assert place.is_proven()
    with place.database.reading() as session:
        entry = session.scalars(select(Entry).where(Entry.kind == EntryKind.EXPIRY)).one()
        assert (entry.quarter, entry.origin_quarter) == (quarter_of(date(2026, 3, 1)),) * 2
        assert session.scalars(select(Posting.kind).where(Posting.id == entry.posting_id)).one() is PostingKind.EXPIRY
        assert session.scalar(select(func.count()).select_from(ExpiryRun)) == 3


def test_reserved_points_are_never_taken_whatever_becomes_of_the_reservation(place: Place) -> None:
    place.does("CLEAN", date(2026, 1, 5), 600)
    with on(2, 26):
        kept, cancelled = place.reserves("kept"), place.reserves("cancelled")
    place.expires(FEBRUARY)
    assert (place.account(), place.expired()) == ((400, 400), [-200])
    with on(3, 3), place.database.transaction() as session:
        fulfil_redemption(session, place.keeper, kept)
        cancel_reservation(session, place.keeper, cancelled)
    assert place.account() == (200, 0)
    # What was let go of had its time: it expires with the next month.
    place.expires(MARCH)
    assert (place.account(), place.expired()) == ((0, 0), [-200, -200])
    place.expires(APRIL)
    assert place.expired() == [-200, -200]
    assert place.is_proven()


def test_a_reservation_between_the_months_end_and_the_job_is_a_promise_too(place: Place) -> None:
    place.does("CLEAN", date(2026, 1, 5), 200)
    with time_machine.travel(datetime(2026, 2, 28, 16, 5, tzinfo=UTC)):
        bought = place.reserves("late")
    place.expires(FEBRUARY)
    assert (place.account(), place.expired()) == ((200, 200), [])
    with on(3, 2), place.database.transaction() as session:
        fulfil_redemption(session, place.keeper, bought)
    with on(3, 5):
        place.does("HELP", date(2026, 3, 5))
    place.expires(MARCH)
    assert (place.account(), place.expired()) == ((200, 0), [])


def test_a_void_after_the_points_have_expired_gives_the_expiry_back(place: Place) -> None:
    event = place.does("CLEAN", date(2026, 1, 5), 300)
    place.does("CLEAN", date(2026, 1, 6), 100)
    place.expires(FEBRUARY)
    assert place.account() == (0, 0)
    with on(3, 9), place.database.transaction() as session:
        void_event(session, place.cadre, event, reason="登记错误")
    assert place.account() == (-300, 0)
    place.expires(MARCH)
    assert (place.account(), place.expired()) == ((0, 0), [-400, 300])
    assert place.is_proven()


def test_a_revision_under_which_points_never_expire_gives_them_back(place: Place) -> None:
    place.does("CLEAN", date(2026, 1, 5), 300)
    place.expires(FEBRUARY)
    with place.database.transaction() as session:
        session.execute(update(Rule).values(expiry=Expiry.NEVER, valid_months=None))
    place.expires(MARCH)
    assert (place.account(), place.expired()) == ((300, 0), [-300, 300])


def test_points_may_last_until_the_end_of_their_year(place: Place) -> None:
    with place.database.transaction() as session:
        session.execute(
            update(Rule)
            .where(Rule.code_id == place.scored.codes["CLEAN"])
            .values(expiry=Expiry.YEAR_END, valid_months=None)
        )
    place.does("CLEAN", date(2026, 1, 5), 300)
    place.expires(FEBRUARY)
    assert place.expired() == []
    with time_machine.travel(datetime(2027, 1, 1, 4, tzinfo=UTC)), place.database.transaction() as session:
        expire_village(session, place.village.id, month_of(date(2026, 12, 1)))
    assert place.expired() == [-300]


def test_goods_brought_back_give_points_that_stay(place: Place) -> None:
    place.does("CLEAN", date(2026, 1, 5), 200)
    with on(2, 3):
        bought = place.reserves("a")
    with on(2, 4), place.database.transaction() as session:
        fulfil_redemption(session, place.keeper, bought)
        refund_redemption(session, place.keeper, bought, reason="破了")
    place.expires(FEBRUARY)
    assert (place.account(), place.expired()) == ((200, 0), [])


def test_deductions_may_leave_nothing_to_expire(place: Place) -> None:
    place.does("CLEAN", date(2026, 1, 5), 200)
    place.does("FINE", date(2026, 1, 8))
    place.expires(FEBRUARY)
    assert (place.account(), place.expired()) == ((-100, 0), [])


def test_households_are_told_a_month_ahead_those_with_the_same_amount_by_one_message(place: Place) -> None:
    one, two, three = place.village.households[1:4]
    for household, quantity in ((one, 300), (two, 300), (three, 100)):
        place.does("CLEAN", date(2026, 1, 5), quantity, household=household)
    place.expires(FEBRUARY - 1)
    place.expires(FEBRUARY - 1)
    with place.database.reading() as session:
        outbox = OUTBOX[Service.POINTS]
        told = session.scalars(
            select(outbox.body).where(outbox.name == "gateway.notify").order_by(outbox.id)  # type: ignore[attr-defined]
        )
        bodies = [json.loads(body) for body in told]
    assert sorted((body["household_ids"], body["text"][:11]) for body in bodies) == [
        ([one, two], "您家有 3.00 分到"),
        ([three], "您家有 1.00 分到"),
    ]
    assert all("2月28日为止" in body["text"] for body in bodies)


def test_the_statement_says_which_points_are_gone_and_what_was_counted_anew(place: Place) -> None:
    event = place.does("CLEAN", date(2026, 1, 5), 300)
    place.expires(FEBRUARY)
    with on(3, 9), place.database.transaction() as session:
        void_event(session, place.cadre, event, reason="登记错误")
    place.expires(MARCH)
    with place.database.reading() as session:
        household = session.get_one(Household, place.household)
        entries = session.scalars(select_entries(household, None).order_by(Entry.id)).all()
        lines = [line for line in describe_entries(session, household, entries) if line.kind is EntryKind.EXPIRY]
    assert [(line.title, line.amount, line.reason) for line in lines] == [
        ("到期", -300, "2026年2月底到期的积分。"),
        ("到期", 300, "2026年3月底到期的积分。"),
    ]
    assert [(line.note or "")[:18] for line in lines] == [
        "其余 -3.00 分是重新算清：记录",
        "其余 +3.00 分是重新算清：记录",
    ]


def test_the_statement_names_the_events_whose_points_are_gone(place: Place) -> None:
    for day in range(5, 12):
        place.does("CLEAN", date(2026, 1, day))
    place.expires(FEBRUARY)
    with place.database.reading() as session:
        household = session.get_one(Household, place.household)
        entries = session.scalars(select_entries(household, None).where(Entry.kind == EntryKind.EXPIRY)).all()
        (line,) = describe_entries(session, household, entries)
    assert line.note is not None
    assert line.note.startswith("到期的是：2026年1月5日打扫门前 1.00 分，2026年1月6日打扫门前 1.00 分")
    assert line.note.endswith("等 7 笔。")


def test_the_job_asks_for_each_village_and_the_month_that_is_over(place: Place) -> None:
    with on(3, 1), place.database.transaction() as session:
        assert order_expiry(session) == 2
        outbox = OUTBOX[Service.POINTS]
        ordered = session.scalars(select(outbox.body).where(outbox.name == "points.expire_village"))  # type: ignore[attr-defined]
        assert sorted((json.loads(body)["village_id"], json.loads(body)["month"]) for body in ordered) == [
            (village, FEBRUARY) for village in sorted(place.scored.villages)
        ]
