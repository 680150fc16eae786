"""The merged description held against the running system: every operation through the gateway, by every duty."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest
import schemathesis
import time_machine
from hypothesis.errors import Unsatisfiable
from schemathesis import Case, GenerationMode
from schemathesis.checks import load_all_checks
from schemathesis.core.result import Ok
from schemathesis.core.transport import Response
from schemathesis.schemas import APIOperation

from deploy.demo.places import VILLAGES
from shared.database import Database
from shared.settings import settings
from shared.topology import Service
from tests.browser.conftest import System, running_system
from tests.contracts.api.callers import ACCOUNTS, Caller, nothing_is_of_another_village
from tests.contracts.api.examination import MODES, Answers, examine, judge, words_of
from tests.contracts.api.places import Places, places_of, sign_elsewhere
from tests.contracts.api.two_townships import furnish_neighbour, known_values

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

EXAMPLES = {GenerationMode.POSITIVE: 2, GenerationMode.NEGATIVE: 1}
"""Of each operation."""
# They end the caller's own session or begin another's, which the callers do for themselves.
SPARED = {("delete", "/api/session"), ("post", "/api/session/demo")}


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """The demo township in a whole system, and a second township in the same database."""
    folder = tmp_path_factory.mktemp("system")
    with pytest.MonkeyPatch.context() as patched, running_system(folder, DEMO="1", XZ_LIMIT_FACTOR="1000") as started:
        patched.setenv("XZ_KEY_DIR", str(folder / "keys"))
        patched.setenv("XZ_DATA_DIR", str(folder / "var"))
        settings.cache_clear()
        with time_machine.travel(datetime(2026, 5, 20, 4, tzinfo=UTC), tick=True):
            furnish_neighbour(lambda service: database_of(started, service))
        owner = database_of(started, Service.INTAKE)
        with owner.transaction() as session:
            sign_elsewhere(session, VILLAGES[0].code)
        owner.dispose()
        yield started
    settings.cache_clear()


def database_of(system: System, service: Service) -> Database:
    return Database(f"sqlite:///{system.log.parent / 'var' / 'xiangzhi.db'}", service)


def test_every_operation_by_every_duty(system: System) -> None:
    schema = schemathesis.openapi.from_url(f"{system.address}/api/openapi.json")
    database = database_of(system, Service.GATEWAY)
    with database.reading() as session:
        known = known_values(session)
        places = places_of(session)
    database.dispose()
    load_all_checks()
    callers = [Caller(system.address, name) for name in (None, *ACCOUNTS)]
    answers = {caller.username: Answers() for caller in callers}
    failures: list[str] = []
    for found in schema.get_all_operations():
        assert isinstance(found, Ok), found
        operation = found.ok()
        if (operation.method.lower(), operation.path) in SPARED:
            continue
        for mode in MODES:
            if mode is GenerationMode.NEGATIVE and not can_be_wrong(operation):
                continue
            try:
                ask_all(operation, mode, known, callers, places, answers)
            except Unsatisfiable:
                assert mode is GenerationMode.NEGATIVE, f"nothing can be sent to {operation.label}"
            except (Exception, BaseExceptionGroup) as error:
                failures.append(f"{operation.label}\n{words_of(error)}")
    assert not failures, "\n\n".join(failures)
    # Every caller was let in, and the examples reach beyond the refusals of wrong forms.
    for caller in callers:
        assert answers[caller.username].statuses.get(200), caller.username
        assert caller.username is None or 401 not in answers[caller.username].statuses, caller.username


def can_be_wrong(operation: APIOperation[Any, Any, Any, Any]) -> bool:
    """Whether there is more to fill in than a name in the path, where every text is a possible one."""
    return bool(list(operation.body) or list(operation.query))


def ask_all(
    operation: APIOperation[Any, Any, Any, Any],
    mode: GenerationMode,
    known: dict[str, list[Any]],
    callers: list[Caller],
    places: Places,
    answers: dict[str | None, Answers],
) -> None:
    """Every caller sends the first example, and who may call the operation the others; every caller the same."""
    sent = 0

    def send(case: Case[Any]) -> None:
        nonlocal sent
        asking = [caller for caller in callers if not sent or caller.may_call(operation.definition.raw)]
        for caller, response in responses(case, asking):
            judge(case, response, answers[caller.username], nothing_is_of_another_village(caller, places))
        sent += 1

    examine(operation, mode, EXAMPLES[mode], known, send)


def responses(case: Case[Any], callers: list[Caller]) -> Iterator[tuple[Caller, Response]]:
    """What each caller is answered: reads are sent side by side, writes one after the other in the same order."""
    if case.method.upper() != "GET":
        yield from ((caller, caller.call(case)) for caller in callers)
        return
    with ThreadPoolExecutor(4) as pool:
        yield from zip(callers, pool.map(lambda caller: caller.call(case), callers), strict=True)
