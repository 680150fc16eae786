"""ETags: an edit is made on what was read."""

from __future__ import annotations

import pytest

from shared.identity import Grant, Principal, Role
from shared.topology import Service
from shared.web import ServiceApp
from tests.fixtures.calls import Call

CADRE = Principal(1, "account:1", grants=(Grant(Role.CADRE, 1),))
PATH = "/api/points/things/1"


def test_a_reader_gets_the_version_and_304_when_it_has_it(service_app: ServiceApp, call: Call) -> None:
    first = call(service_app, Service.POINTS, CADRE, "GET", PATH)
    again = call(service_app, Service.POINTS, CADRE, "GET", PATH, headers={"If-None-Match": first.headers["ETag"]})
    assert first.headers["ETag"] == '"v3"'
    assert again.status_code == 304
    assert again.data == b""


@pytest.mark.parametrize(("header", "status"), [('"v3"', 200), ('"v2"', 412), ('"abc"', 412), ("*", 412), (None, 428)])
def test_an_edit_names_the_version_it_was_made_on(
    service_app: ServiceApp, call: Call, header: str | None, status: int
) -> None:
    headers = {"If-Match": header} if header else {}
    answer = call(service_app, Service.POINTS, CADRE, "PATCH", PATH, json={"name": "b"}, headers=headers)
    assert answer.status_code == status
