"""Two villages' busy day on PostgreSQL: everybody does anything at once, and nobody waits for each other for ever.

What is refused in words is refused; anything else (a deadlock, a number that does not fit) fails the test.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import date, timedelta
from random import Random

import pytest
from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from services.points.events.declarations import Declaration, declare_events, withdraw_event
from services.points.events.records import record_message
from services.points.events.reviews import Verdict, review_event, void_event
from services.points.expiry.booking import expire_village
from services.points.expiry.months import month_of
from services.points.ledger.transfers import AccountPlace, transfer_points
from services.points.quarters.opening import open_quarters
from services.points.quarters.transitions import reopen_quarter, tally_quarter
from services.points.recalculation.runs import RunOrder, start_run
from services.points.recalculation.shards import work_shard
from services.points.rulebooks.adoption import Decision, Matter, adopt_rulebook
from services.points.store.fulfilments import fulfil_redemption, refund_redemption
from services.points.store.items import ItemFacts, add_item
from services.points.store.lapsing import lapse_village
from services.points.store.reservations import cancel_reservation, reserve_goods
from services.points.store.stock import Delivery, receive_goods
from services.points.verification.checks import check_village
from shared.calendar import today
from shared.database import Database
from shared.errors import DomainError
from shared.identity import Role
from shared.messages.points import RecordEvent
from shared.models.points import (
    Entry,
    EntryKind,
    Event,
    EventState,
    LotSource,
    Posting,
    RecalculationMode,
    Redemption,
    Rulebook,
    Shard,
    ShardState,
)
from shared.quarters import first_day, quarter_of
from shared.topology import Service
from tests.fixtures.databases import DatabaseFor
from tests.fixtures.township import SmallTownship, act_as
from tests.integration.points.scored_township import FIRST_QUARTER, ScoredTownship, build_scored_township

pytestmark = pytest.mark.usefixtures("postgresql_database")
PEOPLE, ACTS = 6, 60


class Person:
    """Does one thing after the other, each in a transaction of its own; what comes next is drawn."""

    keys = itertools.count()

    def __init__(self, database: Database, scored: ScoredTownship, items: list[int], seed: int) -> None:
        self.database, self.scored, self.items, self.random = database, scored, items, Random(seed)
        township = scored.township
        self.admin, self.second = act_as(township, Role.ADMIN), act_as(township, Role.ADMIN, number=1)
        self.done = 0

    def live(self) -> int:
        """How many of the acts were not refused."""
        acts: list[Callable[[Session], object]] = [
            self.declare, self.review, self.review, self.review, self.void, self.withdraw, self.hear, self.transfer,
            self.reserve, self.end, self.lapse, self.tally_or_reopen, self.recalculate, self.work, self.work,
            self.expire, self.open, self.adopt,
        ]  # fmt: skip
        for _ in range(ACTS):
            act = self.random.choice(acts)
            with suppress(DomainError), self.database.transaction() as session:
                act(session)
                session.flush()
                self.done += 1
        return self.done

    def _some(self, session: Session, ids: Select[int]) -> int | None:
        found = session.scalars(ids).all()
        return self.random.choice(found) if found else None

    def _events(self, session: Session, *states: EventState) -> int | None:
        return self._some(session, select(Event.id).where(Event.state.in_(states)))

    def _household(self) -> tuple[int, int]:
        village = self.random.choice(self.scored.township.villages)
        return village.id, self.random.choice(village.households)

    def _day(self) -> date:
        return date(2026, 1, 1) + timedelta(days=self.random.randrange(180))

    def declare(self, session: Session) -> None:
        rows = [
            Declaration(self._household()[1], self.random.choice(["CLEAN", "HELP", "FINE", "WORK"]), self._day())
            for _ in range(self.random.randint(1, 6))
        ]
        declare_events(session, self.random.choice([self.admin, self.second]), rows)

    def review(self, session: Session) -> None:
        if event := self._events(session, EventState.DECLARED):
            verdict = self.random.choice([Verdict.APPROVE, Verdict.APPROVE, Verdict.REJECT])
            reviewer = self.random.choice([self.admin, self.second])
            review_event(session, reviewer, event, verdict=verdict, reason="核对过")

    def void(self, session: Session) -> None:
        if event := self._events(session, EventState.POSTED):
            void_event(session, self.second, event, reason="登记错误")

    def withdraw(self, session: Session) -> None:
        if event := self._events(session, EventState.DECLARED):
            withdraw_event(session, self.admin, event)

    def hear(self, session: Session) -> None:
        """A record of another service, or its next version; it may be of another village by now."""
        record_message(
            session,
            RecordEvent(
                source=f"intake.demand:{self.random.randrange(4)}",
                source_version=self.random.randrange(1, 40),
                withdrawn=self.random.random() < 0.3,
                household_id=self._household()[1],
                rule_code="CLEAN",
                occurred_on=self._day(),
                quantity=self.random.choice([1, 100, 300]),
                note="反映路灯损坏",
                declared_by=None,
                declarer_name="村干部",
            ),
        )

    def transfer(self, session: Session) -> None:
        giver, receiver = AccountPlace(*self._household()), AccountPlace(*self._household())
        transfer_points(
            session,
            giver=giver,
            receiver=receiver,
            amount=self.random.randint(-300, 500),
            quarter=FIRST_QUARTER + self.random.randrange(2),
            made_by="test",
            reason="两户合并",
        )

    def reserve(self, session: Session) -> None:
        place = self.random.randrange(2)
        household = self.random.choice(self.scored.township.villages[place].households)
        key = f"key-{next(Person.keys):06d}"
        reserve_goods(session, self.admin, household_id=household, item_id=self.items[place], quantity=1, key=key)

    def end(self, session: Session) -> None:
        if redemption := self._some(session, select(Redemption.id)):
            ends: list[Callable[..., Redemption]] = [fulfil_redemption, fulfil_redemption, cancel_reservation]
            if self.random.random() < 0.2:
                refund_redemption(session, self.admin, redemption, reason="破了")
            else:
                self.random.choice(ends)(session, self.admin, redemption)

    def lapse(self, session: Session) -> None:
        lapse_village(session, self._household()[0])

    def tally_or_reopen(self, session: Session) -> None:
        act = self.random.choice([tally_quarter, reopen_quarter])
        code = self.random.choice(self.scored.township.villages).code
        act(session, self.admin, code, FIRST_QUARTER + self.random.randrange(2))

    def recalculate(self, session: Session) -> None:
        mode = self.random.choice([RecalculationMode.PREVIEW, RecalculationMode.APPLY])
        start_run(session, self.admin, RunOrder(mode, full=self.random.random() < 0.5))

    def work(self, session: Session) -> None:
        if shard := self._some(session, select(Shard.id).where(Shard.state == ShardState.RUNNING)):
            work_shard(session, shard)

    def expire(self, session: Session) -> None:
        expire_village(session, self._household()[0], month_of(today()) - self.random.randint(1, 3))

    def open(self, session: Session) -> None:
        open_quarters(session)

    def adopt(self, session: Session) -> None:
        village = self.random.choice(self.scored.township.villages)
        decision = Decision(village.code, first_day(quarter_of(today())), Matter("决议2号", date(2026, 3, 1)))
        adopt_rulebook(session, self.admin, session.get_one(Rulebook, self.scored.second), decision)


@pytest.fixture
def database(database_for: DatabaseFor) -> Database:
    return database_for(Service.POINTS)


@pytest.fixture
def scored(database: Database, small_township: SmallTownship) -> ScoredTownship:
    with database.transaction() as session:
        return build_scored_township(session, small_township, adopt_second=False)


@pytest.fixture
def items(database: Database, scored: ScoredTownship) -> list[int]:
    """Basins at 5 points each, in both stores."""
    made = []
    admin = act_as(scored.township, Role.ADMIN)
    with database.transaction() as session:
        for village in scored.township.villages:
            basin = ItemFacts(name="洗脸盆", unit="个", points=500)
            item = add_item(session, admin, village_code=village.code, code="PEN", facts=basin)
            receive_goods(session, admin, item_id=item.id, quantity=30, delivery=Delivery(LotSource.PURCHASE))
            made.append(item.id)
    return made


def test_whatever_is_done_at_once_nobody_waits_for_ever_and_the_books_are_right(
    database: Database, scored: ScoredTownship, items: list[int]
) -> None:
    people = [Person(database, scored, items, seed) for seed in range(PEOPLE)]
    with ThreadPoolExecutor(PEOPLE) as pool:
        done = [pool.submit(person.live) for person in people]
        assert sum(each.result(120) for each in done) > PEOPLE * ACTS / 3
    with database.transaction() as session:
        for village_id in scored.villages:
            assert [check.sentence for check in check_village(session, village_id) if not check.passed] == []
        moved = select(func.coalesce(func.sum(Entry.amount), 0)).where(Entry.kind == EntryKind.TRANSFER)
        assert session.scalar(moved) == 0
        assert len(set(session.scalars(select(Posting.kind)))) >= 4
