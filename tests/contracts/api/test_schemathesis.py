"""Every operation of every service, called with what its description allows and forbids, by several roles."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib import import_module
from io import BytesIO
from pathlib import Path
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment
from zipfile import ZipFile

import pytest
import schemathesis
import time_machine
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis import Case, CheckContext, GenerationMode
from schemathesis.checks import load_all_checks, not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.core.transport import Response
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance

from shared.audit_api import audit_blueprint
from shared.identity import Principal, Role
from shared.identity.tokens import sign
from shared.messaging.api import messaging_blueprint
from shared.topology import Service
from shared.web import ServiceApp, create_service_app
from tests.contracts.api.two_townships import SECOND, SIGN, furnish, known_values
from tests.fixtures.databases import DatabaseFor
from tests.fixtures.township import SmallTownship, act_as

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300), pytest.mark.usefixtures("sqlite_database")]

MODES = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
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


@dataclass
class Answers:
    """What a role was answered, by status."""

    statuses: dict[int, int] = field(default_factory=dict)

    def count(self, status: int) -> None:
        self.statuses[status] = self.statuses.get(status, 0) + 1


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
                _examine(operation, mode, EXAMPLES[allowed], known, answers)
            except Unsatisfiable:
                assert mode is GenerationMode.NEGATIVE, f"nothing can be sent to {operation.label}"
            except (Exception, BaseExceptionGroup) as error:
                failures.append(f"{operation.label}\n{_words_of(error)}")
    assert not failures, "\n\n".join(failures)
    # Tokens were good, and the examples reach beyond the refusals of wrong forms.
    assert role is Role.PUBLIC or 401 not in answers.statuses
    assert answers.statuses.get(200) or (service, role) == (Service.PETITIONS, Role.PUBLIC)


def _examine(
    operation: APIOperation[Any, Any, Any, Any],
    mode: GenerationMode,
    examples: int,
    known: dict[str, list[Any]],
    answers: Answers,
) -> None:
    @settings(
        max_examples=examples,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode), data=st.data())
    def send(case: Case[Any], data: st.DataObject) -> None:
        case.path_parameters = _named(case.path_parameters, known, data)
        case.query = _named(case.query, known, data)
        case.body = _named(case.body, known, data)
        response = case.call()
        answers.count(response.status_code)
        case.validate_response(response, checks=CHECKS)

    send()


def _named(part: Any, known: dict[str, list[Any]], data: st.DataObject) -> Any:
    """`part` where most values that name a record name one that exists, of either township."""
    if isinstance(part, list):
        return [_named(below, known, data) for below in part]
    if not isinstance(part, dict):
        return part
    named = {}
    for name, value in part.items():
        if known.get(name) and not isinstance(value, dict | list) and data.draw(st.integers(0, 3)):
            named[name] = data.draw(st.sampled_from(known[name]))
        else:
            named[name] = _named(value, known, data)
    return named


def _errors_are_problems(_context: CheckContext, response: Response, _case: Case[Any]) -> None:
    if response.status_code < 400:
        return
    assert response.headers["content-type"] == ["application/problem+json"], response.headers
    problem = response.json()
    assert problem["status"] == response.status_code
    assert problem["title"]
    assert problem["detail"]


def _nothing_is_of_another_township(_context: CheckContext, response: Response, case: Case[Any]) -> None:
    asked = repr((case.path_parameters, case.query, case.body))
    shown = _text_of(response.content)
    assert SIGN not in shown or SIGN in asked, shown
    assert SECOND not in shown or SECOND in asked, shown


def _text_of(content: bytes) -> str:
    """What an answer says, a workbook's cells too."""
    if not content.startswith(b"PK"):
        return content.decode()
    with ZipFile(BytesIO(content)) as workbook:
        return "".join(workbook.read(name).decode() for name in workbook.namelist())


CHECKS: list[Callable[..., Any]] = [
    not_a_server_error,
    content_type_conformance,
    response_schema_conformance,
    _errors_are_problems,
    _nothing_is_of_another_township,
]


def _words_of(error: BaseException) -> str:
    if isinstance(error, BaseExceptionGroup):
        return "\n".join(_words_of(each) for each in error.exceptions)
    return f"{error}\n" + "\n".join(getattr(error, "__notes__", []))
