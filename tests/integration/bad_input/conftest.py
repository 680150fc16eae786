"""The whole house over HTTP: the gateway, and behind it the services as they really are."""

from __future__ import annotations

import io
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select, update
from werkzeug.test import TestResponse

from services.gateway.accounts.accounts import DemoLogin, create_demo_accounts
from services.intake.demands.categories import add_usual_categories
from shared.database import Database
from shared.messaging.envelope import Envelope
from shared.messaging.inbox import Delivery, Outcome, receive
from shared.models import Base
from shared.models.gateway import Account
from shared.models.plumbing_tables import outbox_of
from shared.models.registry import DutyKind, Township
from shared.topology import Queue, Service
from tests.fixtures.databases import DatabaseFor
from tests.integration.gateway import conftest as gateway
from tests.integration.gateway.conftest import PASSWORD, House, Serve
from tests.integration.points.scored_township import ScoredTownship, build_scored_township

house = gateway.house
serve = gateway.serve

BULK = {Service.POINTS: "points.read_import", Service.INTAKE: "intake.run_import"}
# What says that something was tried is no effect: logs, sessions, messages, the import's own row and files.
_TRACES = ("_audit", "_idempotency", "_outbox", "_inbox", "_session", "_login_attempt", "_import", "_file")

Rows = dict[str, int]
Contents = dict[str, frozenset[str]]


@dataclass(frozen=True, slots=True)
class System:
    """The house with a scored township. Accounts: `admin`, `clerk`, and of the first village `cadre1` and
    `keeper`.
    """

    house: House
    scored: ScoredTownship
    database_for: DatabaseFor

    def log_in(self, username: str) -> FlaskClient:
        """A browser that is logged in."""
        return self.house.log_in(username)

    def rows(self) -> Rows:
        """How many rows every table has that holds what people know of the township."""
        with self.database_for(Service.INTAKE).reading() as session:
            return {
                name: session.scalar(select(func.count()).select_from(table)) or 0
                for name, table in Base.metadata.tables.items()
                if not name.endswith(_TRACES)
            }

    def contents(self) -> Contents:
        """The same tables with all that their rows say."""
        with self.database_for(Service.INTAKE).reading() as session:
            return {
                name: frozenset(repr(tuple(row)) for row in session.execute(select(table)))
                for name, table in Base.metadata.tables.items()
                if not name.endswith(_TRACES)
            }

    def operations(self) -> dict[str, dict[str, Any]]:
        """Every operation of the whole API as the gateway describes it, by method and path."""
        document = self.house.client().get("/api/openapi.json").get_json()
        return {
            f"{method.upper()} {path}": operation
            for path, operations in document["paths"].items()
            for method, operation in operations.items()
            if method != "parameters"
        }

    def work(self) -> None:
        """What the bulk workers do with the messages that wait, through the inbox as they do."""
        for service, name in BULK.items():
            import_module(f"services.{service}.imports.tasks")
            database = self.database_for(service)
            for envelope in _envelopes(database, name):
                outcome = receive(database, Delivery(envelope.name, envelope.id, envelope.as_json()))
                assert outcome in (Outcome.HANDLED, Outcome.REPEATED), outcome


def _envelopes(database: Database, name: str) -> list[Envelope]:
    table = outbox_of(database.service)
    with database.reading() as session:
        rows = session.execute(select(table).where(table.c.name == name).order_by(table.c.id))
        return [Envelope(row.message_id, row.name, row.version, Queue(row.queue), row.body) for row in rows]


@pytest.fixture
def system(house: House, serve: Serve, database_for: DatabaseFor) -> System:
    """Gateway, intake, points and petitions on one database, listening."""
    with database_for(Service.POINTS).transaction() as session:
        scored = build_scored_township(session, house.township, adopt_second=False)
    with database_for(Service.INTAKE).transaction() as session:
        add_usual_categories(session, house.township.id, offices={"water": house.township.office})
        session.execute(update(Township).values(is_demo=True))
    keeper = DemoLogin(house.township.villages[0].officials[DutyKind.KEEPER][0], "keeper")
    with database_for(Service.GATEWAY).transaction() as session:
        # Demo accounts have no second factor.
        session.execute(update(Account).values(is_demo=True))
        create_demo_accounts(session, house.township.id, [keeper], PASSWORD)
    for service in (Service.INTAKE, Service.POINTS, Service.PETITIONS):
        serve(service, import_module(f"services.{service}.app").create_app())
    return System(house, scored, database_for)


def upload(client: FlaskClient, path: str, content: bytes, name: str, key: str, **fields: Any) -> TestResponse:
    """Send a file as a browser's form does."""
    return client.post(
        path,
        data={**fields, "file": (io.BytesIO(content), name)},
        content_type="multipart/form-data",
        headers={"Idempotency-Key": key},
    )


def assert_problem(answer: TestResponse, status: int, *words: str) -> dict[str, Any]:
    """RFC 9457, in Chinese; gives the body."""
    assert answer.status_code == status, answer.text
    assert answer.mimetype == "application/problem+json"
    body: dict[str, Any] = answer.get_json()
    assert body["type"].startswith("urn:xiangzhi:problem:"), body
    assert body["status"] == status
    assert body["instance"].startswith("urn:xiangzhi:request:")
    for part in (body["title"], body["detail"], *(each for found in body.get("errors", {}).values() for each in found)):
        assert any("\u4e00" <= sign <= "\u9fff" for sign in part), part
    for word in words:
        assert word in body["detail"] + str(body.get("errors", "")), body
    return body
