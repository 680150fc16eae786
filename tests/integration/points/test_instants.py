"""The edges of time, on both databases: a quarter's last second in Shanghai, and the instant a reservation ends."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import select

from services.points.events.declarations import Declaration, declare_events
from services.points.events.reviews import Verdict, review_event, void_event
from services.points.quarters.opening import open_quarters
from services.points.quarters.transitions import close_quarter, publish_quarter, tally_quarter
from services.points.store.fulfilments import fulfil_redemption
from services.points.store.items import ItemFacts, add_item
from services.points.store.lapsing import lapse_village
from services.points.store.reservations import reserve_goods
from services.points.store.stock import Delivery, receive_goods
from services.points.verification.checks import check_village
from shared.calendar import SHANGHAI
from shared.database import Database
from shared.errors import Conflict, Invalid
from shared.identity import Principal, Role
from shared.models.points import Account, Entry, Event, LotSource, QuarterState, Redemption, RedemptionState
from shared.quarters import quarter_of
from shared.topology import Service
from tests.fixtures.databases import DatabaseFor
from tests.fixtures.township import PrincipalOf, SmallTownship, SmallVillage
from tests.integration.points.scored_township import ScoredTownship, build_scored_township

LAST_SECOND = datetime(2026, 9, 30, 23, 59, 59, 999999, tzinfo=SHANGHAI)
LAST_DAY, FIRST_DAY = date(2026, 9, 30), date(2026, 10, 1)
TICK = timedelta(microseconds=1)


@pytest.fixture
def database(database_for: DatabaseFor, any_database: str) -> Database:
    return database_for(Service.POINTS)


@pytest.fixture
def scored(database: Database, small_township: SmallTownship) -> ScoredTownship:
    with database.transaction() as session:
        return build_scored_township(session, small_township, adopt_second=False)


@pytest.fixture
def village(scored: ScoredTownship) -> SmallVillage:
    return scored.township.villages[0]


@pytest.fixture
def cadre(principal_of: PrincipalOf) -> Principal:
    return principal_of(Role.CADRE)


@pytest.fixture
def member(principal_of: PrincipalOf) -> Principal:
    return principal_of(Role.GRID_MEMBER)


def test_a_quarter_ends_with_its_last_second_in_shanghai(
    database: Database, village: SmallVillage, cadre: Principal, member: Principal
) -> None:
    swept, third = Declaration(village.households[0], "CLEAN", LAST_DAY), quarter_of(LAST_DAY)
    with time_machine.travel(LAST_SECOND, tick=False), database.transaction() as session:
        assert datetime.now(UTC).date() == LAST_DAY
        first = declare_events(session, member, [swept])[0]
        event_id = first.id
        assert (first.quarter, first.month) == (third, 2026 * 12 + 8)
        with pytest.raises(Invalid, match="还没有到"):
            declare_events(session, member, [Declaration(village.households[0], "CLEAN", FIRST_DAY)])
        with pytest.raises(Conflict, match="才能统计"):
            tally_quarter(session, cadre, village.code, third)
    with time_machine.travel(LAST_SECOND + TICK, tick=False), database.transaction() as session:
        # Here it is October; by the clock of the server it still is September.
        assert datetime.now(UTC).date() == LAST_DAY
        assert open_quarters(session) == 2
        later = declare_events(session, member, [Declaration(village.households[0], "CLEAN", FIRST_DAY)])[0]
        assert (later.quarter, later.month) == (third + 1, 2026 * 12 + 9)
        tally_quarter(session, cadre, village.code, third)
        # Declared in time, reviewed too late: its points belong to September's quarter, and stand in the next one.
        review_event(session, cadre, event_id, verdict=Verdict.APPROVE)
        booked = session.scalars(select(Entry).where(Entry.event_id == event_id)).one()
        assert (booked.origin_quarter, booked.quarter) == (third, third + 1)


def test_an_objection_period_lasts_through_its_last_second(
    database: Database, village: SmallVillage, cadre: Principal
) -> None:
    first = quarter_of(date(2026, 1, 1))
    noon = datetime(2026, 7, 1, 12, tzinfo=SHANGHAI)
    with time_machine.travel(noon, tick=False), database.transaction() as session:
        tally_quarter(session, cadre, village.code, first)
        published = publish_quarter(session, cadre, village.code, first, objection_days=7)
        assert published.objections_until == date(2026, 7, 8)
    end = datetime(2026, 7, 9, tzinfo=SHANGHAI)
    with (
        time_machine.travel(end - TICK, tick=False),
        database.transaction() as session,
        pytest.raises(Conflict, match="期满后才能定榜"),
    ):
        close_quarter(session, cadre, village.code, first)
    with time_machine.travel(end, tick=False), database.transaction() as session:
        assert close_quarter(session, cadre, village.code, first).state is QuarterState.CLOSED


def _reserved(database: Database, village: SmallVillage, keeper: Principal, quantity: int) -> int:
    """A reservation of basins at 5 points each; its id."""
    with database.transaction() as session:
        basin = ItemFacts(name="洗脸盆", unit="个", points=500)
        item = add_item(session, keeper, village_code=village.code, code="PEN", facts=basin)
        receive_goods(session, keeper, item_id=item.id, quantity=20, delivery=Delivery(LotSource.PURCHASE))
        return reserve_goods(
            session, keeper, household_id=village.households[1], item_id=item.id, quantity=quantity, key="k" * 8
        ).id


def test_goods_are_fetched_up_to_the_instant_that_lets_them_go(
    database: Database, village: SmallVillage, principal_of: PrincipalOf
) -> None:
    keeper = principal_of(Role.KEEPER)
    with time_machine.travel(datetime(2026, 7, 1, 9, tzinfo=SHANGHAI), tick=False):
        redemption = _reserved(database, village, keeper, 2)
    end = datetime(2026, 7, 9, tzinfo=SHANGHAI)
    with time_machine.travel(end - TICK, tick=False):
        with database.transaction() as session:
            assert lapse_village(session, village.id) == 0
        with database.transaction() as session:
            assert fulfil_redemption(session, keeper, redemption).state is RedemptionState.FULFILLED
            session.rollback()
    with time_machine.travel(end, tick=False):
        with database.transaction() as session, pytest.raises(Conflict, match="已过期"):
            fulfil_redemption(session, keeper, redemption)
        with database.transaction() as session:
            assert lapse_village(session, village.id) == 1
            assert session.get_one(Redemption, redemption).state is RedemptionState.EXPIRED
            assert [check.sentence for check in check_village(session, village.id) if not check.passed] == []


def test_a_void_of_points_that_are_spent_leaves_a_debt_that_later_points_pay(
    database: Database, village: SmallVillage, scored: ScoredTownship, principal_of: PrincipalOf, cadre: Principal
) -> None:
    keeper, member, household = principal_of(Role.KEEPER), principal_of(Role.GRID_MEMBER), village.households[1]
    redemption = _reserved(database, village, keeper, 7)
    with database.transaction() as session:
        for event_id in session.scalars(
            select(Event.id).where(Event.household_id == household, Event.rule_id == scored.codes["CLEAN"])
        ).all():
            void_event(session, cadre, event_id, reason="登记错误")
    with database.transaction() as session:
        # A reservation is a promise: 28 points are left of 36, 35 are held, and fetched all the same.
        held = session.scalars(select(Account).where(Account.household_id == household)).one()
        assert (held.balance, held.reserved) == (2800, 3500)
        fulfil_redemption(session, keeper, redemption)
    with database.transaction() as session:
        account = session.scalars(select(Account).where(Account.household_id == household)).one()
        assert (account.balance, account.reserved) == (-700, 0)
        item_id = session.get_one(Redemption, redemption).item_id
        with pytest.raises(Conflict, match="可用 -7.00 分"):
            reserve_goods(session, keeper, household_id=household, item_id=item_id, quantity=1, key="m" * 8)
        swept = declare_events(session, member, [Declaration(household, "CLEAN", date(2026, 6, 1), 1000)])[0]
        review_event(session, cadre, swept.id, verdict=Verdict.APPROVE)
        session.expire_all()
        assert session.scalars(select(Account.balance).where(Account.household_id == household)).one() == 300
        assert [check.sentence for check in check_village(session, village.id) if not check.passed] == []
