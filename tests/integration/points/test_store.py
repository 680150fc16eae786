"""The store on both databases: held points and goods, fulfilment, lapsing, and 32 people at the last ten basins."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import date, datetime, time, timedelta

import pytest
import time_machine
from sqlalchemy import select
from sqlalchemy.orm import Session

from services.points.ledger.village import prepare_village
from services.points.store.fulfilments import fulfil_redemption, refund_redemption
from services.points.store.items import ItemFacts, add_item, edit_item, price_on
from services.points.store.lapsing import lapse_village
from services.points.store.opening_days import opening_days, state_opening_days, version_of
from services.points.store.redemptions import redemption_by_code, select_redemptions
from services.points.store.reservations import cancel_reservation, reserve_goods
from services.points.store.stock import Delivery, count_stock, receive_goods, write_off
from shared.calendar import SHANGHAI, today
from shared.database import Database
from shared.errors import Conflict, DomainError, Forbidden, Invalid, NotFound, Stale
from shared.identity import Principal, Role
from shared.models.base import now
from shared.models.points import (
    Account,
    Entry,
    Item,
    LimitPeriod,
    LotSource,
    MoveKind,
    Redemption,
    RedemptionState,
    StockMove,
)
from shared.topology import Service
from tests.fixtures.databases import DatabaseFor
from tests.fixtures.township import PrincipalOf, SmallTownship
from tests.integration.points.scored_township import ScoredTownship, build_scored_township

pytestmark = pytest.mark.usefixtures("any_database")
BASIN = ItemFacts(name="洗脸盆", unit="个", points=500)


@pytest.fixture
def database(database_for: DatabaseFor) -> Database:
    return database_for(Service.POINTS)


@pytest.fixture
def scored(database: Database, small_township: SmallTownship) -> ScoredTownship:
    """Every household has points: 8 for helping, 8 for cleaning, 20 for work, less the first one's fine."""
    with database.transaction() as session:
        return build_scored_township(session, small_township, adopt_second=False)


@pytest.fixture
def keeper(principal_of: PrincipalOf) -> Principal:
    return principal_of(Role.KEEPER)


def shelf(
    database: Database, scored: ScoredTownship, keeper: Principal, *, units: int = 10, facts: ItemFacts = BASIN
) -> int:
    """An item with so many units on the shelf of the first village; its id."""
    with database.transaction() as session:
        item = add_item(session, keeper, village_code=scored.township.villages[0].code, code="PEN", facts=facts)
        receive_goods(session, keeper, item_id=item.id, quantity=units, delivery=Delivery(LotSource.PURCHASE))
        return item.id


def stock(session: Session, item_id: int) -> tuple[int, int]:
    item = session.get_one(Item, item_id, populate_existing=True)
    return item.on_hand, item.reserved


def account(session: Session, household_id: int) -> tuple[int, int]:
    row = session.scalars(select(Account).where(Account.household_id == household_id)).one()
    return row.balance, row.reserved


def assert_books_agree(session: Session) -> None:
    """Balances are the sums of entries, holds those of reservations, stock that of its moves."""
    for row in session.scalars(select(Account)):
        entries = session.scalars(select(Entry.amount).where(Entry.household_id == row.household_id)).all()
        held = session.scalars(
            select(Redemption.points).where(
                Redemption.household_id == row.household_id, Redemption.state == RedemptionState.RESERVED
            )
        ).all()
        assert (row.balance, row.reserved) == (sum(entries), sum(held))
    for item in session.scalars(select(Item)):
        moves = session.scalars(select(StockMove).where(StockMove.item_id == item.id)).all()
        assert item.on_hand == sum(move.on_hand for move in moves)
        assert item.reserved == sum(move.reserved for move in moves)


def test_a_reservation_holds_points_and_goods_and_books_nothing(
    database: Database, scored: ScoredTownship, keeper: Principal, principal_of: PrincipalOf
) -> None:
    item_id, household = shelf(database, scored, keeper), scored.township.villages[0].households[1]
    with database.transaction() as session:
        redemption = reserve_goods(
            session,
            principal_of(Role.RESIDENT, number=1),
            household_id=household,
            item_id=item_id,
            quantity=2,
            key="k" * 8,
        )
        assert len(redemption.code) == 8
        assert redemption.points == 1000
        assert (redemption.expires_at - now()) > timedelta(days=7)
    with database.reading() as session:
        assert account(session, household) == (3600, 1000)
        assert stock(session, item_id) == (10, 2)
        assert_books_agree(session)


def test_the_same_key_is_the_same_redemption_and_another_request_under_it_is_refused(
    database: Database, scored: ScoredTownship, keeper: Principal
) -> None:
    item_id, household = shelf(database, scored, keeper), scored.township.villages[0].households[1]
    made = set()
    for _ in range(3):
        with database.transaction() as session:
            made.add(
                reserve_goods(session, keeper, household_id=household, item_id=item_id, quantity=1, key="k" * 8).id
            )
    assert len(made) == 1
    with database.transaction() as session, pytest.raises(Invalid, match="防重复"):
        reserve_goods(session, keeper, household_id=household, item_id=item_id, quantity=2, key="k" * 8)


def test_fulfilment_books_the_points_once_and_takes_the_goods_off_the_shelf(
    database: Database, scored: ScoredTownship, keeper: Principal
) -> None:
    item_id, household = shelf(database, scored, keeper), scored.township.villages[0].households[1]
    with database.transaction() as session:
        code = reserve_goods(session, keeper, household_id=household, item_id=item_id, quantity=2, key="k" * 8).code
    for _ in range(2):
        with database.transaction() as session:
            redemption = redemption_by_code(session, keeper, f" {code.lower()[:4]}-{code.lower()[4:]} ")
            done = fulfil_redemption(session, keeper, redemption.id, fetched_by="石小满")
            assert (done.state, done.fetched_by) == (RedemptionState.FULFILLED, "石小满")
            made = done.id
    with database.reading() as session:
        assert account(session, household) == (2600, 0)
        assert stock(session, item_id) == (8, 0)
        assert_books_agree(session)
    with database.transaction() as session, pytest.raises(Conflict, match="已经领取"):
        cancel_reservation(session, keeper, made)


def test_fulfilment_does_not_look_at_the_balance_again(
    database: Database, scored: ScoredTownship, keeper: Principal
) -> None:
    item_id, household = shelf(database, scored, keeper), scored.township.villages[0].households[1]
    with database.transaction() as session:
        made = reserve_goods(session, keeper, household_id=household, item_id=item_id, quantity=2, key="k" * 8).id
        session.execute(Account.__table__.update().where(Account.household_id == household).values(balance=100))
    with database.transaction() as session:
        assert fulfil_redemption(session, keeper, made).state is RedemptionState.FULFILLED
    with database.reading() as session:
        assert account(session, household) == (-900, 0)


def test_cancel_and_refund_give_everything_back(database: Database, scored: ScoredTownship, keeper: Principal) -> None:
    item_id, household = shelf(database, scored, keeper), scored.township.villages[0].households[1]
    with database.transaction() as session:
        cancelled = reserve_goods(session, keeper, household_id=household, item_id=item_id, quantity=2, key="a" * 8).id
        bought = reserve_goods(session, keeper, household_id=household, item_id=item_id, quantity=1, key="b" * 8).id
    for _ in range(2):
        with database.transaction() as session:
            assert cancel_reservation(session, keeper, cancelled).state is RedemptionState.CANCELLED
    with database.transaction() as session:
        with pytest.raises(Conflict, match="还没有领取"):
            refund_redemption(session, keeper, bought, reason="坏了")
        fulfil_redemption(session, keeper, bought)
    for _ in range(2):
        with database.transaction() as session:
            assert refund_redemption(session, keeper, bought, reason="坏了").state is RedemptionState.REFUNDED
    with database.transaction() as session:
        with pytest.raises(Conflict, match="取消"):
            fulfil_redemption(session, keeper, cancelled)
        assert account(session, household) == (3600, 0)
        assert stock(session, item_id) == (10, 0)
        assert_books_agree(session)


def test_what_is_not_fetched_in_seven_days_goes_back_and_can_not_be_fetched(
    database: Database, scored: ScoredTownship, keeper: Principal
) -> None:
    item_id = shelf(database, scored, keeper)
    first, second = scored.township.villages[0].households[1:3]
    with database.transaction() as session:
        late = [
            reserve_goods(session, keeper, household_id=first, item_id=item_id, quantity=1, key="a" * 8).id,
            reserve_goods(session, keeper, household_id=first, item_id=item_id, quantity=2, key="b" * 8).id,
            reserve_goods(session, keeper, household_id=second, item_id=item_id, quantity=1, key="c" * 8).id,
        ]
        kept = reserve_goods(session, keeper, household_id=second, item_id=item_id, quantity=1, key="d" * 8).id
        for redemption_id in late:
            session.get_one(Redemption, redemption_id).expires_at = now()
    with database.transaction() as session, pytest.raises(Conflict, match="已过期"):
        fulfil_redemption(session, keeper, late[0])
    with database.transaction() as session:
        assert lapse_village(session, scored.villages[0]) == 3
    with database.transaction() as session:
        assert lapse_village(session, scored.villages[0]) == 0
        assert {session.get_one(Redemption, each).state for each in late} == {RedemptionState.EXPIRED}
        assert session.get_one(Redemption, kept).state is RedemptionState.RESERVED
        assert account(session, first) == (3600, 0)
        assert account(session, second) == (3600, 500)
        assert stock(session, item_id) == (10, 1)
        assert_books_agree(session)


@pytest.mark.parametrize(
    ("open_on", "last"),
    [
        # Reserved on Wednesday, 24 June.
        ((), date(2026, 7, 1)),
        ((6, 7), date(2026, 7, 1)),
        ((4, 3), date(2026, 7, 1)),
        ((3,), date(2026, 7, 8)),
        ((4,), date(2026, 7, 2)),
        ((2,), date(2026, 7, 7)),
    ],
)
def test_a_reservation_lasts_seven_days_and_at_least_two_opening_days(
    open_on: tuple[int, ...], last: date, database: Database, scored: ScoredTownship, keeper: Principal
) -> None:
    village = scored.township.villages[0]
    with time_machine.travel(datetime(2026, 6, 24, 12, tzinfo=SHANGHAI)):
        item_id = shelf(database, scored, keeper)
        with database.transaction() as session:
            before: tuple[int, ...] = ()
            for weekdays in ((1, 2, 5), open_on):
                state_opening_days(
                    session,
                    keeper,
                    village_code=village.code,
                    weekdays=weekdays,
                    expected_version=version_of(before),
                )
                before = weekdays
            made = reserve_goods(
                session, keeper, household_id=village.households[1], item_id=item_id, quantity=1, key="k" * 8
            )
            assert made.expires_at == datetime.combine(last + timedelta(days=1), time(), SHANGHAI)


def test_opening_days_are_weekdays_of_ones_own_store(
    database: Database, scored: ScoredTownship, keeper: Principal
) -> None:
    here, there = scored.township.villages
    with database.transaction() as session:
        with pytest.raises(Invalid, match="1 到 7"):
            state_opening_days(session, keeper, village_code=here.code, weekdays=(0, 3), expected_version=0)
        with pytest.raises(Forbidden):
            state_opening_days(session, keeper, village_code=there.code, weekdays=(3,), expected_version=0)
        state_opening_days(session, keeper, village_code=here.code, weekdays=(6, 3, 6), expected_version=0)
        assert opening_days(session, here.id) == {3, 6}
        with pytest.raises(Stale, match="营业日已被别人改过"):
            state_opening_days(session, keeper, village_code=here.code, weekdays=(1,), expected_version=0)
        state_opening_days(session, keeper, village_code=here.code, weekdays=(1,), expected_version=version_of({3, 6}))
        assert opening_days(session, here.id) == {1}


def test_points_goods_and_limits_that_do_not_suffice_are_said_in_words(
    database: Database, scored: ScoredTownship, keeper: Principal
) -> None:
    limited = ItemFacts(name="洗衣粉", unit="袋", points=500, limit_quantity=2, limit_period=LimitPeriod.QUARTER)
    item_id, household = (
        shelf(database, scored, keeper, units=3, facts=limited),
        scored.township.villages[0].households[1],
    )

    def reserve(quantity: int) -> None:
        with database.transaction() as session:
            reserve_goods(
                session, keeper, household_id=household, item_id=item_id, quantity=quantity, key=f"key-{quantity}-x"
            )

    with pytest.raises(Conflict, match="积分不够：需要 40.00 分，可用 36.00 分"):
        reserve(8)
    with pytest.raises(Conflict, match="每户本季度限兑 2 袋"):
        reserve(3)
    reserve(2)
    with pytest.raises(Conflict, match="已兑 2 袋"):
        reserve(1)
    with database.transaction() as session:
        edit_item(session, keeper, item_id, ItemFacts(name="洗衣粉", unit="袋", points=500))
    with pytest.raises(Conflict, match="只剩 1 袋"):
        reserve(4)
    with database.transaction() as session:
        edit_item(session, keeper, item_id, ItemFacts(name="洗衣粉", unit="袋", points=500, on_offer=False))
    with pytest.raises(Conflict, match="现在不兑换"):
        reserve(1)
    with database.reading() as session:
        assert_books_agree(session)


def test_prices_hold_from_a_day_on_and_the_past_keeps_its_price(
    database: Database, scored: ScoredTownship, keeper: Principal
) -> None:
    item_id = shelf(database, scored, keeper)
    tomorrow = today() + timedelta(days=1)
    with database.transaction() as session:
        edit_item(session, keeper, item_id, ItemFacts(name="洗脸盆", unit="个", points=700, price_from=tomorrow))
        assert (price_on(session, item_id, today()), price_on(session, item_id, tomorrow)) == (500, 700)
        with pytest.raises(Invalid, match="今天或以后"):
            edit_item(
                session,
                keeper,
                item_id,
                ItemFacts(name="洗脸盆", unit="个", points=100, price_from=today() - timedelta(days=1)),
            )


def test_stock_is_a_ledger_of_moves_and_what_is_reserved_can_not_be_written_off(
    database: Database, scored: ScoredTownship, keeper: Principal, principal_of: PrincipalOf
) -> None:
    item_id, household = shelf(database, scored, keeper, units=5), scored.township.villages[0].households[1]
    with database.transaction() as session:
        reserve_goods(session, keeper, household_id=household, item_id=item_id, quantity=3, key="k" * 8)
        write_off(session, keeper, item_id=item_id, kind=MoveKind.DAMAGE, quantity=1, reason="摔坏")
        with pytest.raises(Conflict, match="已被预留"):
            write_off(session, keeper, item_id=item_id, kind=MoveKind.EXPIRY, quantity=2, reason="过期")
        with pytest.raises(Invalid, match="原因"):
            count_stock(session, keeper, item_id=item_id, counted=3, reason=" ")
        assert count_stock(session, keeper, item_id=item_id, counted=4, reason="") is None
        supervisor = principal_of(Role.SUPERVISOR)
        move = count_stock(session, supervisor, item_id=item_id, counted=3, reason="盘亏")
        assert move is not None
        assert move.on_hand == -1
    with database.reading() as session:
        assert stock(session, item_id) == (3, 3)
        makers = session.scalars(select(StockMove.person_id).order_by(StockMove.id)).all()
        assert makers == [keeper.person_id, keeper.person_id, keeper.person_id, supervisor.person_id]
        assert_books_agree(session)


def test_nobody_reaches_into_another_village_or_household(
    database: Database, scored: ScoredTownship, keeper: Principal, principal_of: PrincipalOf
) -> None:
    item_id = shelf(database, scored, keeper)
    here, there = (village.households[1] for village in scored.township.villages)
    with database.transaction() as session:
        with pytest.raises(Forbidden):
            reserve_goods(session, keeper, household_id=there, item_id=item_id, quantity=1, key="k" * 8)
        with pytest.raises(Invalid, match="别的村"):
            reserve_goods(
                session, principal_of(Role.ADMIN), household_id=there, item_id=item_id, quantity=1, key="k" * 8
            )
        with pytest.raises(NotFound):
            reserve_goods(
                session,
                principal_of(Role.RESIDENT, number=2),
                household_id=here,
                item_id=item_id,
                quantity=1,
                key="k" * 8,
            )
        made = reserve_goods(session, keeper, household_id=here, item_id=item_id, quantity=1, key="k" * 8)
        with pytest.raises(NotFound):
            redemption_by_code(session, principal_of(Role.KEEPER, village=1), made.code)
        with pytest.raises(NotFound):
            cancel_reservation(session, principal_of(Role.RESIDENT, number=2), made.id)
        own = select_redemptions(session, principal_of(Role.RESIDENT, number=1))
        assert [each.id for each in session.scalars(own)] == [made.id]


def in_threads(count: int, act: Callable[[int], None]) -> list[DomainError]:
    """Run `act(0)` … at once; the refusals."""
    refused: list[DomainError] = []
    start = threading.Barrier(count)

    def run(number: int) -> None:
        start.wait(30)
        try:
            act(number)
        except DomainError as error:
            refused.append(error)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(100)
    assert not any(thread.is_alive() for thread in threads)
    return refused


def test_of_32_at_once_exactly_ten_get_the_last_ten_basins_and_the_books_agree(
    database: Database, scored: ScoredTownship, keeper: Principal
) -> None:
    item_id, households = shelf(database, scored, keeper), scored.township.villages[0].households
    with database.transaction() as session:
        prepare_village(session, scored.villages[0])

    def reserve_and_fetch(number: int) -> None:
        with database.transaction() as session:
            made = reserve_goods(
                session,
                keeper,
                household_id=households[number % 6],
                item_id=item_id,
                quantity=1,
                key=f"key-{number:04d}",
            ).id
        with database.transaction() as session:
            fulfil_redemption(session, keeper, made)

    refused = in_threads(32, reserve_and_fetch)
    assert len(refused) == 22
    with database.reading() as session:
        assert stock(session, item_id) == (0, 0)
        states = session.scalars(select(Redemption.state)).all()
        assert states == [RedemptionState.FULFILLED] * 10
        assert_books_agree(session)


def test_ends_of_one_redemption_at_once_have_one_winner(
    database: Database, scored: ScoredTownship, keeper: Principal
) -> None:
    item_id, household = shelf(database, scored, keeper), scored.township.villages[0].households[1]
    with database.transaction() as session:
        made = reserve_goods(session, keeper, household_id=household, item_id=item_id, quantity=2, key="k" * 8).id

    def end(number: int) -> None:
        with database.transaction() as session:
            (cancel_reservation if number % 2 else fulfil_redemption)(session, keeper, made)

    refused = in_threads(12, end)
    assert len(refused) == 6
    with database.reading() as session:
        assert session.get_one(Redemption, made).state in (RedemptionState.CANCELLED, RedemptionState.FULFILLED)
        assert_books_agree(session)
