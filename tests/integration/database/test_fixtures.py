"""Each test gets a clean, migrated database and a small township."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select, text

from shared.database import database_of
from shared.identity.principal import Role
from shared.models.registry import Household, Township
from shared.topology import Service
from tests.fixtures.databases import DatabaseFor
from tests.fixtures.township import PrincipalOf, SmallTownship


@pytest.mark.parametrize("turn", [1, 2])
def test_each_test_starts_with_a_clean_database(any_database: str, database_for: DatabaseFor, turn: int) -> None:
    with database_for(Service.INTAKE).transaction() as session:
        assert session.scalar(select(func.count()).select_from(Township)) == 0
        session.add(Township(code="431299009", name=f"第{turn}次"))


def test_the_small_township_has_twelve_households_in_two_villages(
    any_database: str, small_township: SmallTownship, database_for: DatabaseFor
) -> None:
    with database_for(Service.POINTS).reading() as session:
        assert session.scalar(select(func.count()).select_from(Household)) == 12
    assert len(small_township.villages) == 2


def test_the_settings_of_the_process_name_the_database_of_the_test(
    any_database: str, small_township: SmallTownship
) -> None:
    database = database_of(Service.POINTS)
    with database.reading() as session:
        assert session.scalar(select(Township.id)) == small_township.id
    database.dispose()


def test_a_principal_holds_the_grant_of_its_duty(any_database: str, principal_of: PrincipalOf) -> None:
    cadre = principal_of(Role.CADRE, village=1)
    admin = principal_of(Role.ADMIN)
    assert not cadre.covers_township(Role.CADRE)
    assert admin.covers_township(Role.ADMIN)
    assert principal_of(Role.CADRE, number=1).person_id != principal_of(Role.CADRE).person_id


def test_a_reading_transaction_refuses_to_write(any_database: str, database_for: DatabaseFor) -> None:
    with database_for(Service.INTAKE).reading() as session, pytest.raises(Exception, match=r"read-?only"):
        session.execute(text("DELETE FROM registry_township"))
