"""Whose villages and households a query may touch."""

from __future__ import annotations

import pytest

from shared.errors import Forbidden, NotFound
from shared.identity import Role
from shared.identity.scope import household_in_scope, village_by_code, village_in_scope, villages_in_scope
from shared.topology import Service
from tests.fixtures.databases import DatabaseFor
from tests.fixtures.township import PrincipalOf, SmallTownship, act_as, build_township


@pytest.fixture
def neighbour(any_database: str, database_for: DatabaseFor, small_township: SmallTownship) -> SmallTownship:
    """Another township in the same database."""
    with database_for(Service.INTAKE).transaction() as session:
        return build_township(session, "431299002", "邻乡")


def test_township_roles_reach_all_villages_of_the_township_only(
    neighbour: SmallTownship, small_township: SmallTownship, principal_of: PrincipalOf, database_for: DatabaseFor
) -> None:
    with database_for(Service.POINTS).reading() as session:
        found = set(session.scalars(villages_in_scope(principal_of(Role.ADMIN), Role.ADMIN, Role.CADRE)))
    assert found == {village.id for village in small_township.villages}


def test_village_roles_reach_their_village(
    any_database: str, small_township: SmallTownship, principal_of: PrincipalOf, database_for: DatabaseFor
) -> None:
    with database_for(Service.POINTS).reading() as session:
        found = set(session.scalars(villages_in_scope(principal_of(Role.CADRE, village=1), Role.CADRE)))
        other_role = set(session.scalars(villages_in_scope(principal_of(Role.CADRE), Role.KEEPER)))
        public = set(session.scalars(villages_in_scope(principal_of(Role.PUBLIC), Role.PUBLIC)))
        resident = set(session.scalars(villages_in_scope(principal_of(Role.RESIDENT, village=1), Role.RESIDENT)))
    assert found == {small_township.villages[1].id}
    assert other_role == set()
    assert public == {village.id for village in small_township.villages}
    assert resident == {small_township.villages[1].id}


def test_a_village_of_another_township_is_not_there(
    neighbour: SmallTownship, small_township: SmallTownship, principal_of: PrincipalOf, database_for: DatabaseFor
) -> None:
    with database_for(Service.POINTS).reading() as session:
        own, other = small_township.villages
        cadre = principal_of(Role.CADRE)
        assert village_by_code(session, cadre, own.code, Role.CADRE).id == own.id
        assert village_by_code(session, cadre, other.code).id == other.id
        with pytest.raises(Forbidden):
            village_by_code(session, cadre, other.code, Role.CADRE)
        for code in (neighbour.villages[0].code, "000000000000"):
            with pytest.raises(NotFound):
                village_by_code(session, principal_of(Role.ADMIN), code, Role.ADMIN)
        with pytest.raises(NotFound):
            village_in_scope(session, principal_of(Role.ADMIN), neighbour.villages[0].id)


def test_households_open_to_their_village_and_themselves(
    neighbour: SmallTownship, small_township: SmallTownship, principal_of: PrincipalOf, database_for: DatabaseFor
) -> None:
    own, other = small_township.villages
    roles = (Role.RESIDENT, Role.CADRE, Role.ADMIN)
    with database_for(Service.POINTS).reading() as session:
        assert household_in_scope(session, principal_of(Role.CADRE), own.households[0], *roles)
        assert household_in_scope(session, principal_of(Role.ADMIN), other.households[0], *roles)
        resident = principal_of(Role.RESIDENT, number=2)
        assert household_in_scope(session, resident, own.households[2], *roles)
        with pytest.raises(Forbidden):
            household_in_scope(session, principal_of(Role.CADRE), other.households[0], *roles)
        with pytest.raises(NotFound):
            household_in_scope(session, resident, own.households[0], *roles)
        with pytest.raises(NotFound):
            household_in_scope(session, principal_of(Role.PUBLIC), own.households[0], *roles)
        with pytest.raises(NotFound):
            household_in_scope(session, act_as(neighbour, Role.ADMIN), own.households[0], *roles)
