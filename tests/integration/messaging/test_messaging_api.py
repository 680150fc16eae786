"""The operator's routes over HTTP."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from shared.database import Database
from shared.identity.principal import Grant, Principal, Role
from shared.messaging.api import messaging_blueprint
from shared.messaging.inbox import Delivery, receive
from shared.messaging.outbox import envelope_of
from shared.topology import Service
from shared.web import create_service_app
from tests.fixtures.databases import DatabaseFor
from tests.integration.messaging.effects import dead_letters, waiting_count
from tests.integration.messaging.probe_messages import Probe


@pytest.fixture
def points(any_database: str, redis_url: str, database_for: DatabaseFor) -> Database:
    return database_for(Service.POINTS)


def client_of(database: Database, role: Role) -> FlaskClient:
    principal = Principal(1, "person:1", person_id=1, grants=(Grant(role),))
    blueprint = messaging_blueprint(Service.POINTS)
    app = create_service_app(Service.POINTS, [blueprint], database=database, authenticate=lambda: principal)
    return app.test_client()


def park_three(database: Database) -> list[str]:
    envelopes = [envelope_of(Probe(str(number))) for number in range(3)]
    for envelope in envelopes:
        receive(database, Delivery(envelope.name, envelope.id, {**envelope.as_json(), "version": 9}))
    return [envelope.id for envelope in envelopes]


def test_dead_letters_are_listed_newest_first_page_by_page(points: Database) -> None:
    ids = park_three(points)
    client = client_of(points, Role.OPERATOR)
    first = client.get("/api/points/dead_letters?limit=2").get_json()
    assert [item["message_id"] for item in first["items"]] == [ids[2], ids[1]]
    assert first["items"][0]["error"] == "points.probe: version 9 is not one of [1, 2]"
    rest = client.get("/api/points/dead_letters", query_string={"cursor": first["next_cursor"]}).get_json()
    assert ([item["message_id"] for item in rest["items"]], rest["next_cursor"]) == ([ids[0]], None)


def test_a_dead_letter_can_be_sent_again(points: Database) -> None:
    ids = park_three(points)
    client = client_of(points, Role.OPERATOR)
    assert client.post(f"/api/points/dead_letters/{ids[0]}/resend").status_code == 204
    assert set(dead_letters(points)) == set(ids[1:])
    assert waiting_count(points) == 1
    answer = client.post(f"/api/points/dead_letters/{ids[0]}/resend")
    assert answer.status_code == 404
    assert "刷新列表" in answer.get_json()["detail"]


def test_the_outbox_is_summed_up(points: Database) -> None:
    park_three(points)
    assert client_of(points, Role.OPERATOR).get("/api/points/outbox").get_json() == {
        "waiting": 0,
        "oldest_since": None,
        "dead_letters": 3,
    }


@pytest.mark.parametrize("role", [Role.ADMIN, Role.CADRE, Role.AUDITOR])
def test_only_the_operator_may_look_and_send(points: Database, role: Role) -> None:
    client = client_of(points, role)
    assert client.get("/api/points/dead_letters").status_code == 403
    assert client.get("/api/points/outbox").status_code == 403
    assert client.get("/api/points/background").status_code == 403
    assert client.post("/api/points/dead_letters/x/resend").status_code == 403
