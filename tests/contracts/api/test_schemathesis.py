"""Every operation of every service, called with what its description allows and forbids, by several roles."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from wsgiref.types import StartResponse, WSGIEnvironment

import pytest
import schemathesis
import time_machine
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import load_all_checks
from schemathesis.core.result import Ok

from shared.audit_api import audit_blueprint
from shared.identity import Principal, Role
from shared.identity.tokens import sign
from shared.messaging.api import messaging_blueprint
from shared.topology import Service
from shared.web import ServiceApp, create_service_app
from tests.contracts.api.examination import MODES, Answers, examine, judge, words_of
from tests.contracts.api.two_townships import furnish, known_values
from tests.fixtures.databases import DatabaseFor
from tests.fixtures.township import SmallTownship, act_as

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300), pytest.mark.usefixtures("sqlite_database")]

EXAMPLES = {True: 6, False: 1}
"""Of each mode: for an operation that the role may call, and for one that it may not."""
CALLERS = [
    (Service.INTAKE, Role.ADMIN),
    (Service.INTAKE, Role.CADRE),
    (Service.INTAKE, Role.RESIDENT),
    (Service.INTAKE, Role.PUBLIC),
    (Service.POINTS, Role.ADMIN),
    (Service.POINTS, Role.CADRE),
    (Service.POINTS, Role.RESIDENT),
    (Service.POINTS, Role.PUBLIC),
    (Service.PETITIONS, Role.ADMIN),
    (Service.PETITIONS, Role.CLERK),
    (Service.PETITIONS, Role.PUBLIC),
    (Service.POINTS, Role.OPERATOR),
]


@dataclass
class Gateway:
    """Passes requests on to a service with a token for method and path, as the gateway does."""

    app: ServiceApp
    service: Service
    principal: Principal
    key_dir: Path

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path = environ["PATH_INFO"].encode("latin-1").decode("utf-8", "replace")
        token = sign(self.principal, self.service, environ["REQUEST_METHOD"], path, key_dir=self.key_dir)
        environ["HTTP_AUTHORIZATION"] = f"Bearer {token}"
        answer: Iterable[bytes] = self.app(environ, start_response)
        return answer


@pytest.fixture(autouse=True)
def in_may() -> Iterator[None]:
    with time_machine.travel(datetime(2026, 5, 20, 4, tzinfo=UTC), tick=True):
        yield


@pytest.fixture
def townships(database_for: DatabaseFor, small_township: SmallTownship) -> SmallTownship:
    """The first of two townships."""
    furnish(database_for, small_township)
    return small_township


@pytest.mark.parametrize(("service", "role"), CALLERS)
def test_every_answer_is_as_described_and_of_the_own_township(
    service: Service, role: Role, townships: SmallTownship, database_for: DatabaseFor, key_dir: Path
) -> None:
    database = database_for(service)
    own = import_module(f"services.{service}.app").BLUEPRINTS
    blueprints = [*own, messaging_blueprint(service), audit_blueprint(service)]
    app = create_service_app(service, blueprints, database=database)
    gateway = Gateway(app, service, act_as(townships, role), key_dir)
    schema = schemathesis.openapi.from_wsgi(f"/api/{service}/openapi.json", gateway)
    with database.reading() as session:
        known = known_values(session)
    load_all_checks()
    answers = Answers()
    failures: list[str] = []
    for found in schema.get_all_operations():
        assert isinstance(found, Ok), found
        operation = found.ok()
        roles = operation.definition.raw.get("x-roles", [Role.PUBLIC])
        allowed = Role.PUBLIC in roles or role in roles
        for mode in MODES:
            try:
                examine(operation, mode, EXAMPLES[allowed], known, lambda case: judge(case, case.call(), answers))
            except Unsatisfiable:
                assert mode is GenerationMode.NEGATIVE, f"nothing can be sent to {operation.label}"
            except (Exception, BaseExceptionGroup) as error:
                failures.append(f"{operation.label}\n{words_of(error)}")
    assert not failures, "\n\n".join(failures)
    # Tokens were good, and the examples reach beyond the refusals of wrong forms.
    assert role is Role.PUBLIC or 401 not in answers.statuses
    assert answers.statuses.get(200) or (service, role) == (Service.PETITIONS, Role.PUBLIC)
