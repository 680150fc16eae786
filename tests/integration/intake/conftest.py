"""The intake service's API on both databases, called as someone of the small township."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

import pytest
from werkzeug.test import TestResponse

from services.intake.app import BLUEPRINTS
from services.intake.demands.categories import add_usual_categories
from shared.identity import Principal, Role
from shared.models.intake import DemandCategory
from shared.topology import Service
from shared.web import create_service_app
from tests.fixtures.databases import DatabaseFor
from tests.fixtures.township import PrincipalOf, SmallTownship


class Api:
    """Calls routes as one principal after another."""

    def __init__(self, database: Any, public: Principal) -> None:
        self.principal = public
        self.database = database
        self.app = create_service_app(
            Service.INTAKE, BLUEPRINTS, database=database, authenticate=lambda: self.principal
        )
        self.client = self.app.test_client()

    def call(
        self,
        method: str,
        path: str,
        who: Principal,
        json: Any = None,
        *,
        key: str | None = None,
        version: int | None = None,
        **options: Any,
    ) -> TestResponse:
        """One request as `who`; POSTs carry a fresh idempotency key unless one is given."""
        self.principal = who
        headers = {"Idempotency-Key": key or secrets.token_hex(8)} if method == "POST" else {}
        if version is not None:
            headers["If-Match"] = f'"v{version}"'
        return self.client.open(f"/api/intake{path}", method=method, json=json, headers=headers, **options)


@pytest.fixture
def api(any_database: str, database_for: DatabaseFor, small_township: SmallTownship) -> Api:
    """The API with the usual categories; 饮水 earns by rule 42 and belongs to the township's office."""
    database = database_for(Service.INTAKE)
    with database.transaction() as session:
        add_usual_categories(session, small_township.id, offices={"water": small_township.office})
        session.flush()
        for category in session.query(DemandCategory).where(DemandCategory.code == "water"):
            category.rule_code = "42"
    return Api(database, Principal(small_township.id))


Report = Callable[..., dict[str, Any]]


@pytest.fixture
def report(api: Api, small_township: SmallTownship, principal_of: PrincipalOf) -> Report:
    """Report a demand and return number, code and id."""

    def send(who: Principal | None = None, **changes: Any) -> dict[str, Any]:
        body = {
            "village": small_township.villages[0].code,
            "category": "water",
            "text": "住在高处的几户晚上没有水。",
            "reporter_name": "石桂花",
            "phone": "16000001234",
            **changes,
        }
        answer = api.call("POST", "/demands", who or principal_of(Role.PUBLIC), body)
        assert answer.status_code == 201, answer.text
        received: dict[str, Any] = answer.get_json()
        return received

    return send
