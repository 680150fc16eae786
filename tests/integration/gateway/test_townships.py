"""Whose public pages these are."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from services.gateway.townships import township_of_host
from shared.models.registry import Township
from shared.topology import Service
from tests.fixtures.databases import DatabaseFor
from tests.fixtures.township import build_township
from tests.integration.gateway.conftest import House


def test_a_township_alone_answers_to_any_host(house: House) -> None:
    for host in ("localhost", "127.0.0.1:8000", "[::1]:8000", "anything.example"):
        shown = house.client().get("/api/session", headers={"Host": host})
        assert shown.json is not None
        assert shown.json["township_id"] == str(house.township.id)


@pytest.mark.parametrize(
    ("host", "index"), [("one.example", 0), ("ONE.example:8000", 0), ("two.example", 1), ("other.example", 1)]
)
def test_hosted_townships_are_told_apart_by_host(
    any_database: str, database_for: DatabaseFor, host: str, index: int
) -> None:
    with database_for(Service.INTAKE).transaction() as session:
        ids = [build_township(session, f"43129900{number}", f"乡{number}").id for number in (1, 2)]
        session.execute(update(Township).where(Township.id == ids[0]).values(host="one.example"))
    with database_for(Service.GATEWAY).reading() as session:
        assert township_of_host(session, host) == ids[index]


def test_before_the_first_township_there_is_none(any_database: str, database_for: DatabaseFor) -> None:
    with database_for(Service.GATEWAY).reading() as session:
        assert township_of_host(session, "localhost") == 0
