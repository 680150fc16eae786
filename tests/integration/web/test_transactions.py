"""One transaction per request."""

from __future__ import annotations

import pytest

from shared.identity import Grant, Principal, Role
from shared.topology import Service
from shared.web import ServiceApp
from tests.fixtures.calls import Call

PUBLIC = Principal(1)
CADRE = Principal(1, "account:1", person_id=1, grants=(Grant(Role.CADRE, 1),))


def count(app: ServiceApp, call: Call) -> int:
    return int(call(app, Service.POINTS, PUBLIC, "GET", "/api/points/count").json)


def test_what_a_view_writes_is_there_after_its_answer(service_app: ServiceApp, call: Call) -> None:
    assert call(service_app, Service.POINTS, PUBLIC, "POST", "/api/points/answer/201").status_code == 201
    assert count(service_app, call) == 1


@pytest.mark.parametrize("status", [400, 409, 503])
def test_an_answer_with_an_error_keeps_nothing(service_app: ServiceApp, call: Call, status: int) -> None:
    assert call(service_app, Service.POINTS, PUBLIC, "POST", f"/api/points/answer/{status}").status_code == status
    assert count(service_app, call) == 0


def test_a_view_that_raises_keeps_nothing(service_app: ServiceApp, call: Call) -> None:
    refused = call(
        service_app, Service.POINTS, CADRE, "POST", "/api/points/things", json={"name": "refused"}, key="refused-1"
    )
    assert refused.status_code == 409
    assert count(service_app, call) == 0


def test_a_get_can_not_write(service_app: ServiceApp, call: Call) -> None:
    answer = call(service_app, Service.POINTS, PUBLIC, "GET", "/api/points/write_while_reading")
    assert answer.status_code in {500, 503}
    assert count(service_app, call) == 0


def test_a_get_that_is_marked_as_writing_writes(service_app: ServiceApp, call: Call) -> None:
    assert call(service_app, Service.POINTS, PUBLIC, "GET", "/api/points/open").status_code == 200
    assert count(service_app, call) == 1


def test_a_commit_that_fails_is_a_problem_and_not_an_answer(service_app: ServiceApp, call: Call) -> None:
    """The second row violates the primary key when the transaction is flushed for the commit, after the view."""
    call(service_app, Service.POINTS, PUBLIC, "POST", "/api/points/answer/201")
    second = call(service_app, Service.POINTS, PUBLIC, "POST", "/api/points/answer/201")
    assert second.status_code == 409
    assert second.json is not None
    assert second.json["title"] == "现在不能这样办"


def test_connections_are_given_back(service_app: ServiceApp, call: Call) -> None:
    for _ in range(30):
        count(service_app, call)
        call(service_app, Service.POINTS, PUBLIC, "GET", "/api/points/break")
    pool = service_app.database.engine.pool
    assert pool.checkedout() == 0  # type: ignore[attr-defined]
