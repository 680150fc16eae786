"""更正 and recalculation: nothing is taken from a household that was not told of exactly this before."""

from __future__ import annotations

import pytest
from sqlalchemy import delete, select

from services.points.recalculation.losses import send_notices
from services.points.recalculation.runs import RunOrder, start_run
from services.points.recalculation.shards import work_shard
from services.points.recalculation.targets import waiting_villages
from shared.database import Database
from shared.errors import Conflict
from shared.identity import Role
from shared.models.points import Adoption, Recalculation, RecalculationMode, Shard, ShardState, VillageQuarter
from shared.topology import Service
from tests.fixtures.databases import DatabaseFor
from tests.fixtures.township import PrincipalOf, SmallTownship
from tests.integration.points.scored_township import (
    FIRST_QUARTER,
    ScoredTownship,
    adopt,
    amounts,
    build_scored_township,
)

pytestmark = pytest.mark.usefixtures("any_database")
PREVIEW, APPLY = RecalculationMode.PREVIEW, RecalculationMode.APPLY


@pytest.fixture
def database(database_for: DatabaseFor) -> Database:
    return database_for(Service.POINTS)


@pytest.fixture
def scored(database: Database, small_township: SmallTownship) -> ScoredTownship:
    with database.transaction() as session:
        return build_scored_township(session, small_township)


def work_off(database: Database, run_id: int) -> None:
    while True:
        with database.transaction() as session:
            sent = session.scalars(
                select(Shard.id).where(Shard.recalculation_id == run_id, Shard.state == ShardState.RUNNING)
            ).all()
            for shard_id in sent:
                work_shard(session, shard_id)
        if not sent:
            return


def told(database: Database, principal_of: PrincipalOf, order: RunOrder) -> int:
    """A finished preview whose losers were told."""
    admin = principal_of(Role.ADMIN)
    with database.transaction() as session:
        run_id = start_run(session, admin, order).id
    work_off(database, run_id)
    with database.transaction() as session:
        send_notices(session, admin, run_id, reason="按通过的文本更正")
    return run_id


def test_a_preview_of_another_revision_is_no_notice_of_a_correction(
    database: Database, scored: ScoredTownship, principal_of: PrincipalOf
) -> None:
    quarters = (FIRST_QUARTER, FIRST_QUARTER + 1)
    other = told(database, principal_of, RunOrder(PREVIEW, quarters=quarters, revision=1))
    with database.transaction() as session, pytest.raises(Conflict, match="重新预览"):
        start_run(session, principal_of(Role.ADMIN), RunOrder(APPLY, quarters=quarters, preview_id=other))


def test_a_preview_from_before_the_correction_is_no_notice_of_it(
    database: Database, scored: ScoredTownship, principal_of: PrincipalOf
) -> None:
    quarters = (FIRST_QUARTER, FIRST_QUARTER + 1)
    with database.transaction() as session:
        session.execute(delete(Adoption).where(Adoption.rulebook_id == scored.second))
    earlier = told(database, principal_of, RunOrder(PREVIEW, quarters=quarters))
    with database.transaction() as session:
        adopt(session, scored)
    with database.transaction() as session, pytest.raises(Conflict, match="重新预览"):
        start_run(session, principal_of(Role.ADMIN), RunOrder(APPLY, quarters=quarters, preview_id=earlier))


def test_a_correction_that_is_adopted_during_a_run_waits_for_a_preview_of_its_own(
    database: Database, scored: ScoredTownship, principal_of: PrincipalOf
) -> None:
    admin = principal_of(Role.ADMIN)
    with database.transaction() as session:
        session.execute(delete(Adoption).where(Adoption.rulebook_id == scored.second))
    with database.transaction() as session:
        before = {village: amounts(session, village) for village in scored.villages}
        run_id = start_run(session, admin, RunOrder(APPLY, full=True)).id
        adopt(session, scored)
    work_off(database, run_id)
    with database.reading() as session:
        assert {village: amounts(session, village) for village in scored.villages} == before
        assert set(session.scalars(select(VillageQuarter.rulebook_id))) == {scored.first}
        assert len(waiting_villages(session, admin)) == 2
        run = session.get_one(Recalculation, run_id)
        assert session.scalars(select(Shard.events_scored).where(Shard.recalculation_id == run.id)).all() == [73, 73]
