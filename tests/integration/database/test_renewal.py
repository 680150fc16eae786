"""After a rotation every encrypted value of every service is written under the newest key, and still says the same."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import LargeBinary, func, select, update
from sqlalchemy.exc import DBAPIError

from shared import renewal
from shared.database import Database
from shared.messaging import tasks  # noqa: F401 - it registers the handler of the round
from shared.messaging.inbox import Delivery, Outcome, receive
from shared.models import Base
from shared.models.petitions import Rewriting, Step
from shared.models.plumbing_tables import outbox_of
from shared.models.registry import Person
from shared.privacy import UnreadableValue, field_cipher
from shared.privacy.keys import rotate
from shared.renewal import count_old_values, encrypted_columns, main, renew_all
from shared.topology import Service
from tests.fixtures.databases import DatabaseFor
from tests.fixtures.township import SmallTownship
from tests.integration.database.encrypted_values import fill, read_all, said_in

EVERY_SERVICE = pytest.mark.parametrize("service", list(Service))


@pytest.fixture
def filled(any_database: str, database_for: DatabaseFor, small_township: SmallTownship, service: Service) -> Database:
    """The database with a value in every encrypted column of the service."""
    with database_for(service).transaction() as session:
        fill(session, service, small_township)
    return database_for(service)


def test_every_binary_column_is_encrypted_and_renewed_by_its_service() -> None:
    binary = {
        str(column)
        for table in Base.metadata.tables.values()
        for column in table.columns
        if isinstance(column.type, LargeBinary)
    }
    renewed = [str(column) for service in Service for column in encrypted_columns(service)]
    assert sorted(renewed) == sorted(binary)


@EVERY_SERVICE
def test_every_value_is_written_anew_under_the_newest_key(filled: Database, service: Service, key_dir: Path) -> None:
    older = field_cipher(service)
    rotate(key_dir, service)
    columns = encrypted_columns(service)
    with filled.reading() as session:
        assert count_old_values(session) == len(columns)
    assert sum(done.renewed for done in renew_all(filled)) == len(columns)
    with filled.reading() as session:
        stored = read_all(session, service)
        assert count_old_values(session) == 0
    assert {name: field_cipher(service).decrypt(value) for name, value in stored.items()} == {
        str(column): said_in(column) for column in columns
    }
    for value in stored.values():
        with pytest.raises(UnreadableValue):
            older.decrypt(value)
    assert sum(done.renewed for done in renew_all(filled)) == 0


@pytest.mark.parametrize("service", [Service.INTAKE])
def test_a_round_that_was_stopped_goes_on_where_it_is_run_again(
    filled: Database, key_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with filled.transaction() as session:
        everyone = session.scalar(select(func.count(Person.id))) or 0
        session.execute(update(Person).values(phone_encrypted=field_cipher(Service.INTAKE).encrypt("16000001234")))
    rotate(key_dir, Service.INTAKE)
    monkeypatch.setattr(renewal, "BATCH", 5)
    first = renew_all(filled)
    assert sum(next(first).renewed for _ in range(3)) > 0
    first.close()
    with filled.reading() as session:
        left = count_old_values(session)
    assert 0 < left < everyone + 3
    assert sum(done.renewed for done in renew_all(filled)) == left


@EVERY_SERVICE
def test_the_weekly_round_is_a_message_for_each_batch(
    filled: Database, service: Service, key_dir: Path, redis_url: str
) -> None:
    rotate(key_dir, service)
    assert deliver(filled, f"{service}.renew_fields", "{}", "start") is Outcome.HANDLED
    handled = 0
    while batch := next_message(filled, handled):
        name, body = batch
        assert name == f"{service}.renew_batch"
        assert deliver(filled, name, body, f"batch-{handled}") is Outcome.HANDLED
        handled += 1
    assert handled == len(encrypted_columns(service))
    with filled.reading() as session:
        assert count_old_values(session) == 0


@pytest.mark.parametrize("service", [Service.PETITIONS])
@pytest.mark.parametrize(
    "values", [{"action": "conclude"}, {"actor": "person:2"}, {"details_encrypted": b"", "actor_name": "别人"}]
)
def test_nothing_of_a_step_but_its_details_is_ever_written(filled: Database, values: dict[str, object]) -> None:
    with pytest.raises(DBAPIError, match="append-only"):
        rewrite_steps(filled, values)
    with filled.reading() as session:
        assert session.scalar(select(func.count(Rewriting.id))) == 0
    with pytest.raises(DBAPIError, match="append-only"), filled.transaction() as session:
        session.execute(update(Step).values(details_encrypted=b""))


def rewrite_steps(database: Database, values: dict[str, object]) -> None:
    with database.transaction() as session:
        session.add(Rewriting(reason="renewal"))
        session.flush()
        session.execute(update(Step).values(values))


@pytest.mark.parametrize("service", [Service.GATEWAY])
def test_the_operators_command_counts_renews_and_says_which_key_is_missing(
    filled: Database, key_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rotate(key_dir, Service.GATEWAY)
    assert main(["--service", "gateway", "--check"]) == 1
    assert main(["--service", "gateway"]) == 0
    assert main(["--service", "gateway", "--check"]) == 0
    spoil(filled)
    assert main(["--service", "gateway"]) == 1
    output = capsys.readouterr()
    assert output.out.splitlines() == [
        "gateway: 3 values are under older keys",
        "gateway: 3 values renewed",
        "gateway: 0 values are under older keys",
    ]
    assert "no key of this service opens the stored value" in output.err


def spoil(database: Database) -> None:
    """A value whose key nobody has any more."""
    with database.transaction() as session:
        session.execute(update(Base.metadata.tables["gateway_account"]).values(totp_encrypted=b"of a lost key"))


def deliver(database: Database, name: str, body: str, message_id: str) -> Outcome:
    queue = "gateway" if database.service is Service.GATEWAY else f"{database.service}.bulk"
    envelope = {"id": message_id, "name": name, "version": 1, "queue": queue, "body": body}
    return receive(database, Delivery(name, message_id, envelope))


def next_message(database: Database, place: int) -> tuple[str, str] | None:
    """Name and body of the `place`th message that was sent."""
    table = outbox_of(database.service)
    with database.reading() as session:
        row = session.execute(select(table.c.name, table.c.body).order_by(table.c.id).offset(place).limit(1)).first()
    return None if row is None else (row.name, row.body)
