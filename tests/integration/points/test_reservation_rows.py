"""What a reservation writes, on both databases: rows that name it, none for a code that is taken, few statements."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import event, select

from services.points.store import reservations
from services.points.store.items import ItemFacts, add_item
from services.points.store.reservations import reserve_goods
from services.points.store.stock import Delivery, receive_goods
from shared.database import Database
from shared.identity import Principal, Role
from shared.models.plumbing_tables import audit_of
from shared.models.points import LotSource, MoveKind, Redemption, StockMove
from shared.topology import Service
from tests.fixtures.databases import DatabaseFor
from tests.fixtures.township import PrincipalOf, SmallTownship
from tests.integration.points.scored_township import build_scored_township

pytestmark = pytest.mark.usefixtures("any_database")
LINE = audit_of(Service.POINTS).c
Reserve = Callable[[str], int]


@pytest.fixture
def database(database_for: DatabaseFor) -> Database:
    return database_for(Service.POINTS)


@pytest.fixture
def keeper(principal_of: PrincipalOf) -> Principal:
    return principal_of(Role.KEEPER)


@pytest.fixture
def reserve(database: Database, small_township: SmallTownship, keeper: Principal) -> Reserve:
    """Reserve two basins for a household under a key; the redemption's id."""
    with database.transaction() as session:
        scored = build_scored_township(session, small_township, adopt_second=False)
        village = scored.township.villages[0]
        facts = ItemFacts(name="洗脸盆", unit="个", points=500)
        item_id = add_item(session, keeper, village_code=village.code, code="PEN", facts=facts).id
        receive_goods(session, keeper, item_id=item_id, quantity=10, delivery=Delivery(LotSource.PURCHASE))

    def reserve_under(key: str) -> int:
        with database.transaction() as session:
            made = reserve_goods(
                session, keeper, household_id=village.households[1], item_id=item_id, quantity=2, key=key
            )
            return made.id

    return reserve_under


def test_its_stock_move_and_its_line_in_the_audit_log_name_it(
    database: Database, reserve: Reserve, keeper: Principal
) -> None:
    made = reserve("first-key")
    with database.reading() as session:
        move = session.scalars(select(StockMove).where(StockMove.redemption_id == made)).one()
        line = session.execute(select(*LINE).where(LINE.subject_kind == "redemption")).one()
        redemption = session.get_one(Redemption, made)
        assert (move.item_id, move.kind, move.on_hand, move.reserved) == (redemption.item_id, MoveKind.RESERVE, 0, 2)
        assert (move.made_by, move.person_id) == (keeper.actor, keeper.person_id)
        assert (line.action, line.subject_id, line.village_id) == ("reserve_goods", str(made), redemption.village_id)
        assert (line.actor, line.township_id, line.details) == (keeper.actor, keeper.township_id, "{}")


def test_the_redemption_handed_out_is_the_row_that_was_written(
    database: Database, reserve: Reserve, keeper: Principal
) -> None:
    made = reserve("first-key")
    with database.transaction() as session:
        written = session.get_one(Redemption, made)
        handed_out = reserve_goods(
            session, keeper, household_id=written.household_id, item_id=written.item_id, quantity=1, key="other-key"
        )
        told = {column.key: getattr(handed_out, column.key) for column in Redemption.__table__.columns}
        session.refresh(handed_out)
        assert told == {column.key: getattr(handed_out, column.key) for column in Redemption.__table__.columns}


def test_a_code_that_is_taken_writes_nothing_and_another_is_drawn(
    database: Database, reserve: Reserve, monkeypatch: pytest.MonkeyPatch
) -> None:
    codes = iter(["AAAA2222", "AAAA2222", "AAAA2222", "BBBB3333"])
    monkeypatch.setattr(reservations, "_random_code", lambda: next(codes))
    made = [reserve("first-key"), reserve("other-key")]
    with database.reading() as session:
        found = session.execute(select(Redemption.id, Redemption.code).order_by(Redemption.id)).all()
        assert [tuple(row) for row in found] == [(made[0], "AAAA2222"), (made[1], "BBBB3333")]
        moves = select(StockMove.redemption_id).where(StockMove.kind == MoveKind.RESERVE).order_by(StockMove.id)
        assert list(session.scalars(moves)) == made
        lines = select(LINE.subject_id).where(LINE.action == "reserve_goods").order_by(LINE.id)
        assert list(session.scalars(lines)) == [str(each) for each in made]


def test_it_takes_four_statements_where_the_database_writes_all_rows_at_once_else_six(
    database: Database, reserve: Reserve
) -> None:
    statements: list[str] = []
    event.listen(database.engine, "before_cursor_execute", lambda *each: statements.append(each[2]))
    reserve("first-key")
    told = [each for each in statements if not each.startswith(("BEGIN", "PRAGMA"))]
    assert len(told) == (4 if database.dialect == "postgresql" else 6)


def test_codes_have_eight_signs_of_the_alphabet_and_differ() -> None:
    drawn = {reservations._random_code() for _ in range(2000)}
    assert len(drawn) == 2000
    assert {len(code) for code in drawn} == {8}
    assert set("".join(drawn)) == set(reservations.CODE_ALPHABET)
