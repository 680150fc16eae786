"""A village's busy day on PostgreSQL: people reserve and fetch goods while its ledger is posted to and recalculated."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import date

import pytest
from sqlalchemy import func, select, update

from services.points.events.bulk import ReviewedEvent, record_events_bulk
from services.points.expiry.booking import expire_village
from services.points.expiry.months import month_of
from services.points.recalculation.losses import send_notices
from services.points.recalculation.runs import RunOrder, start_run
from services.points.recalculation.shards import work_shard
from services.points.store.fulfilments import fulfil_redemption
from services.points.store.items import ItemFacts, add_item
from services.points.store.lapsing import lapse_village
from services.points.store.reservations import cancel_reservation, reserve_goods
from services.points.store.stock import Delivery, receive_goods
from services.points.verification.checks import check_village
from shared.calendar import today
from shared.database import Database
from shared.errors import DomainError
from shared.identity import Role
from shared.models.points import (
    Account,
    Entry,
    EntryKind,
    Expiry,
    Item,
    LotSource,
    Posting,
    PostingKind,
    RecalculationMode,
    Redemption,
    RedemptionState,
    Rule,
    Shard,
    ShardState,
)
from shared.topology import Service
from tests.fixtures.databases import DatabaseFor
from tests.fixtures.township import PrincipalOf, SmallTownship
from tests.integration.points.scored_township import ScoredTownship, build_scored_township

pytestmark = pytest.mark.usefixtures("postgresql_database")
STOCK, PRICE = 40, 500


class Day:
    """The works of the day; each is done in transactions of its own, as requests and tasks do."""

    def __init__(self, database: Database, scored: ScoredTownship, principal_of: PrincipalOf) -> None:
        self.database, self.scored = database, scored
        self.village = scored.township.villages[0]
        # The first household has a fine, which may take it below zero.
        self.households = self.village.households[1:]
        self.keeper, self.admin = principal_of(Role.KEEPER), principal_of(Role.ADMIN)
        with database.transaction() as session:
            session.execute(
                update(Rule).where(Rule.code_id == scored.codes["CLEAN"]).values(expiry=Expiry.MONTHS, valid_months=1)
            )
            basin = ItemFacts(name="洗脸盆", unit="个", points=PRICE)
            self.item = add_item(session, self.keeper, village_code=self.village.code, code="PEN", facts=basin).id
            delivery = Delivery(LotSource.PURCHASE)
            receive_goods(session, self.keeper, item_id=self.item, quantity=STOCK, delivery=delivery)

    def buy(self, customer: int) -> None:
        """Two customers use the same keys, as one whose request was sent again."""
        for number in range(15):
            household = self.households[number % 5]
            with suppress(DomainError):
                with self.database.transaction() as session:
                    made = reserve_goods(
                        session,
                        self.keeper,
                        household_id=household,
                        item_id=self.item,
                        quantity=1,
                        key=f"key-{customer // 2}-{number:04d}",
                    ).id
                with self.database.transaction() as session:
                    (cancel_reservation if number % 4 == 3 else fulfil_redemption)(session, self.keeper, made)

    def post(self, month: int) -> None:
        for day in range(1, 11):
            events = [
                ReviewedEvent(household, self.scored.codes["CLEAN"], date(2026, month, day), 100)
                for household in self.households
            ]
            with self.database.transaction() as session:
                record_events_bulk(session, self.village.id, events, made_by="test")

    def run(self, mode: RecalculationMode, *, preview: int | None = None, full: bool = False) -> int:
        with self.database.transaction() as session:
            order = RunOrder(mode, villages=(self.village.code,), preview_id=preview, full=full)
            run = start_run(session, self.admin, order)
            shard = session.scalars(select(Shard.id).where(Shard.recalculation_id == run.id)).one()
            run_id = run.id
        with self.database.transaction() as session:
            work_shard(session, shard)
        return run_id

    def recalculate(self) -> None:
        preview = self.run(RecalculationMode.PREVIEW)
        with self.database.transaction() as session:
            send_notices(session, self.admin, preview, reason="按通过的文本更正")
        self.run(RecalculationMode.APPLY, preview=preview)
        for _ in range(3):
            self.run(RecalculationMode.APPLY, full=True)

    def keep_the_books(self) -> None:
        for months_ago in range(4, 0, -1):
            with self.database.transaction() as session:
                lapse_village(session, self.village.id)
                expire_village(session, self.village.id, month_of(today()) - months_ago)
            with self.database.transaction() as session:
                assert [check.sentence for check in check_village(session, self.village.id) if not check.passed] == []


@pytest.fixture
def day(database_for: DatabaseFor, small_township: SmallTownship, principal_of: PrincipalOf) -> Day:
    database = database_for(Service.POINTS)
    with database.transaction() as session:
        scored = build_scored_township(session, small_township)
    return Day(database, scored, principal_of)


def at_once(works: list[Callable[[], None]]) -> None:
    """Run all of them side by side; raise what one of them raised."""
    with ThreadPoolExecutor(len(works)) as pool:
        for done in [pool.submit(work) for work in works]:
            done.result(120)


def test_goods_go_out_beside_posting_recalculation_and_expiry_and_nothing_is_doubled_or_overdrawn(day: Day) -> None:
    customers: list[Callable[[], None]] = [lambda n=n: day.buy(n) for n in range(4)]  # type: ignore[misc]
    others: list[Callable[[], None]] = [lambda: day.post(4), lambda: day.post(5), day.recalculate, day.keep_the_books]
    at_once(customers + others)
    with day.database.transaction() as session:
        assert [check.sentence for check in check_village(session, day.village.id) if not check.passed] == []
        counted = session.execute(select(Redemption.state, func.count()).group_by(Redemption.state))
        states = {state: int(count) for state, count in counted}
        fulfilled = states[RedemptionState.FULFILLED]
        assert set(states) <= {RedemptionState.FULFILLED, RedemptionState.CANCELLED}
        booked = session.scalars(select(Entry.amount).where(Entry.kind == EntryKind.REDEMPTION)).all()
        assert booked == [-PRICE] * fulfilled
        item = session.get_one(Item, day.item)
        assert (item.on_hand, item.reserved) == (STOCK - fulfilled, 0)
        keys = session.scalars(select(Redemption.key)).all()
        assert len(keys) == len(set(keys)) <= 30
        for row in session.scalars(select(Account).where(Account.household_id.in_(day.households))):
            assert row.balance >= 0
            assert row.reserved == 0
        assert set(session.scalars(select(Shard.state))) == {ShardState.DONE}
        kinds = set(session.scalars(select(Posting.kind)))
        assert {PostingKind.RECALCULATION, PostingKind.REDEMPTION, PostingKind.EXPIRY, PostingKind.IMPORT} <= kinds
