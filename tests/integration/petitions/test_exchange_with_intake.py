"""A demand that becomes a petition and comes to its end: the two services' own handlers on their own messages."""

from __future__ import annotations

from datetime import date

import pytest

from services.intake.demands.categories import add_usual_categories
from services.intake.demands.conversion import convert_demand
from services.intake.demands.reporting import NewDemand, report_demand
from services.intake.demands.tasks import demand_petition_state
from services.petitions.register.openings import open_petition
from services.petitions.register.tasks import open_petition as receive
from shared.database import Database
from shared.identity import Role
from shared.messages.intake import DemandPetitionState
from shared.messages.petitions import OpenPetition
from shared.models.intake import Demand
from shared.topology import Service
from tests.fixtures.databases import DatabaseFor
from tests.fixtures.township import PrincipalOf, SmallTownship
from tests.integration.petitions.conftest import Api, Rows

TEXT = "低保复核一年没有答复，请求告知结果和理由。"


@pytest.fixture
def intake(database_for: DatabaseFor, small_township: SmallTownship) -> Database:
    database = database_for(Service.INTAKE)
    with database.transaction() as session:
        add_usual_categories(session, small_township.id, offices={})
    return database


def _report(small_township: SmallTownship, *, complains: bool) -> NewDemand:
    return NewDemand(
        village=small_township.villages[0].code,
        category="" if complains else "other",
        text=TEXT,
        reporter_name="杨立夏",
        phone="16000005678",
        complains_of_official=complains,
    )


def _hand_over(database: Database, rows: Rows) -> None:
    ((body,),) = rows("SELECT body FROM intake_outbox WHERE name = 'petitions.open_petition'")
    assert "低保" not in body
    with database.transaction() as session:
        receive(session, OpenPetition.load(1, body))


def _hand_back(intake: Database, rows: Rows) -> None:
    bodies = rows("SELECT body FROM petitions_outbox WHERE name = 'intake.demand_petition_state' ORDER BY id DESC")
    # The newest first: what was overtaken does nothing.
    for (body,) in bodies:
        with intake.transaction() as session:
            demand_petition_state(session, DemandPetitionState.load(1, body))


def test_the_concluded_petition_closes_the_demand_that_it_was(
    api: Api,
    database: Database,
    intake: Database,
    small_township: SmallTownship,
    principal_of: PrincipalOf,
    rows: Rows,
) -> None:
    clerk = principal_of(Role.CLERK)
    with intake.transaction() as session:
        demand = report_demand(session, principal_of(Role.PUBLIC), _report(small_township, complains=False))
        assert isinstance(demand, Demand)
        convert_demand(session, clerk, demand, complains_of_official=False)
        demand_id = demand.id
    _hand_over(database, rows)
    with database.transaction() as session:
        opened = open_petition(session, clerk, "2026-0001")
    assert opened.text == TEXT
    assert opened.petitioner is not None
    assert opened.petitioner.phone == "16000005678"
    api.deliver(clerk, "2026-0001")
    assert api.act(clerk, "2026-0001", "conclude").status_code == 200
    _hand_back(intake, rows)
    with intake.reading() as session:
        closed = session.get_one(Demand, demand_id)
        assert (closed.petition_state, closed.state.value, closed.closed_on) == (
            "concluded",
            "closed",
            date(2026, 6, 15),
        )


def test_a_sealed_demand_is_a_draft_there_and_a_number_here(
    api: Api,
    database: Database,
    intake: Database,
    small_township: SmallTownship,
    principal_of: PrincipalOf,
    rows: Rows,
) -> None:
    with intake.transaction() as session:
        report_demand(session, principal_of(Role.PUBLIC), _report(small_township, complains=True))
    _hand_over(database, rows)
    (item,) = (api.call(principal_of(Role.DISCIPLINE), "GET", "/petitions").json or {})["items"]
    assert item["state"] == "draft"
    assert rows("SELECT count(*) FROM intake_demand") == [(0,)]
    assert rows("SELECT count(*) FROM petitions_outbox WHERE name = 'intake.demand_petition_state'") == [(0,)]
