"""The relay: sends what is not done, at the right times, whatever happens to Redis."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
import redis as redis_client
from sqlalchemy import event, insert, select, update
from sqlalchemy.exc import ProgrammingError

from shared.database import Database
from shared.messaging import outbox
from shared.messaging.envelope import Envelope
from shared.messaging.inbox import Delivery, receive
from shared.messaging.publisher import publisher
from shared.messaging.relay import EPOCH_KEY, Relay
from shared.messaging.waiting_rows import INBOX_KEPT, OUTBOX_KEPT, prune, waiting_summary
from shared.models.base import now
from shared.models.plumbing_tables import audit_of, inbox_of, outbox_of
from shared.topology import Service
from tests.fixtures.databases import DatabaseFor
from tests.integration.messaging import probe_tasks
from tests.integration.messaging.effects import waiting_count
from tests.integration.messaging.probe_messages import Probe
from tests.integration.messaging.roles import as_role

HANDLED_HERE = probe_tasks.__name__
OUTBOX = outbox_of(Service.INTAKE)


class House:
    """Intake sends, the relay watches, points receives when a test says so."""

    def __init__(self, database_for: DatabaseFor, redis_url: str) -> None:
        self.intake = database_for(Service.INTAKE)
        self.points = database_for(Service.POINTS)
        self.redis = redis_client.Redis.from_url(redis_url)
        self.relay = Relay(database_for(Service.GATEWAY), redis_url)

    def send(self, *keys: str) -> list[str]:
        """Commit messages and let the publisher send them; then forget what it sent, as if Redis had lost it."""
        with self.intake.transaction() as session:
            ids = outbox.send_all(session, [Probe(key) for key in keys])
        assert publisher().wait_until_idle(60)
        self.redis.delete("points")
        return ids

    def queued(self) -> int:
        return int(self.redis.llen("points"))

    def row(self, message_id: str) -> Any:
        with self.intake.reading() as session:
            return session.execute(select(OUTBOX).where(OUTBOX.c.message_id == message_id)).one()

    def age(self, **moved: Any) -> None:
        """Set columns of all rows, to let time pass."""
        with self.intake.transaction() as session:
            session.execute(update(OUTBOX).values(**moved))

    def handle(self, message_id: str) -> None:
        row = self.row(message_id)
        raw = {"id": row.message_id, "name": row.name, "version": row.version, "queue": row.queue, "body": row.body}
        receive(self.points, Delivery(row.name, row.message_id, raw))


@pytest.fixture
def house(any_database: str, redis_url: str, database_for: DatabaseFor) -> House:
    made = House(database_for, redis_url)
    made.redis.set(EPOCH_KEY, "known")
    return made


def test_a_fresh_message_is_the_publishers(house: House) -> None:
    house.send("a")
    assert house.relay.run_pass() == 0
    assert house.queued() == 0


def test_a_message_that_is_not_done_is_sent_again_and_ever_more_rarely(house: House) -> None:
    (message_id,) = house.send("a")
    pauses = []
    for _ in range(7):
        house.age(next_send_at=now())
        started = now()
        assert house.relay.run_pass() == 1
        pauses.append(round((house.row(message_id).next_send_at - started).total_seconds() / 30))
    assert pauses == [2, 4, 8, 16, 30, 30, 30]
    assert house.row(message_id).sends == 8
    assert house.queued() == 7


def test_what_the_receiver_has_handled_is_done_and_not_sent_again(house: House) -> None:
    first, second = house.send("a", "b")
    house.handle(first)
    house.age(next_send_at=now())
    assert house.relay.run_pass() == 1
    assert house.row(first).done_at is not None
    assert house.row(second).done_at is None


def test_an_id_in_another_services_inbox_does_not_count(house: House, database_for: DatabaseFor) -> None:
    (message_id,) = house.send("a")
    with database_for(Service.PETITIONS).transaction() as session:
        session.execute(insert(inbox_of(Service.PETITIONS)).values(message_id=message_id, name="points.probe"))
    house.relay.run_pass()
    assert house.row(message_id).done_at is None


def test_everything_is_sent_at_once_when_redis_has_lost_its_memory(house: House) -> None:
    first, *_ = house.send("a", "b", "c")
    house.handle(first)
    with house.intake.transaction() as session:
        outbox.send(session, Probe("later"), available_at=now() + timedelta(hours=1))
    house.redis.flushall()
    assert house.relay.run_pass() == 2
    assert house.redis.exists(EPOCH_KEY)
    assert house.relay.run_pass() == 0
    assert house.queued() == 2


def test_a_queue_that_takes_nothing_holds_up_no_other(house: House) -> None:
    refused, _taken = house.send("refused", "taken")
    house.age(next_send_at=now() - timedelta(seconds=1))
    with house.intake.transaction() as session:
        session.execute(update(OUTBOX).where(OUTBOX.c.message_id == refused).values(queue="intake"))
    house.redis.set("intake", "no list")
    assert house.relay.run_pass() == 2
    assert house.queued() == 1
    assert house.relay.run_pass() == 0
    house.redis.delete("intake")
    house.age(next_send_at=now() - timedelta(seconds=1))
    assert house.relay.run_pass() == 2
    assert house.redis.llen("intake") == 1


def test_a_memory_lost_while_everything_is_sent_again_is_noticed(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    (message_id,) = house.send("lost twice")
    house.redis.flushall()
    send = Relay._send

    def send_and_lose(relay: Relay, envelopes: Sequence[Envelope]) -> None:
        send(relay, envelopes)
        house.redis.flushall()

    monkeypatch.setattr(Relay, "_send", send_and_lose)
    assert house.relay.run_pass() == 1
    monkeypatch.undo()
    assert house.queued() == 0
    assert house.relay.run_pass() == 1
    assert house.queued() == 1
    assert house.relay.run_pass() == 0
    assert house.row(message_id).sends == 3


def test_a_relay_that_ends_while_it_sends_everything_again_is_continued(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.send("first", "second")
    house.redis.flushall()
    with monkeypatch.context() as patched:
        patched.setattr(Relay, "_send", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            house.relay.run_pass()
    assert house.redis.exists(EPOCH_KEY)
    house.age(next_send_at=now() + timedelta(minutes=4))
    assert house.relay.run_pass() == 2
    assert house.queued() == 2


def test_a_delayed_message_is_sent_when_it_is_due(house: House) -> None:
    with house.intake.transaction() as session:
        message_id = outbox.send(session, Probe("a"), available_at=now() + timedelta(hours=1))
    assert message_id
    assert house.relay.run_pass() == 0
    house.age(next_send_at=now())
    assert house.relay.run_pass() == 1
    assert house.row(message_id).sends == 1


def test_a_row_for_an_unknown_queue_waits_and_does_not_stop_the_others(house: House) -> None:
    strange, _ = house.send("a", "b")
    with house.intake.transaction() as session:
        session.execute(update(OUTBOX).where(OUTBOX.c.message_id == strange).values(queue="of.tomorrow"))
    house.age(next_send_at=now())
    assert house.relay.run_pass() == 1
    assert waiting_count(house.intake) == 2


def test_more_rows_than_one_batch_are_sent_in_one_pass(house: House) -> None:
    house.send(*(str(number) for number in range(1100)))
    house.age(next_send_at=now())
    assert house.relay.run_pass() == 1100


def test_a_broker_that_is_away_costs_no_row_and_no_pass(house: House, database_for: DatabaseFor) -> None:
    (message_id,) = house.send("a")
    house.age(next_send_at=now())
    lost = Relay(database_for(Service.GATEWAY), "redis://127.0.0.1:1/0")
    assert lost.run_pass() == 0
    assert house.row(message_id).sends == 1
    house.handle(message_id)
    assert lost.run_pass() == 0
    assert house.row(message_id).done_at is not None


def test_a_delayed_message_that_is_not_due_does_not_count_as_waiting(house: House) -> None:
    house.send("a")
    with house.intake.transaction() as session:
        outbox.send(session, Probe("later"), available_at=now() + timedelta(hours=1))
    with house.intake.reading() as session:
        count, oldest = waiting_summary(session, Service.INTAKE)
    assert count == 1
    assert oldest is not None
    assert timedelta() <= now() - oldest < timedelta(minutes=1)


def test_done_rows_are_pruned_and_inbox_ids_outlive_them(house: House) -> None:
    old, waiting = house.send("a", "b")
    house.handle(old)
    house.relay.run_pass()
    house.age(done_at=None)
    with house.intake.transaction() as session:
        session.execute(update(OUTBOX).where(OUTBOX.c.message_id == old).values(done_at=now() - OUTBOX_KEPT * 2))
    assert prune(house.intake) == 1
    with house.points.transaction() as session:
        assert list(session.scalars(select(inbox_of(Service.POINTS).c.message_id))) == [old]
        inbox = inbox_of(Service.POINTS)
        session.execute(update(inbox).values(handled_at=now() - INBOX_KEPT * 2))
    assert prune(house.intake) == 1
    assert waiting_count(house.intake) == 1
    assert house.row(waiting).done_at is None


def test_an_inbox_id_stays_while_its_outbox_row_does(house: House) -> None:
    (message_id,) = house.send("a")
    house.handle(message_id)
    with house.points.transaction() as session:
        session.execute(update(inbox_of(Service.POINTS)).values(handled_at=now() - INBOX_KEPT * 2))
    assert prune(house.intake) == 0


def test_the_newest_slot_of_a_task_is_never_pruned(house: House) -> None:
    with house.intake.transaction() as session:
        outbox.send(session, Probe("a"), slot="points.probe@1")
        newest = outbox.send(session, Probe("b"), slot="points.probe@2")
    house.age(done_at=now() - OUTBOX_KEPT * 2)
    assert prune(house.intake) == 1
    with house.intake.reading() as session:
        assert list(session.scalars(select(OUTBOX.c.message_id))) == [newest]


def test_a_pass_over_a_large_outbox_costs_few_statements(house: House, database_for: DatabaseFor) -> None:
    house.send(*(str(number) for number in range(300)))
    database = database_for(Service.GATEWAY)
    statements: list[str] = []
    event.listen(database.engine, "before_cursor_execute", lambda *each: statements.append(each[2]))
    house.age(next_send_at=now())
    assert house.relay.run_pass() == 300
    assert len([each for each in statements if each.startswith(("SELECT", "UPDATE", "DELETE"))]) < 40


def test_the_relays_role_may_do_what_the_relay_does_and_no_more(
    postgresql_database: str, redis_url: str, database_for: DatabaseFor
) -> None:
    house = House(database_for, redis_url)
    database = as_role(Database(postgresql_database, Service.GATEWAY), "xiangzhi_relay")
    relay = Relay(database, redis_url)
    first, _ = house.send("a", "b")
    house.handle(first)
    assert relay.run_pass() == 1
    house.age(done_at=now() - OUTBOX_KEPT * 2)
    with house.points.transaction() as session:
        session.execute(update(inbox_of(Service.POINTS)).values(handled_at=now() - INBOX_KEPT * 2))
    assert prune(database) == 3
    with pytest.raises(ProgrammingError, match="permission denied"), database.reading() as session:
        session.execute(select(audit_of(Service.POINTS)))
    relay.close()
