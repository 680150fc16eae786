"""The gateway's application on a small township, with accounts and cards, and services that really listen."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update
from werkzeug.serving import WSGIRequestHandler, make_server

from services.gateway.accounts import passwords
from services.gateway.accounts.accounts import DemoLogin, create_demo_accounts
from services.gateway.accounts.passwords import hash_password, hash_pin
from services.gateway.accounts.pins import set_card_pins
from services.gateway.app import create_app
from shared.models.gateway import Account
from shared.models.registry import DutyKind, Township
from shared.settings import settings
from shared.topology import Service
from shared.web import ServiceApp
from tests.fixtures.databases import DatabaseFor
from tests.fixtures.township import SmallTownship

PASSWORD = "correct horse battery"
PIN = "135790"
# How long a server may take to see that it shall end; its default of half a second is most of a short test.
WAKES_SECONDS = 0.02


@pytest.fixture(scope="package", autouse=True)
def _quick_passwords() -> Iterator[None]:
    """Hashing takes no time here; what it costs in earnest is held by the unit tests."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(passwords, "_PASSWORDS", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
        yield


@dataclass(frozen=True, slots=True)
class House:
    """The gateway under test. Accounts: `admin`, `cadre1`, `clerk`; the first household's card has a PIN."""

    app: ServiceApp
    township: SmallTownship
    accounts: dict[str, int]

    def client(self) -> FlaskClient:
        """A new browser."""
        return self.app.test_client()

    def log_in(self, username: str = "cadre1", **body: str) -> FlaskClient:
        """A browser that is logged in; its CSRF token is sent with each request."""
        client = self.client()
        answer = client.post("/api/session", json={"username": username, "password": PASSWORD, **body})
        assert answer.status_code == 201, answer.text
        assert answer.json is not None
        client.environ_base["HTTP_X_CSRF_TOKEN"] = answer.json["csrf_token"]
        return client


@pytest.fixture
def house(any_database: str, database_for: DatabaseFor, small_township: SmallTownship) -> House:
    """The gateway with accounts of the small township."""
    database = database_for(Service.GATEWAY)
    village = small_township.villages[0]
    people = {
        "admin": small_township.officials[DutyKind.ADMIN][0],
        "cadre1": village.officials[DutyKind.CADRE][0],
        "clerk": small_township.officials[DutyKind.CLERK][0],
    }
    stored = hash_password(PASSWORD)
    with database.transaction() as session:
        made = {
            name: Account(township_id=small_township.id, person_id=person, username=name, password_hash=stored)
            for name, person in people.items()
        }
        session.add_all(made.values())
        session.flush()
        ids = {name: account.id for name, account in made.items()}
        set_card_pins(session, {village.households[0]: hash_pin(PIN)})
    return House(create_app(database=database), small_township, ids)


@pytest.fixture
def demo_house(house: House, database_for: DatabaseFor) -> House:
    """The same as a demo, with a demo account `demo-leader`."""
    with database_for(Service.INTAKE).transaction() as session:
        session.execute(update(Township).values(is_demo=True))
    with database_for(Service.GATEWAY).transaction() as session:
        leader = house.township.officials[DutyKind.LEADER][0]
        create_demo_accounts(session, house.township.id, [DemoLogin(leader, "demo-leader")], PASSWORD)
    return house


class Modern(WSGIRequestHandler):
    """Speaks HTTP/1.1, as the server that really runs."""

    protocol_version = "HTTP/1.1"


Serve = Callable[[Service, Flask | Callable[..., Any]], str]


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Iterator[Serve]:
    """`serve(Service.POINTS, app)` lets an application listen, and the gateway find it there."""
    servers = []
    for service in Service:
        # Nobody listens there: a service that happens to run on this machine has no part in a test.
        monkeypatch.setenv(f"{service.upper()}_URL", "http://127.0.0.1:9")
    settings.cache_clear()

    def start(service: Service, app: Any) -> str:
        server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Modern)
        threading.Thread(target=server.serve_forever, args=(WAKES_SECONDS,), daemon=True).start()
        servers.append(server)
        url = f"http://127.0.0.1:{server.server_port}"
        monkeypatch.setenv(f"{service.upper()}_URL", url)
        settings.cache_clear()
        return url

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()
