"""The petitions service over HTTP with the gateway's tokens, and petitions to begin with."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import time_machine
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from services.petitions.app import BLUEPRINTS
from shared.database import Database
from shared.identity import Principal
from shared.identity.tokens import sign
from shared.settings import settings
from shared.topology import Service
from shared.web import create_service_app
from tests.fixtures.databases import DatabaseFor
from tests.fixtures.township import SmallTownship

TODAY = "2026-06-15T09:00:00+08:00"
TEXT = "反映示例单位修路占用田坎，请求重新丈量。"


@dataclass
class Api:
    """Calls the service as somebody, like the gateway does."""

    client: FlaskClient
    keys: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def call(
        self,
        actor: Principal,
        method: str,
        path: str,
        json: Any = None,
        *,
        key: str | None = None,
        version: str | None = None,
    ) -> TestResponse:
        path, _, query = f"/api/petitions{path}".partition("?")
        headers = {
            "Authorization": f"Bearer {sign(actor, Service.PETITIONS, method, path, key_dir=settings().key_dir)}",
            "Idempotency-Key": key or f"key-{next(self.keys):08d}",
        }
        if version:
            headers["If-Match"] = version
        return self.client.open(path, method=method, json=json, headers=headers, query_string=query)

    def register(self, actor: Principal, **changes: Any) -> dict[str, Any]:
        """A claim by visit on 2026-06-01, changed as told; the receipt."""
        filing = {
            "channel": "visit",
            "category": "claim",
            "text": TEXT,
            "received_on": "2026-06-01",
            "petitioner": {"name": "石小满", "phone": "16000001234"},
            "complains_of_official": False,
            **changes,
        }
        answer = self.call(actor, "POST", "/petitions", filing)
        assert answer.status_code == 201, answer.text
        return dict(answer.json or {})

    def act(self, actor: Principal, number: str, action: str, **values: Any) -> TestResponse:
        return self.call(actor, "POST", f"/petitions/{number}/actions", {"action": action, **values})

    def deliver(self, actor: Principal, number: str) -> None:
        """Accept and deliver."""
        for action, values in (("accept", {}), ("deliver", {"result": "supported"})):
            answer = self.act(actor, number, action, notice="written", **values)
            assert answer.status_code == 200, answer.text


@pytest.fixture(autouse=True)
def fixed_day() -> Iterator[None]:
    with time_machine.travel(TODAY, tick=True):
        yield


@pytest.fixture
def database(any_database: str, database_for: DatabaseFor) -> Database:
    return database_for(Service.PETITIONS)


@pytest.fixture
def api(database: Database, small_township: SmallTownship) -> Api:
    return Api(create_service_app(Service.PETITIONS, BLUEPRINTS, database=database).test_client())


Rows = Callable[[str], list[Any]]


@pytest.fixture
def rows(database: Database) -> Rows:
    """`rows("SELECT …")`: what stands in the database."""

    def read(statement: str) -> list[Any]:
        with database.engine.connect() as connection:
            return [tuple(row) for row in connection.exec_driver_sql(statement)]

    return read
