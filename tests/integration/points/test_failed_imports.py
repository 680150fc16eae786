"""An import whose message became a dead letter says so, and what to do; it is not under way for ever."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from services.points.imports.batches import release_import, start_import
from services.points.imports.declaring import declare_import
from services.points.imports.releasing import post_released
from services.points.imports.tasks import give_up_reading, give_up_release
from shared.database import Database
from shared.identity import Role
from shared.messages.points_work import ReadImport, ReleaseImport
from shared.messaging import handlers
from shared.messaging.attempts import MAX_ATTEMPTS
from shared.messaging.inbox import Delivery, Outcome, receive
from shared.messaging.outbox import envelope_of
from shared.models.plumbing_tables import dead_letters_of, outbox_of
from shared.models.points import Event, EventState, ImportBatch, ImportState
from shared.topology import Service
from tests.fixtures.databases import DatabaseFor
from tests.fixtures.township import PrincipalOf, SmallTownship
from tests.fixtures.workbooks import workbook
from tests.integration.points.scored_township import ScoredTownship, build_scored_township

pytestmark = pytest.mark.usefixtures("any_database")
GIVING_UP = {ReadImport.name: give_up_reading, ReleaseImport.name: give_up_release}
HEADER = ("户号", "条目", "日期", "数量", "备注")


@pytest.fixture
def database(database_for: DatabaseFor) -> Database:
    return database_for(Service.POINTS)


@pytest.fixture
def scored(database: Database, small_township: SmallTownship) -> ScoredTownship:
    with database.transaction() as session:
        return build_scored_township(session, small_township, adopt_second=False)


@pytest.fixture
def batch_id(database: Database, scored: ScoredTownship, principal_of: PrincipalOf) -> int:
    content = workbook([HEADER, (1, "CLEAN", "2026-05-20", 1, "")])
    with database.transaction() as session:
        return start_import(session, principal_of(Role.CADRE), content=content, name="积分.xlsx", dry_run=False).id


def give_up(database: Database, message: ReadImport | ReleaseImport, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the message become a dead letter; its topic has registered what it says then."""
    assert handlers.GIVING_UP[message.name] is GIVING_UP[message.name]
    deliver_in_vain(database, message, monkeypatch)


def deliver_in_vain(database: Database, message: ReadImport | ReleaseImport, monkeypatch: pytest.MonkeyPatch) -> None:
    """Deliver the message until it is a dead letter, with a handler that always fails."""

    def fail(*_arguments: object) -> None:
        raise RuntimeError("always")

    monkeypatch.setitem(handlers.PREPARATIONS, message.name, fail)
    monkeypatch.setitem(handlers.HANDLERS, message.name, fail)
    envelope = envelope_of(message)
    delivery = Delivery(envelope.name, envelope.id, envelope.as_json())
    outcomes = [receive(database, delivery) for _ in range(MAX_ATTEMPTS)]
    assert outcomes[-1] is Outcome.DEAD


def standing(database: Database, batch_id: int) -> tuple[ImportState, str]:
    with database.reading() as session:
        batch = session.get_one(ImportBatch, batch_id)
        return batch.state, batch.problem


def test_a_reading_that_was_given_up_ends_with_what_to_do(
    database: Database, batch_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    give_up(database, ReadImport(batch_id), monkeypatch)
    state, problem = standing(database, batch_id)
    assert state is ImportState.REFUSED
    assert "重新交一次" in problem
    outbox = outbox_of(Service.POINTS)
    with database.transaction() as session:
        told = session.scalars(select(outbox.c.body).where(outbox.c.name == "gateway.notify")).all()
        assert len(told) == 1
        # A letter that is sent again finds nothing to do.
        assert declare_import(session, batch_id) is None
        assert session.scalar(select(func.count()).select_from(Event).where(Event.import_id == batch_id)) == 0


def test_a_release_that_was_given_up_waits_for_another_one_with_nothing_posted(
    database: Database, batch_id: int, principal_of: PrincipalOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    releaser = principal_of(Role.ADMIN)
    with database.transaction() as session:
        declare_import(session, batch_id)
        release_import(session, releaser, batch_id)
    with monkeypatch.context() as broken:
        give_up(database, ReleaseImport(batch_id), broken)
    state, problem = standing(database, batch_id)
    assert state is ImportState.DECLARED
    assert "再放行一次" in problem
    with database.transaction() as session:
        release_import(session, releaser, batch_id)
        assert post_released(session, batch_id) is not None
        assert session.scalar(select(Event.state).where(Event.import_id == batch_id)) is EventState.POSTED
    assert standing(database, batch_id) == (ImportState.RELEASED, "")


def test_a_topic_that_can_not_say_so_does_not_keep_the_letter_from_being_written(
    database: Database, batch_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_arguments: object) -> None:
        raise RuntimeError("this too")

    monkeypatch.setitem(handlers.GIVING_UP, ReadImport.name, fail)
    deliver_in_vain(database, ReadImport(batch_id), monkeypatch)
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(dead_letters_of(Service.POINTS))) == 1
    assert standing(database, batch_id)[0] is ImportState.READING
