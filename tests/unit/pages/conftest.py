"""The pages on a migrated SQLite database, with the services' answers written by the test."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from services.gateway.app import create_app
from services.gateway.clients import Answer, ServiceProblem
from services.gateway.pages import services
from services.gateway.pages.services import IntakeService, PetitionsService, PointsService
from shared.identity import Grant, Principal, Role
from shared.topology import Service
from tests.fixtures.databases import DatabaseFor
from tests.fixtures.township import SmallTownship


class Answers:
    """What the services say in this test, by method and path; everything asked is kept."""

    def __init__(self) -> None:
        self.known: dict[tuple[str, str], Any] = {}
        self.asked: list[tuple[str, str, Any]] = []

    def add(self, method: str, path: str, data: Any) -> None:
        """Let `method path` be answered with `data`, or raise it where it is a problem."""
        self.known[method, path] = data

    def request(self, method: str, path: str, principal: Principal, **options: Any) -> Answer:
        """As `ServiceClient.request`; a path that the test did not write is an unreachable service."""
        self.asked.append((method, path, options.get("json")))
        data = self.known.get((method, path), refusal(503, "这项服务现在没有运行。"))
        if isinstance(data, ServiceProblem):
            raise data
        return Answer(200, data)


def refusal(status: int, detail: str, **errors: list[str]) -> ServiceProblem:
    """A service's problem."""
    return ServiceProblem({"status": status, "title": "现在不能这样办", "detail": detail, "errors": errors})


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> Answers:
    """The services of this test."""
    written = Answers()
    for client in (PointsService, IntakeService, PetitionsService):
        monkeypatch.setattr(client, "request", lambda _self, *words, **options: written.request(*words, **options))
    assert isinstance(services.points, PointsService)
    return written


@pytest.fixture
def app(sqlite_database: str, database_for: DatabaseFor, small_township: SmallTownship, answers: Answers) -> Flask:
    """The whole gateway over the test's database."""
    return create_app(database=database_for(Service.GATEWAY))


SignIn = Callable[..., FlaskClient]


@pytest.fixture
def browser(app: Flask, small_township: SmallTownship, monkeypatch: pytest.MonkeyPatch) -> SignIn:
    """Give a client that comes as someone with these roles; without any, as the public."""

    def sign_in(*roles: Role, household_id: int | None = None) -> FlaskClient:
        principal = Principal(
            small_township.id,
            "account:1" if roles else "public",
            person_id=1 if roles else None,
            household_id=household_id,
            name="石桂花" if roles else "",
            grants=tuple(Grant(role) for role in roles),
        )
        app.extensions["xiangzhi.authenticate"] = lambda: principal
        monkeypatch.setattr("services.gateway.pages.frame.is_signed_in", lambda: bool(roles))
        return app.test_client()

    return sign_in
