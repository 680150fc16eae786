"""Duties over HTTP: who may know who is responsible for what."""

from __future__ import annotations

from typing import Any

from shared.identity import Principal, Role
from shared.models.registry import DutyKind
from tests.fixtures.township import PrincipalOf, SmallTownship
from tests.integration.intake.conftest import Api


def test_an_official_of_a_village_sees_its_duties_and_the_townships_and_no_other_villages(
    api: Api, small_township: SmallTownship, principal_of: PrincipalOf
) -> None:
    own, other = small_township.villages
    cadre, foreign = principal_of(Role.CADRE), other.officials[DutyKind.KEEPER][0]

    def shown(who: Principal, **query: Any) -> set[str]:
        answer = api.call("GET", "/duties", who, query_string={"limit": 100, **query})
        return {each["village"] for each in answer.get_json()["items"]}

    assert shown(cadre) == {own.code, ""}
    assert shown(principal_of(Role.ADMIN)) == shown(principal_of(Role.CLERK)) == {own.code, other.code, ""}
    assert shown(cadre, person_id=foreign) == set()
    assert api.call("GET", "/duties", cadre, query_string={"village": other.code}).status_code == 403
    admin = principal_of(Role.ADMIN)
    (duty,) = api.call("GET", "/duties", admin, query_string={"person_id": foreign}).get_json()["items"]
    assert api.call("GET", f"/duties/{duty['id']}", cadre).status_code == 403
    assert api.call("GET", f"/duties/{duty['id']}", principal_of(Role.CADRE, village=1)).status_code == 200
