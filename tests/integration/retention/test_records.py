"""Demands, petitions, notices and contacts lose their personal part after their period, and nothing before it."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import func, select, update

from services.petitions.register.secrets import hide, reveal
from services.petitions.retention.petitions import ENDS
from shared.calendar import today
from shared.database import Database
from shared.messaging.inbox import Outcome
from shared.models.base import now
from shared.models.gateway import Notice, NoticeSource, Opinion
from shared.models.intake import Demand, DemandStep
from shared.models.intake_kinds import DemandAction, DemandState
from shared.models.petition_kinds import State
from shared.models.petitions import Evaluation, Party, Petition, Rewriting, Step
from shared.retention import FORGOTTEN
from shared.settings import SettingsError, read_settings, settings
from shared.topology import Service
from tests.fixtures.databases import DatabaseFor
from tests.fixtures.township import SmallTownship
from tests.integration.database.encrypted_values import fill
from tests.integration.retention.deliveries import LONG_AGO, logged, run_nightly, sent_to

pytestmark = pytest.mark.usefixtures("redis_url")


@pytest.fixture
def intake(any_database: str, database_for: DatabaseFor, small_township: SmallTownship) -> Database:
    """One demand that was closed long ago, with a step."""
    intake, day = database_for(Service.INTAKE), today() - LONG_AGO
    with intake.transaction() as session:
        fill(session, Service.INTAKE, small_township)
        demand = session.scalars(select(Demand)).one()
        demand.state, demand.closed_on, demand.reporter_name = DemandState.CLOSED, day, "石桂花"
        demand.household_id, demand.public_answer = small_township.households[0], "已换灯泡"
        act = {"action": DemandAction.CONFIRM, "from_state": DemandState.ANSWERED, "to_state": DemandState.CLOSED}
        session.add(DemandStep(demand_id=demand.id, actor="person:1", actor_name="覃组长", note="石桂花家门口", **act))
    return intake


def test_a_demand_that_ended_long_ago_keeps_only_what_is_counted(intake: Database) -> None:
    assert run_nightly(intake) is Outcome.HANDLED
    with intake.reading() as session:
        demand = session.scalars(select(Demand)).one()
        assert (demand.text, demand.reporter_name, demand.phone_encrypted) == (FORGOTTEN, "", None)
        assert (demand.household_id, demand.public_answer, demand.forgotten_on) == (None, "", today())
        assert (demand.number, demand.state, demand.closed_on) == ("D1", DemandState.CLOSED, today() - LONG_AGO)
        step = session.scalars(select(DemandStep)).one()
        assert (step.note, step.actor_name, step.action) == ("", "", DemandAction.CONFIRM)
    assert logged(intake, "forget_demand") == [("D1", "保存期限 1095 天已满")]
    assert logged(intake, "forget_past") == [("1", "保存期限 1095 天已满")]
    run_nightly(intake, "night-2")
    assert len(logged(intake, "forget_demand")) == 1


@pytest.mark.parametrize(
    "values", [{"state": DemandState.WAITING, "closed_on": None}, {"closed_on": today() - timedelta(days=1000)}]
)
def test_a_demand_that_is_open_or_younger_is_kept(intake: Database, values: dict[str, object]) -> None:
    with intake.transaction() as session:
        session.execute(update(Demand).values(values))
    run_nightly(intake)
    with intake.reading() as session:
        assert session.scalars(select(Demand.reporter_name)).all() == ["石桂花"]
    assert sent_to(intake, Service.INTAKE, "forget_past") == []


@pytest.fixture
def petitions(any_database: str, database_for: DatabaseFor, small_township: SmallTownship) -> Database:
    """One petition that was concluded twelve years ago, with a party, a step and an evaluation."""
    petitions = database_for(Service.PETITIONS)
    with petitions.transaction() as session:
        fill(session, Service.PETITIONS, small_township)
        session.execute(update(Petition).values(state=State.CONCLUDED, received_on=date(2014, 1, 7)))
        petition = session.scalars(select(Petition.id)).one()
        act = {"to_state": State.CONCLUDED, "actor": "person:1", "actor_name": "石专干"}
        details = hide({"body": "县信访局"})
        session.add(
            Step(
                petition_id=petition, action="conclude", happened_on=date(2014, 3, 1), details_encrypted=details, **act
            )
        )
    return petitions


def test_a_petition_past_its_period_keeps_number_kind_days_and_result(
    petitions: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.petitions.retention.petitions.today", lambda: date(2036, 12, 1))
    assert run_nightly(petitions) is Outcome.HANDLED
    with petitions.reading() as session:
        petition = session.scalars(select(Petition)).one()
        assert reveal(petition.text_encrypted) == {"text": FORGOTTEN, "place": ""}
        assert (petition.number, petition.state, petition.forgotten_on) == (
            "2026-000001",
            State.CONCLUDED,
            date(2036, 12, 1),
        )
        assert session.scalar(select(func.count(Party.id))) == 0
        assert {str(reveal(stored)) for stored in session.scalars(select(Step.details_encrypted))} == {"{}"}
        assert list(session.scalars(select(Step.actor_name).order_by(Step.id))) == ["", "石专干"]
        assert reveal(session.scalars(select(Evaluation.words_encrypted)).one())["words"] == ""
        assert session.scalar(select(func.count(Rewriting.id))) == 0
    assert [purpose for _, purpose in logged(petitions, "forget_petition")] == ["保存期限 3653 天已满"]
    run_nightly(petitions, "night-2")
    assert len(logged(petitions, "forget_petition")) == 1


def test_a_petition_on_which_something_was_done_within_the_period_is_kept(petitions: Database) -> None:
    """It was concluded in 2014, but a step of 2026 belongs to it."""
    run_nightly(petitions)
    with petitions.reading() as session:
        assert session.scalars(select(Petition.forgotten_on)).all() == [None]


def test_a_petition_that_is_under_way_is_kept_however_old(petitions: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.petitions.retention.petitions.today", lambda: date(2046, 12, 1))
    with petitions.transaction() as session:
        session.execute(update(Petition).values(state=State.ACCEPTED))
    run_nightly(petitions)
    with petitions.reading() as session:
        assert session.scalars(select(Petition.forgotten_on)).all() == [None]
    assert not {State.DRAFT, State.REGISTERED, State.OBJECTED, State.ACCEPTED, State.DELIVERED} & ENDS
    assert State.CONCLUDED in ENDS


def test_notices_go_after_a_year_and_contacts_a_year_after_the_answer(
    any_database: str, database_for: DatabaseFor, small_township: SmallTownship
) -> None:
    gateway, past = database_for(Service.GATEWAY), now() - timedelta(days=400)
    with gateway.transaction() as session:
        fill(session, Service.GATEWAY, small_township)
        for source in ("old", "both"):
            session.add(NoticeSource(source=source, source_version=1))
        session.flush()
        told = {"township_id": small_township.id, "title": "积分", "text": "已入账"}
        session.add(Notice(**told, recipient="person:1", source="old", created_at=past))
        session.add(Notice(**told, recipient="person:1", source="both", created_at=past))
        session.add(Notice(**told, recipient="person:2", source="both"))
    run_nightly(gateway)
    with gateway.reading() as session:
        assert session.scalars(select(Notice.recipient)).all() == ["person:2"]
        assert session.scalars(select(NoticeSource.source)).all() == ["both"]
        assert session.scalars(select(Opinion.contact_encrypted)).one() is not None
    with gateway.transaction() as session:
        session.execute(update(Opinion).values(answer="已改", answered_by=1, answered_at=past))
    run_nightly(gateway, "night-2")
    with gateway.reading() as session:
        opinion = session.scalars(select(Opinion)).one()
        assert (opinion.contact_encrypted, opinion.text) == (None, "字大一点")


def test_the_periods_are_settings_of_at_least_a_month(intake: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XZ_KEEP_DEMANDS_DAYS", "2000")
    settings.cache_clear()
    run_nightly(intake)
    assert logged(intake, "forget_demand") == []
    with pytest.raises(SettingsError, match="XZ_KEEP_DEMANDS_DAYS"):
        read_settings({"XZ_KEEP_DEMANDS_DAYS": "0"})
