"""An admin deletes the personal data of somebody who has left: who may, why it is refused, and what is left."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from shared.calendar import today
from shared.identity import Role
from shared.messages.retention import FORGET_RESIDENT
from shared.models.plumbing import AUDIT
from shared.models.plumbing_tables import outbox_of
from shared.models.registry import Duty, DutyKind, Person, Resident
from shared.retention import FORGOTTEN
from shared.topology import Service
from tests.fixtures.township import PrincipalOf, SmallTownship, act_as, build_township
from tests.integration.intake.conftest import Api

NUMBER, REASON = "431299196003151017", {"reason": "本人书面申请"}


@pytest.fixture
def person(api: Api, principal_of: PrincipalOf) -> int:
    """Somebody who was registered for a duty, and holds none."""
    body = {"name": "覃大山", "identity_number": NUMBER, "phone": "16000001234"}
    made = api.call("POST", "/people", principal_of(Role.ADMIN), body, key="person-00001").get_json()
    return int(made["id"])


def sent(api: Api) -> list[str]:
    outbox = outbox_of(Service.INTAKE)
    names = [message.name for message in FORGET_RESIDENT.values()]
    with api.database.reading() as session:
        return list(session.scalars(select(outbox.c.name).where(outbox.c.name.in_(names)).order_by(outbox.c.name)))


def test_a_person_is_forgotten_once_and_found_by_nothing(api: Api, person: int, principal_of: PrincipalOf) -> None:
    admin = principal_of(Role.ADMIN)
    assert api.call("GET", f"/people/{person}", admin).get_json()["forgotten_on"] is None
    for _twice in range(2):
        done = api.call("POST", f"/people/{person}/forget", admin, REASON)
        assert done.status_code == 200, done.text
        told = done.get_json()
        assert (told["name"], told["identity_masked"], told["phone_masked"]) == (FORGOTTEN, "", "")
        assert told["forgotten_on"] == today().isoformat()
    for query in ("覃大山", "qds", "qindashan", "1234", FORGOTTEN):
        assert api.call("GET", "/people", admin, query_string={"query": query}).get_json()["items"] == []
    log: Any = AUDIT[Service.INTAKE]
    with api.database.reading() as session:
        row = session.get_one(Person, person)
        assert (row.identity_encrypted, row.identity_index, row.phone_encrypted, row.phone_index) == (None,) * 4
        lines = session.execute(select(log.subject_id, log.purpose).where(log.action == "forget_resident")).all()
        assert [tuple(line) for line in lines] == [(str(person), "本人书面申请")]
    assert sent(api) == ["gateway.forget_resident", "petitions.forget_resident", "points.forget_resident"]
    again = api.call("POST", "/people", admin, {"name": "覃大山", "identity_number": NUMBER}, key="person-00002")
    assert (again.status_code, again.get_json()["id"] == str(person)) == (201, False)


def test_who_lives_or_serves_here_is_not_forgotten(
    api: Api, person: int, small_township: SmallTownship, principal_of: PrincipalOf
) -> None:
    admin, village = principal_of(Role.ADMIN), small_township.villages[0]
    with api.database.transaction() as session:
        kind, day = DutyKind.JUDGE, today() - timedelta(days=9)
        held = {"township_id": small_township.id, "village_id": village.id, "kind": kind, "valid_from": day}
        session.add(Duty(**held, person_id=person))
    for each in (person, village.heads[0]):
        refused = api.call("POST", f"/people/{each}/forget", admin, REASON)
        assert (refused.status_code, "先办迁出" in refused.get_json()["detail"]) == (409, True)
    with api.database.transaction() as session:
        session.execute(update(Duty).where(Duty.person_id == person).values(valid_to=today() - timedelta(days=1)))
        session.execute(update(Resident).where(Resident.person_id == village.heads[0]).values(valid_to=today()))
    assert api.call("POST", f"/people/{village.heads[0]}/forget", admin, REASON).status_code == 409
    assert api.call("POST", f"/people/{person}/forget", admin, REASON).status_code == 200


@pytest.mark.parametrize("body", [{}, {"reason": ""}, {"reason": "  "}, {"reason": 7}, {"reason": "理" * 201}])
def test_the_reason_is_written_down(api: Api, person: int, body: dict[str, object], principal_of: PrincipalOf) -> None:
    refused = api.call("POST", f"/people/{person}/forget", principal_of(Role.ADMIN), body)
    assert (refused.status_code, list(refused.get_json()["errors"])) == (422, ["reason"])
    assert sent(api) == []


def test_only_an_admin_of_the_own_township_forgets(api: Api, person: int, principal_of: PrincipalOf) -> None:
    for role in set(Role) - {Role.ADMIN, Role.PUBLIC, Role.SYSTEM}:
        assert api.call("POST", f"/people/{person}/forget", principal_of(role), REASON).status_code == 403, role
    with api.database.transaction() as session:
        neighbour = build_township(session, "431299002", "邻乡")
    stranger = act_as(neighbour, Role.ADMIN)
    assert api.call("POST", f"/people/{person}/forget", stranger, REASON).status_code == 404
    with api.database.reading() as session:
        assert session.get_one(Person, person).name == "覃大山"


def test_who_is_forgotten_gets_no_name_no_duty_and_no_demand(
    api: Api, person: int, small_township: SmallTownship, principal_of: PrincipalOf
) -> None:
    admin, village = principal_of(Role.ADMIN), small_township.villages[0]
    version = api.call("POST", f"/people/{person}/forget", admin, REASON).get_json()["version"]
    refused = api.call("PATCH", f"/people/{person}", admin, {"name": "覃大山"}, version=version)
    assert (refused.status_code, "已经删除" in refused.get_json()["detail"]) == (409, True)
    duty = {"person_id": person, "kind": "cadre", "village": village.code}
    refused = api.call("POST", "/duties", admin, duty, key="duty-000001")
    assert (refused.status_code, list(refused.get_json()["errors"])) == (422, ["person_id"])
