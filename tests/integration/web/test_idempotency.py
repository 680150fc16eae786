"""The same POST twice makes one thing, whatever goes on at the same time."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select

from shared.identity import Grant, Principal, Role
from shared.models.plumbing import IDEMPOTENCY
from shared.topology import Service
from shared.web import ServiceApp
from tests.fixtures.calls import Call

CADRE = Principal(1, "account:1", person_id=1, grants=(Grant(Role.CADRE, 1),))
KEY = "0f8fad5b-d9cb-469f"
PATH = "/api/points/things"


def test_a_repeated_post_answers_with_the_same_thing(service_app: ServiceApp, call: Call) -> None:
    first = call(service_app, Service.POINTS, CADRE, "POST", PATH, json={"name": "a", "size": 2}, key=KEY)
    again = call(service_app, Service.POINTS, CADRE, "POST", PATH, json={"size": 2, "name": "a"}, key=KEY)
    assert first.status_code == again.status_code == 201
    assert first.json == again.json
    assert "Idempotent-Replayed" not in first.headers
    assert again.headers["Idempotent-Replayed"] == "true"
    assert count(service_app, call) == 1


def test_a_replay_shows_what_the_thing_is_now(service_app: ServiceApp, call: Call) -> None:
    call(service_app, Service.POINTS, CADRE, "POST", PATH, json={"name": "a"}, key=KEY)
    from tests.integration.web.conftest import POINTS_FILES

    with service_app.database.transaction() as session:
        session.scalars(select(POINTS_FILES)).one().size = 5
    again = call(service_app, Service.POINTS, CADRE, "POST", PATH, json={"name": "a"}, key=KEY)
    assert again.json is not None
    assert again.json["size"] == 5


def test_another_body_under_the_same_key_is_refused(service_app: ServiceApp, call: Call) -> None:
    call(service_app, Service.POINTS, CADRE, "POST", PATH, json={"name": "a"}, key=KEY)
    other = call(service_app, Service.POINTS, CADRE, "POST", PATH, json={"name": "b"}, key=KEY)
    assert other.status_code == 422
    assert other.json is not None
    assert "防重复编号" in other.json["detail"]


def test_a_failure_is_not_stored(service_app: ServiceApp, call: Call) -> None:
    refused = call(service_app, Service.POINTS, CADRE, "POST", PATH, json={"name": "refused"}, key=KEY)
    mended = call(service_app, Service.POINTS, CADRE, "POST", PATH, json={"name": "mended"}, key=KEY)
    assert (refused.status_code, mended.status_code) == (409, 201)


def test_keys_of_two_people_are_two_keys(service_app: ServiceApp, call: Call) -> None:
    other = Principal(1, "account:2", person_id=2, grants=(Grant(Role.CADRE, 1),))
    assert call(service_app, Service.POINTS, CADRE, "POST", PATH, json={"name": "a"}, key=KEY).status_code == 201
    assert call(service_app, Service.POINTS, other, "POST", PATH, json={"name": "b"}, key=KEY).status_code == 201


def test_rights_are_checked_on_a_replay(service_app: ServiceApp, call: Call) -> None:
    hidden = Principal(1, "account:1", person_id=13, grants=(Grant(Role.CADRE, 1),))
    former = Principal(1, "account:1", person_id=1, grants=(Grant(Role.RESIDENT, 1),))
    call(service_app, Service.POINTS, CADRE, "POST", PATH, json={"name": "a"}, key=KEY)
    assert call(service_app, Service.POINTS, hidden, "POST", PATH, json={"name": "a"}, key=KEY).status_code == 404
    assert call(service_app, Service.POINTS, former, "POST", PATH, json={"name": "a"}, key=KEY).status_code == 403


@pytest.mark.parametrize("key", [None, "short", "x" * 65, "with\x00null"])
def test_a_post_without_a_proper_key_is_refused(service_app: ServiceApp, call: Call, key: str | None) -> None:
    answer = call(service_app, Service.POINTS, CADRE, "POST", PATH, json={"name": "a"}, key=key)
    assert answer.status_code == 400
    assert answer.json is not None
    assert "Idempotency-Key" in answer.json["detail"]


def test_the_row_holds_the_status_and_the_id(service_app: ServiceApp, call: Call) -> None:
    call(service_app, Service.POINTS, CADRE, "POST", PATH, json={"name": "a"}, key=KEY)
    with service_app.database.reading() as session:
        row = session.scalars(select(IDEMPOTENCY[Service.POINTS])).one()
    assert (row.status, row.resource_id, row.route) == (201, "a".rjust(64, "0"), f"POST {PATH}")


def test_twins_at_the_same_moment_make_one_thing(service_app: ServiceApp, call: Call) -> None:
    together = threading.Barrier(8)

    def post(_number: int) -> tuple[int, bool]:
        together.wait()
        answer = call(service_app, Service.POINTS, CADRE, "POST", PATH, json={"name": "twin"}, key=KEY)
        return answer.status_code, "Idempotent-Replayed" in answer.headers

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(post, range(8)))
    assert [status for status, _ in answers] == [201] * 8
    assert sum(not replayed for _, replayed in answers) == 1
    assert count(service_app, call) == 1
    with service_app.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(IDEMPOTENCY[Service.POINTS])) == 1


def count(app: ServiceApp, call: Call) -> int:
    return int(call(app, Service.POINTS, Principal(1), "GET", "/api/points/count").json)
