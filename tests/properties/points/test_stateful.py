"""Random lives of a village: whatever is declared, reviewed, recalculated, published and spent, the books are right.

After every step the ledger equals the plain reference for every event, balances and holds follow from their rows, the
chain is whole, and what was published has not changed. Each life is one transaction that is undone.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import ColumnElement, func, select, update

from services.points.events.bulk import ReviewedEvent, record_events_bulk
from services.points.events.declarations import Declaration, declare_events, withdraw_event
from services.points.events.reviews import Verdict, review_event, void_event
from services.points.expiry.booking import expire_village
from services.points.expiry.months import month_of
from services.points.ledger.plain_entries import PlainEntry, open_accounts
from services.points.ledger.transfers import AccountPlace, transfer_points
from services.points.ledger.village import prepare_village
from services.points.quarters.opening import open_quarters
from services.points.quarters.transitions import close_quarter, publish_quarter, reopen_quarter, tally_quarter
from services.points.recalculation.losses import send_notices
from services.points.recalculation.runs import RunOrder, cancel_run, resume_run, start_run
from services.points.recalculation.shards import work_shard
from services.points.scoring.lines import Line
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
from shared.models.points import (
    Account,
    BoardEdition,
    BoardRow,
    Entry,
    Event,
    EventState,
    Expiry,
    Item,
    LotSource,
    Mode,
    QuarterState,
    Recalculation,
    RecalculationMode,
    RecalculationState,
    Redemption,
    RedemptionState,
    Review,
    Rule,
    Shard,
    ShardState,
    VillageQuarter,
)
from shared.quarters import quarter_of
from shared.topology import Service
from tests.fixtures.databases import DatabaseFor
from tests.fixtures.township import SmallTownship, act_as
from tests.properties.points.reference import Fact, score
from tests.properties.points.worlds import (
    FIRST_DAY,
    Happening,
    Sheet,
    add_codes,
    add_rulebook,
    adopt,
    happening,
    happenings,
    revised,
    sheets,
)

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("any_database")]
BEGIN = datetime(2025, 10, 15, 2, tzinfo=UTC)
"""Two quarters may have events on the first day, and the first of them is over."""

_lives = itertools.count()
PREVIEW, APPLY = RecalculationMode.PREVIEW, RecalculationMode.APPLY
WAITING = (EventState.DECLARED, EventState.REVIEWED)
_terms = st.sampled_from([(Expiry.NEVER, None), (Expiry.NEVER, None), (Expiry.MONTHS, 1), (Expiry.YEAR_END, None)])
_reviews = st.sampled_from([Review.NONE, Review.SINGLE, Review.DOUBLE])


_STEPS: dict[QuarterState, list[Callable[..., object]]] = {
    QuarterState.OPEN: [tally_quarter],
    QuarterState.TALLIED: [reopen_quarter, reopen_quarter, publish_quarter],
    QuarterState.PUBLISHED: [close_quarter, reopen_quarter],
}


def _inside(line: Line | None, chosen: int | None) -> int | None:
    """An amount that a range line allows; none for others, which take none."""
    if line is None or line.mode is not Mode.RANGE:
        return None
    return max(line.minimum or 0, min(line.maximum or 0, chosen or 0))


class VillageLife(RuleBasedStateMachine):
    """What people of one village do in a year, in any order."""

    def __init__(self, database: Database, township: SmallTownship) -> None:
        super().__init__()
        self.session = database.open_session(write=True)
        # Lines of a published revision are kept by its id and moment, which an undone life must not share with another.
        self.clock = time_machine.travel(BEGIN + timedelta(microseconds=next(_lives)), tick=False)
        self.traveller = self.clock.start()
        self.township, self.village = township, township.villages[0]
        self.cadres = [act_as(township, Role.CADRE, number=number) for number in (0, 1)]
        self.member, self.keeper = act_as(township, Role.GRID_MEMBER), act_as(township, Role.KEEPER)
        self.admin = act_as(township, Role.ADMIN)
        self.sheets: dict[int, Sheet] = {}
        self.published: dict[int, tuple[Any, ...]] = {}
        self.keys = 0

    def teardown(self) -> None:
        self.session.rollback()
        self.session.close()
        self.clock.stop()

    # Beginnings

    @initialize(sheet=sheets(), data=st.data(), events=happenings(12))
    def begin(self, sheet: Sheet, data: st.DataObject, events: list[Happening]) -> None:
        self.codes = add_codes(self.session, self.township.id)
        prepare_village(self.session, self.village.id)
        self._adopt(sheet, quarter_of(FIRST_DAY), data)
        basin = ItemFacts(name="洗脸盆", unit="个", points=500)
        self.item = add_item(self.session, self.keeper, village_code=self.village.code, code="PEN", facts=basin).id
        self._receive(4)
        brought = [PlainEntry(household, 3000) for household in self.village.households[:3]]
        running = quarter_of(today())
        open_accounts(self.session, self.village.id, brought, quarter=running, made_by="task:test", reason="老账")
        self.import_many(events)

    def _adopt(self, sheet: Sheet, quarter: int, data: st.DataObject, *, reason: str = "") -> None:
        book = add_rulebook(self.session, self.township.id, len(self.sheets) + 1, sheet, self.codes)
        for index in sheet:
            expiry, months = data.draw(_terms)
            self.session.execute(
                update(Rule)
                .where(Rule.rulebook_id == book, Rule.code_id == self.codes[index])
                .values(review=data.draw(_reviews), expiry=expiry, valid_months=months)
            )
        self.sheets[book] = sheet
        adopt(self.session, self.village.id, book, quarter, correction_reason=reason)

    def _receive(self, quantity: int) -> None:
        delivery = Delivery(LotSource.PURCHASE)
        receive_goods(self.session, self.keeper, item_id=self.item, quantity=quantity, delivery=delivery)

    def _try(self, act: Callable[[], object]) -> None:
        """Do something that may be refused: then nothing of it remains."""
        # Nobody does two things at the same instant.
        self.traveller.shift(timedelta(seconds=1))
        try:
            with self.session.begin_nested():
                act()
        except DomainError:
            self.session.expire_all()

    def _events(self, *states: EventState) -> list[int]:
        return list(self.session.scalars(select(Event.id).where(Event.state.in_(states)).order_by(Event.id)))

    # Time

    @rule(days=st.integers(1, 45), strikes=st.booleans())
    def time_passes(self, days: int, strikes: bool) -> None:
        self.traveller.shift(timedelta(days=days))
        if not strikes:
            return
        self._try(lambda: open_quarters(self.session))
        self._try(lambda: lapse_village(self.session, self.village.id))
        before = self._accounts()
        for _ in range(2):
            self._try(lambda: expire_village(self.session, self.village.id, month_of(today()) - 1))
            for household, (balance, reserved) in self._accounts().items():
                assert balance >= min(before[household][0], reserved)

    # Events

    @rule(event=happening, by_cadre=st.booleans())
    def declare(self, event: Happening, by_cadre: bool) -> None:
        sheet = self.sheets[max(self.sheets)]
        index = sorted(sheet)[event.rule % len(sheet)] if sheet else event.rule
        line = sheet.get(index)
        stepped = line is not None and line.mode is Mode.STEPPED
        stated = Declaration(
            self.village.households[event.household],
            f"R{index}",
            min(event.day, today()),
            100 if stepped else event.quantity,
            _inside(line, event.chosen),
        )
        self._try(lambda: declare_events(self.session, self.cadres[0] if by_cadre else self.member, [stated]))

    @rule(events=happenings(8))
    def import_many(self, events: list[Happening]) -> None:
        known = {index for sheet in self.sheets.values() for index in sheet}
        reviewed = [
            ReviewedEvent(
                self.village.households[event.household],
                self.codes[event.rule],
                min(event.day, today()),
                event.quantity,
                event.chosen,
            )
            for event in events
            if event.rule in known
        ]
        self._try(lambda: record_events_bulk(self.session, self.village.id, reviewed, made_by="task:test"))

    @precondition(lambda self: self._events(*WAITING))
    @rule(data=st.data(), who=st.integers(0, 1), rejected=st.sampled_from([False, False, False, True]))
    def review(self, data: st.DataObject, who: int, rejected: bool) -> None:
        event = data.draw(st.sampled_from(self._events(*WAITING)))
        code = self.session.scalars(select(Event.rule_id).where(Event.id == event)).one()
        chosen = _inside(self.sheets[max(self.sheets)].get(self.codes.index(code)), data.draw(st.integers(-3000, 3000)))
        verdict = Verdict.REJECT if rejected else Verdict.APPROVE
        self._try(
            lambda: review_event(self.session, self.cadres[who], event, verdict=verdict, chosen=chosen, reason="核对过")
        )

    @precondition(lambda self: self._events(*WAITING))
    @rule(data=st.data())
    def withdraw(self, data: st.DataObject) -> None:
        event = data.draw(st.sampled_from(self._events(*WAITING)))
        self._try(lambda: withdraw_event(self.session, self.member, event))

    @precondition(lambda self: self._events(EventState.POSTED))
    @rule(data=st.data())
    def void(self, data: st.DataObject) -> None:
        event = data.draw(st.sampled_from(self._events(EventState.POSTED, EventState.VOIDED)))
        self._try(lambda: void_event(self.session, self.cadres[1], event, reason="登记错误"))

    # Rulebooks and recalculation

    @precondition(lambda self: len(self.sheets) < 4)
    @rule(data=st.data(), correction=st.booleans(), ahead=st.integers(0, 1))
    def adopt_a_revision(self, data: st.DataObject, correction: bool, ahead: int) -> None:
        sheet = data.draw(revised(self.sheets[max(self.sheets)]))
        running = quarter_of(today())
        if correction:
            self._adopt(sheet, data.draw(st.integers(quarter_of(FIRST_DAY), running)), data, reason="原文有误")
        else:
            self._adopt(sheet, running + ahead, data)

    def _runs(self, *conditions: ColumnElement[bool]) -> list[int]:
        return list(self.session.scalars(select(Recalculation.id).where(*conditions).order_by(Recalculation.id)))

    def _sent(self) -> list[int]:
        shards = select(Shard.id).where(Shard.state == ShardState.RUNNING).order_by(Shard.id)
        return list(self.session.scalars(shards))

    def _start(self, mode: RecalculationMode, *, full: bool, preview: int | None) -> None:
        order = RunOrder(mode, villages=(self.village.code,), full=full, preview_id=preview)
        self._try(lambda: start_run(self.session, self.admin, order))

    @rule(data=st.data(), mode=st.sampled_from([PREVIEW, APPLY]), full=st.booleans())
    def recalculate(self, data: st.DataObject, mode: RecalculationMode, full: bool) -> None:
        previews = self._runs(Recalculation.mode == PREVIEW)
        preview = data.draw(st.none() | st.sampled_from(previews)) if previews and mode is APPLY else None
        self._start(mode, full=full, preview=preview)

    @rule(full=st.booleans())
    def recalculate_to_the_end(self, full: bool) -> None:
        self._start(PREVIEW, full=full, preview=None)
        self._work_off()
        if previews := self._runs(Recalculation.mode == PREVIEW, Recalculation.state == RecalculationState.DONE):
            self._try(lambda: send_notices(self.session, self.admin, previews[-1], reason="更正"))
            self._start(APPLY, full=full, preview=previews[-1])
            self._work_off()

    def _work_off(self) -> None:
        for shard in self._sent():
            self._try(lambda shard=shard: work_shard(self.session, shard))  # type: ignore[misc]

    @precondition(lambda self: self._runs())
    @rule(data=st.data())
    def tell_losers(self, data: st.DataObject) -> None:
        run = data.draw(st.sampled_from(self._runs()))
        self._try(lambda: send_notices(self.session, self.admin, run, reason="更正"))

    @precondition(lambda self: self._sent())
    @rule(data=st.data(), times=st.integers(1, 2))
    def work(self, data: st.DataObject, times: int) -> None:
        shard = data.draw(st.sampled_from(self._sent()))
        for _ in range(times):
            self._try(lambda: work_shard(self.session, shard))

    @precondition(lambda self: self._runs())
    @rule(data=st.data(), resume=st.booleans())
    def cancel_or_resume(self, data: st.DataObject, resume: bool) -> None:
        run = data.draw(st.sampled_from(self._runs()))
        self._try(lambda: (resume_run if resume else cancel_run)(self.session, self.admin, run))

    # Quarters

    @rule(data=st.data())
    def move_a_quarter(self, data: st.DataObject) -> None:
        rows = self.session.execute(
            select(VillageQuarter.quarter, VillageQuarter.state)
            .where(VillageQuarter.state != QuarterState.CLOSED)
            .order_by(VillageQuarter.quarter)
        )
        quarter, state = data.draw(st.sampled_from([tuple(row) for row in rows]))
        step = data.draw(st.sampled_from(_STEPS[state]))
        self._try(lambda: step(self.session, self.cadres[0], self.village.code, quarter))
        self._remember_boards()

    def _boards(self) -> dict[int, tuple[Any, ...]]:
        editions = self.session.execute(select(BoardEdition.__table__)).all()
        rows = self.session.execute(select(BoardRow.__table__).order_by(BoardRow.board_id, BoardRow.household_id)).all()
        return {
            board.id: (tuple(board), tuple(tuple(row) for row in rows if row.board_id == board.id))
            for board in editions
        }

    def _remember_boards(self) -> None:
        for board, content in self._boards().items():
            self.published.setdefault(board, content)

    # Store

    @rule(quantity=st.integers(1, 5))
    def deliver(self, quantity: int) -> None:
        self._receive(quantity)

    @rule(household=st.integers(0, 2), quantity=st.integers(1, 3))
    def reserve(self, household: int, quantity: int) -> None:
        self.keys += 1
        self._try(
            lambda: reserve_goods(
                self.session,
                self.keeper,
                household_id=self.village.households[household],
                item_id=self.item,
                quantity=quantity,
                key=f"key-{self.keys:04d}",
            )
        )

    @rule(giver=st.integers(0, 5), receiver=st.integers(0, 5), amount=st.integers(-2000, 4000))
    def transfer(self, giver: int, receiver: int, amount: int) -> None:
        self._try(
            lambda: transfer_points(
                self.session,
                giver=AccountPlace(self.village.id, self.village.households[giver]),
                receiver=AccountPlace(self.village.id, self.village.households[receiver]),
                amount=amount,
                quarter=quarter_of(today()),
                made_by="task:test",
                reason="两户合并",
            )
        )

    def _redemptions(self) -> list[int]:
        return list(self.session.scalars(select(Redemption.id).order_by(Redemption.id)))

    @precondition(lambda self: self._redemptions())
    @rule(data=st.data(), end=st.sampled_from(["fulfil", "cancel", "refund"]))
    def end_a_redemption(self, data: st.DataObject, end: str) -> None:
        redemption = data.draw(st.sampled_from(self._redemptions()))
        if end == "refund":
            self._try(lambda: refund_redemption(self.session, self.keeper, redemption, reason="破了"))
        else:
            act = fulfil_redemption if end == "fulfil" else cancel_reservation
            self._try(lambda: act(self.session, self.keeper, redemption))

    # What always holds

    def _accounts(self) -> dict[int, tuple[int, int]]:
        return {
            row.household_id: (row.balance, row.reserved)
            for row in self.session.execute(select(Account.household_id, Account.balance, Account.reserved))
        }

    @invariant()
    def the_ledger_is_what_the_reference_says(self) -> None:
        lines = {
            row.quarter: {self.codes[index]: line for index, line in self.sheets[row.rulebook_id].items()}
            for row in self.session.execute(select(VillageQuarter.quarter, VillageQuarter.rulebook_id))
        }
        facts = [
            Fact(event.id, event.household_id, event.rule_id, event.occurred_on, event.quantity, event.chosen)
            for event in self.session.execute(select(Event.__table__).where(Event.state == EventState.POSTED))
        ]
        held = self.session.execute(
            select(Entry.event_id, func.sum(Entry.amount)).where(Entry.event_id > 0).group_by(Entry.event_id)
        )
        expected = {event_id: amount for event_id, amount in score(facts, lines).items() if amount}
        assert {event_id: int(amount) for event_id, amount in held if amount} == expected

    @invariant()
    def balances_and_holds_follow_from_their_rows(self) -> None:
        sums = self.session.execute(select(Entry.household_id, func.sum(Entry.amount)).group_by(Entry.household_id))
        balances = {household: int(amount) for household, amount in sums}
        held = dict.fromkeys(balances, 0)
        for household, points in self.session.execute(
            select(Redemption.household_id, Redemption.points).where(Redemption.state == RedemptionState.RESERVED)
        ):
            held[household] += points
        assert self._accounts() == {household: (balances[household], held[household]) for household in balances}
        on_hand, reserved = self.session.execute(select(Item.on_hand, Item.reserved)).one()
        assert on_hand >= reserved >= 0

    @invariant()
    def every_proof_holds(self) -> None:
        failed = [check.sentence for check in check_village(self.session, self.village.id) if not check.passed]
        assert failed == []

    @invariant()
    def what_was_published_stays(self) -> None:
        assert self._boards() == self.published

    @invariant()
    def an_open_quarter_holds_all_of_its_own(self) -> None:
        elsewhere = (
            select(Entry.event_id)
            .join(VillageQuarter, VillageQuarter.quarter == Entry.origin_quarter)
            .where(VillageQuarter.state == QuarterState.OPEN, Entry.event_id > 0, Entry.quarter > Entry.origin_quarter)
            .group_by(Entry.event_id)
            .having(func.sum(Entry.amount) != 0)
        )
        assert self.session.scalars(elsewhere).all() == []


def test_whatever_a_village_does_its_books_are_right(database_for: DatabaseFor, small_township: SmallTownship) -> None:
    database = database_for(Service.POINTS)
    run_state_machine_as_test(
        lambda: VillageLife(database, small_township),
        settings=settings(
            stateful_step_count=50,
            max_examples=max(60, settings().max_examples),
            suppress_health_check=list(HealthCheck),
            report_multiple_bugs=False,
        ),
    )
