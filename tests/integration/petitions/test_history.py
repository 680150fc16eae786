"""The history is append-only in the database, and of two acts at the same moment one wins."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy.exc import DBAPIError

from services.petitions.procedure.acts import perform_action
from services.petitions.procedure.transitions import Action
from services.petitions.procedure.values import ActValues
from services.petitions.procedure.words import Notice
from shared.database import Database
from shared.errors import Conflict
from shared.identity import Role
from tests.fixtures.township import PrincipalOf
from tests.integration.petitions.conftest import Api, Rows


@pytest.mark.parametrize(
    "statement",
    ["UPDATE petitions_step SET action = 'conclude'", "DELETE FROM petitions_step", "TRUNCATE petitions_step"],
)
def test_the_database_refuses_to_change_the_history(
    api: Api, principal_of: PrincipalOf, database: Database, rows: Rows, statement: str
) -> None:
    if statement.startswith("TRUNCATE") and database.dialect == "sqlite":
        statement = "DELETE FROM petitions_step WHERE true"
    api.register(principal_of(Role.CLERK))
    with pytest.raises(DBAPIError, match="append-only"), database.engine.begin() as connection:
        connection.exec_driver_sql(statement)
    assert rows("SELECT action FROM petitions_step") == [("register",)]


def test_of_two_acts_at_once_one_wins_and_the_other_is_told(
    api: Api, principal_of: PrincipalOf, database: Database, rows: Rows
) -> None:
    clerk = principal_of(Role.CLERK)
    number = api.register(clerk)["number"]
    acts = {
        Action.ACCEPT: ActValues(notice=Notice.SPOT),
        Action.REFUSE: ActValues(notice=Notice.SPOT, body="县信访局", reason="正在办理同一件事。"),
    }

    def act(action: Action) -> str:
        try:
            with database.transaction() as session:
                perform_action(session, clerk, number, action, acts[action])
        except Conflict as error:
            return error.detail
        return "done"

    with ThreadPoolExecutor(2) as pool:
        results = sorted(pool.map(act, acts))
    assert results.count("done") == 1
    assert "刷新" in (results[0] + results[1])
    assert len(rows("SELECT id FROM petitions_step")) == 2
    ((running,),) = rows("SELECT count(*) FROM petitions_clock WHERE kind = 'notice' AND satisfied_on IS NULL")
    assert running == 0


def test_numbers_of_a_year_are_given_once_each_under_load(
    api: Api, principal_of: PrincipalOf, database: Database, rows: Rows
) -> None:
    from services.petitions.register.numbers import next_number

    clerk = principal_of(Role.CLERK)

    def take(_: int) -> str:
        with database.transaction() as session:
            return next_number(session, clerk.township_id, 2026, sealed=False)

    with ThreadPoolExecutor(4) as pool:
        numbers = sorted(pool.map(take, range(20)))
    assert numbers == [f"2026-{number:04d}" for number in range(1, 21)]
