"""What nobody fetched goes back village by village: each in its own transaction, taken up where it ended."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import func, select, update

from services.points.store import tasks
from services.points.store.items import ItemFacts, add_item
from services.points.store.reservations import reserve_goods
from services.points.store.stock import Delivery, receive_goods
from services.points.verification.checks import check_village
from shared.database import Database
from shared.identity import Role
from shared.messages.points_work import LapseRedemptions, LapseVillage
from shared.messaging.inbox import Delivery as Arrival
from shared.messaging.inbox import Outcome, receive
from shared.messaging.outbox import envelope_of
from shared.models.base import now
from shared.models.plumbing_tables import outbox_of
from shared.models.points import Account, LotSource, Redemption, RedemptionState
from shared.topology import Service
from tests.fixtures.databases import DatabaseFor
from tests.fixtures.township import PrincipalOf, SmallTownship
from tests.integration.points.scored_township import build_scored_township

pytestmark = pytest.mark.usefixtures("any_database")
PEN = ItemFacts(name="洗脸盆", unit="个", points=500)
HANDLERS = (tasks.lapse, tasks.lapse_one_village)


@pytest.fixture
def database(database_for: DatabaseFor, small_township: SmallTownship, principal_of: PrincipalOf) -> Database:
    """Two villages with three reservations each, whose time is over."""
    database = database_for(Service.POINTS)
    with database.transaction() as session:
        build_scored_township(session, small_township, adopt_second=False)
    for index, village in enumerate(small_township.villages):
        keeper = principal_of(Role.KEEPER, village=index)
        with database.transaction() as session:
            item = add_item(session, keeper, village_code=village.code, code="PEN", facts=PEN).id
            receive_goods(session, keeper, item_id=item, quantity=9, delivery=Delivery(LotSource.PURCHASE))
            for number, household in enumerate(village.households[1:4]):
                reserve_goods(
                    session,
                    keeper,
                    household_id=household,
                    item_id=item,
                    quantity=1,
                    key=f"reservation {index}{number}",
                )
    with database.transaction() as session:
        session.execute(update(Redemption).values(expires_at=now()))
    return database


def deliver(database: Database, message: LapseRedemptions | LapseVillage) -> Outcome:
    envelope = envelope_of(message)
    return receive(database, Arrival(envelope.name, envelope.id, envelope.as_json()))


def ordered(database: Database) -> list[int]:
    """The villages that were asked to let their reservations go."""
    table = outbox_of(Service.POINTS)
    with database.reading() as session:
        bodies = session.scalars(select(table.c.body).where(table.c.name == LapseVillage.name).order_by(table.c.id))
        return [json.loads(body)["village_id"] for body in bodies]


def lapsed(database: Database) -> dict[int, int]:
    """How many reservations of each village are over."""
    with database.reading() as session:
        rows = session.execute(
            select(Redemption.village_id, func.count().label("lapsed"))
            .where(Redemption.state == RedemptionState.EXPIRED)
            .group_by(Redemption.village_id)
        )
        return {row.village_id: row.lapsed for row in rows}


def faults(database: Database, village_id: int) -> list[str]:
    with database.transaction() as session:
        return [check.sentence for check in check_village(session, village_id) if not check.passed]


def test_each_village_lets_go_in_a_message_of_its_own_and_a_second_copy_finds_nothing(
    database: Database, small_township: SmallTownship
) -> None:
    first, second = (village.id for village in small_township.villages)
    assert deliver(database, LapseRedemptions()) is Outcome.HANDLED
    assert ordered(database) == [first, second]
    assert lapsed(database) == {}
    assert deliver(database, LapseVillage(first)) is Outcome.HANDLED
    assert lapsed(database) == {first: 3}
    assert deliver(database, LapseVillage(first)) is Outcome.HANDLED
    assert lapsed(database) == {first: 3}
    assert deliver(database, LapseVillage(second)) is Outcome.HANDLED
    assert lapsed(database) == {first: 3, second: 3}
    assert faults(database, first) == faults(database, second) == []
    deliver(database, LapseRedemptions())
    assert ordered(database) == [first, second]


def test_a_village_that_can_not_be_settled_keeps_no_other_from_it_and_is_taken_up_once_mended(
    database: Database, small_township: SmallTownship
) -> None:
    first, second = (village.id for village in small_township.villages)
    with database.transaction() as session:
        session.execute(update(Account).where(Account.village_id == first).values(reserved=0))
    assert deliver(database, LapseVillage(first)) is Outcome.FAILED
    assert deliver(database, LapseVillage(second)) is Outcome.HANDLED
    assert lapsed(database) == {second: 3}
    with database.transaction() as session:
        held = select(func.coalesce(func.sum(Redemption.points), 0)).where(
            Redemption.household_id == Account.household_id, Redemption.state == RedemptionState.RESERVED
        )
        session.execute(update(Account).where(Account.village_id == first).values(reserved=held.scalar_subquery()))
    assert deliver(database, LapseVillage(first)) is Outcome.HANDLED
    assert lapsed(database) == {first: 3, second: 3}
    assert faults(database, first) == faults(database, second) == []
