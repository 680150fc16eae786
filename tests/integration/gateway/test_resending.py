"""The gateway's own dead letters, sent again by the operator."""

from __future__ import annotations

from sqlalchemy import func, select

from services.gateway.accounts.passwords import hash_password
from services.gateway.notices import tasks  # noqa: F401 - registers the handler
from shared.messages.gateway import Notify
from shared.messaging.inbox import Delivery, receive
from shared.messaging.outbox import envelope_of
from shared.models.gateway import Account
from shared.models.plumbing_tables import outbox_of
from shared.models.registry import DutyKind
from shared.topology import Service
from tests.fixtures.databases import DatabaseFor
from tests.integration.gateway.conftest import PASSWORD, House
from tests.integration.gateway.test_accounts import enrolled


def test_a_dead_letter_of_the_gateway_is_sent_again_once(house: House, database_for: DatabaseFor) -> None:
    notice = Notify("points.event:1", 1, False, house.township.id, [], [], "一条", "内容", "", False)
    envelope = envelope_of(notice)
    database = database_for(Service.GATEWAY)
    receive(database, Delivery(envelope.name, envelope.id, {**envelope.as_json(), "version": 99}))
    with database.transaction() as session:
        person = house.township.officials[DutyKind.OPERATOR][0]
        stored = hash_password(PASSWORD)
        session.add(Account(township_id=house.township.id, person_id=person, username="o", password_hash=stored))
    operator, _second_factor = enrolled(house, "o")
    [letter] = operator.get("/api/gateway/dead_letters").json["items"]  # type: ignore[index]
    answer = operator.post(f"/api/gateway/dead_letters/{letter['message_id']}/resend")
    assert answer.status_code == 204, answer.text
    assert operator.get("/api/gateway/dead_letters").json["items"] == []  # type: ignore[index]
    assert operator.post(f"/api/gateway/dead_letters/{letter['message_id']}/resend").status_code == 404
    table = outbox_of(Service.GATEWAY)
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(table)) == 1
