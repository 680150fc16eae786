"""The registry filled in without a workbook: grids by their names, people, heads, merged villages, usual categories."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqlalchemy import select

from shared.calendar import today
from shared.identity import Role
from shared.models.plumbing import AUDIT
from shared.models.registry import DutyKind, Household, Person, Resident, Township
from shared.topology import Service
from tests.fixtures.township import PrincipalOf, SmallTownship, act_as, build_township
from tests.integration.intake.conftest import Api

NUMBER, OTHER_NUMBER = "431299196003151017", "431299201206015051"


def audited(api: Api) -> list[str]:
    log: Any = AUDIT[Service.INTAKE]
    with api.database.reading() as session:
        return list(session.scalars(select(log.action)))


def test_grids_are_added_by_their_names_and_codes_are_given_out(
    api: Api, small_township: SmallTownship, principal_of: PrincipalOf
) -> None:
    admin, village = principal_of(Role.ADMIN), small_township.villages[0]
    area = api.call("GET", "/grids", admin, query_string={"village": village.code, "level": "area"}).get_json()
    body = {"level": "group", "parent_id": area["items"][0]["id"], "names": ["3组", "4组"]}
    path = f"/villages/{village.code}/grids"
    made = api.call("POST", path, admin, body, key="grids-00001")
    assert made.status_code == 201, made.text
    assert [(each["code"], each["name"]) for each in made.get_json()["items"][-2:]] == [("Z3", "3组"), ("Z4", "4组")]
    again = api.call("POST", path, admin, body, key="grids-00001")
    assert (again.status_code, again.get_json()) == (201, made.get_json())
    assert audited(api).count("create_grids") == 1
    for names, sentence in ((["5组", "5组"], "写了两次"), (["1组"], "已有叫“1组”的组"), ([" "], "不能是空的")):
        refused = api.call("POST", path, admin, {**body, "names": names})
        assert (refused.status_code, sentence in refused.get_json()["errors"]["names"][0]) == (422, True), refused.text
    assert api.call("POST", path, admin, {**body, "parent_id": None}).get_json()["errors"]["parent_id"]
    assert api.call("POST", path, principal_of(Role.CADRE), body).status_code == 403


def test_a_grid_keeps_a_name_of_its_own_within_its_level(
    api: Api, small_township: SmallTownship, principal_of: PrincipalOf
) -> None:
    admin, group = principal_of(Role.ADMIN), small_township.villages[0].groups[0]
    shown = api.call("GET", f"/grids/{group}", admin)
    assert shown.headers["ETag"] == '"v1"'
    refused = api.call("PATCH", f"/grids/{group}", admin, {"name": "2组"}, version=1)
    assert list(refused.get_json()["errors"]) == ["name"]
    assert api.call("PATCH", f"/grids/{group}", admin, {"name": "老屋组"}, version=1).status_code == 200
    assert api.call("PATCH", f"/grids/{group}", admin, {"name": "新屋组"}, version=1).status_code == 412


def test_a_merged_village_names_the_one_that_goes_on(
    api: Api, small_township: SmallTownship, principal_of: PrincipalOf
) -> None:
    admin = principal_of(Role.ADMIN)
    first, second = (village.code for village in small_township.villages)
    body = {"name": "示例1村", "valid_to": "2026-11-20", "successor": second}
    with api.database.transaction() as session:
        neighbour = build_township(session, "431299002", "邻乡")
    for wrong in (first, neighbour.villages[0].code, "000000000000"):
        refused = api.call("PATCH", f"/villages/{first}", admin, body | {"successor": wrong}, version=1)
        assert list(refused.get_json()["errors"]) == ["successor"]
    assert api.call("PATCH", f"/villages/{first}", admin, body, version=1).get_json()["successor"] == second
    assert [each["code"] for each in api.call("GET", "/villages", admin).get_json()["items"]] == [second]
    every = api.call("GET", "/villages", admin, query_string={"all": "true"}).get_json()["items"]
    assert [(each["code"], each["valid_to"]) for each in every] == [(first, "2026-11-20"), (second, None)]


def test_an_official_is_registered_once_and_found_with_the_duties(
    api: Api, small_township: SmallTownship, principal_of: PrincipalOf
) -> None:
    admin = principal_of(Role.ADMIN)
    body = {"name": "覃 大山", "identity_number": NUMBER, "phone": "16000001234"}
    made = api.call("POST", "/people", admin, body, key="people-0001")
    assert made.status_code == 201, made.text
    person = made.get_json()
    assert (person["name"], person["identity_masked"], person["duties"]) == ("覃大山", "431299********1017", [])
    assert api.call("POST", "/people", admin, body, key="people-0001").get_json()["id"] == person["id"]
    twice = api.call("POST", "/people", admin, body)
    assert (twice.status_code, list(twice.get_json()["errors"])) == (409, ["identity_number"])
    wrong = api.call("POST", "/people", admin, {"name": "1", "identity_number": "1", "phone": "1"})
    assert sorted(wrong.get_json()["errors"]) == ["identity_number", "name", "phone"]
    duty = {"person_id": person["id"], "kind": "handler", "office_id": small_township.office}
    given = api.call("POST", "/duties", admin, duty)
    assert api.call("GET", f"/duties/{given.get_json()['id']}", admin).get_json()["person_name"] == "覃大山"
    found = api.call("GET", "/people", admin, query_string={"query": "qds", "officials": "true"}).get_json()["items"]
    assert [(duty["kind"], duty["office_name"]) for duty in found[0]["duties"]] == [("handler", "平安法治办")]
    assert audited(api).count("register_person") == 1


def test_people_belong_to_their_township_and_to_its_admins(
    api: Api, small_township: SmallTownship, principal_of: PrincipalOf
) -> None:
    with api.database.transaction() as session:
        neighbour = build_township(session, "431299002", "邻乡")
    head = small_township.villages[0].heads[0]
    assert api.call("GET", f"/people/{head}", principal_of(Role.ADMIN)).get_json()["village_name"] == "示例1村"
    stranger = act_as(neighbour, Role.ADMIN)
    assert api.call("GET", f"/people/{head}", stranger).status_code == 404
    assert api.call("PATCH", f"/people/{head}", stranger, {"name": "石一"}, version=1).status_code == 404
    assert api.call("GET", "/people", principal_of(Role.CADRE)).status_code == 403
    names = [
        each["name"] for each in api.call("GET", "/people", stranger, query_string={"limit": 200}).get_json()["items"]
    ]
    assert len(names) == len(small_township.households) * 2 + 20


def test_the_household_of_a_head_shows_a_new_name_at_once(
    api: Api, small_township: SmallTownship, principal_of: PrincipalOf
) -> None:
    admin, village = principal_of(Role.ADMIN), small_township.villages[0]
    changed = api.call("PATCH", f"/people/{village.heads[0]}", admin, {"name": "石桂香"}, version=1)
    assert changed.get_json()["version"] == 2
    assert api.call("PATCH", f"/people/{village.heads[0]}", admin, {"name": "石"}, version=1).status_code == 412
    assert api.call("GET", f"/households/{village.households[0]}", admin).get_json()["head_name"] == "石桂香"


def members(api: Api, household: int, who: Any) -> dict[str, dict[str, Any]]:
    items = api.call("GET", f"/households/{household}/residents", who).get_json()["items"]
    return {each["relation"]: each for each in items}


def test_another_member_becomes_the_head_and_there_is_always_one(
    api: Api, small_township: SmallTownship, principal_of: PrincipalOf
) -> None:
    cadre, household = principal_of(Role.CADRE), small_township.villages[0].households[0]
    before = members(api, household, cadre)
    path, body = f"/households/{household}/head", {"person_id": before["子"]["person_id"], "former_relation": "母"}
    assert api.call("POST", path, principal_of(Role.CADRE, village=1), body, version=1).status_code == 403
    blank = api.call("POST", path, cadre, body | {"former_relation": " "}, version=1)
    assert list(blank.get_json()["errors"]) == ["former_relation"]
    stranger = {**body, "person_id": small_township.villages[0].heads[1]}
    assert api.call("POST", path, cadre, stranger, version=1).status_code == 404
    done = api.call("POST", path, cadre, body, version=1)
    assert done.get_json()["head_name"] == before["子"]["name"], done.text
    after = members(api, household, cadre)
    assert (after["户主"]["name"], after["母"]["name"]) == (before["子"]["name"], before["户主"]["name"])
    assert api.call("POST", path, cadre, body, version=1).status_code == 412
    assert api.call("POST", path, cadre, body, version=2).status_code == 409
    out = f"/households/{household}/residents/{after['母']['person_id']}/move_out"
    assert api.call("POST", out, cadre, {"last_day": "2026-11-24"}).status_code == 200


def test_a_relation_is_corrected_but_the_heads_only_by_its_replacement(
    api: Api, small_township: SmallTownship, principal_of: PrincipalOf
) -> None:
    cadre, household = principal_of(Role.CADRE), small_township.villages[0].households[0]
    before = members(api, household, cadre)
    path = f"/households/{household}/residents/"
    child, head = path + before["子"]["person_id"], path + before["户主"]["person_id"]
    assert api.call("PATCH", child, cadre, {"relation": "女"}, version=1).status_code == 200
    for member, relation, version in ((child, "户主", 2), (head, "父", 1)):
        refused = api.call("PATCH", member, cadre, {"relation": relation}, version=version)
        assert list(refused.get_json()["errors"]) == ["relation"]
    assert sorted(members(api, household, cadre)) == ["女", "户主"]


def test_a_person_who_moved_out_starts_a_household_without_being_registered_again(
    api: Api, small_township: SmallTownship, principal_of: PrincipalOf
) -> None:
    cadre, village = principal_of(Role.CADRE), small_township.villages[0]
    new = {"name": "石小满", "relation": "子", "identity_number": NUMBER}
    added = api.call("POST", f"/households/{village.households[0]}/residents", cadre, new).get_json()["person_id"]

    def start(**change: str) -> Any:
        head = {"name": "石小满", "relation": "户主", "identity_number": NUMBER, **change}
        body = {"village": village.code, "group_id": village.groups[0], "residents": [head]}
        return api.call("POST", "/households", cadre, body)

    field = "residents.0.identity_number"
    assert "石桂花户" in start().get_json()["errors"][field][0]
    out = f"/households/{village.households[0]}/residents/{added}/move_out"
    assert api.call("POST", out, cadre, {"last_day": today().isoformat()}).status_code == 200
    assert "石小满" in start(name="杨小满").get_json()["errors"][field][0]
    made = start()
    assert made.status_code == 201, made.text
    with api.database.reading() as session:
        home = select(Resident.person_id).where(Resident.household_id == int(made.get_json()["id"]))
        assert session.scalars(home).all() == [int(added)]
        same = select(Person).where(Person.township_id == small_township.id, Person.name == "石小满")
        assert len(session.scalars(same).all()) == 1
        assert session.get_one(Household, int(made.get_json()["id"])).number == 7


@pytest.mark.parametrize(
    ("people", "field"),
    [
        ([{"name": "石一", "phone": "12"}], "residents.0.phone"),
        ([{"name": "石一", "identity_number": NUMBER}, {"name": "石二", "identity_number": NUMBER}],
         "residents.1.identity_number"),
        ([{"name": "石一"}, {"name": "石2", "identity_number": OTHER_NUMBER}], "residents.1.name"),
    ],
)  # fmt: skip
def test_what_is_wrong_in_a_new_household_is_said_at_the_member(
    api: Api, small_township: SmallTownship, principal_of: PrincipalOf, people: list[dict[str, str]], field: str
) -> None:
    village = small_township.villages[0]
    residents = [{"relation": "子" if position else "户主", **each} for position, each in enumerate(people)]
    body = {"village": village.code, "group_id": village.groups[0], "residents": residents}
    refused = api.call("POST", "/households", principal_of(Role.CADRE), body)
    assert (refused.status_code, list(refused.get_json()["errors"])) == (422, [field]), refused.text


def test_the_last_admin_can_not_leave_the_township_without_one(
    api: Api, small_township: SmallTownship, principal_of: PrincipalOf
) -> None:
    first, second = (principal_of(Role.ADMIN, number=number) for number in (0, 1))

    def end(person: int | None, who: Any) -> int:
        held = api.call("GET", "/duties", who, query_string={"person_id": person, "kind": DutyKind.ADMIN}).get_json()
        body = {"last_day": today().isoformat()}
        return api.call("POST", f"/duties/{held['items'][0]['id']}/end", who, body, version=1).status_code

    assert end(second.person_id, first) == 200
    assert end(first.person_id, first) == 409


def test_a_township_starts_from_the_usual_categories_and_takes_some_off_its_list(
    api: Api, principal_of: PrincipalOf
) -> None:
    with api.database.transaction() as session:
        neighbour = build_township(session, "431299002", "邻乡")
    admin = act_as(neighbour, Role.ADMIN)
    assert api.call("GET", "/demand_categories", admin).get_json() == []
    assert api.call("POST", "/demand_categories/usual", principal_of(Role.CADRE)).status_code == 403
    taken = api.call("POST", "/demand_categories/usual", admin).get_json()
    assert len(taken) == 12
    assert api.call("POST", "/demand_categories/usual", admin).get_json() == taken
    assert audited(api).count("take_usual_categories") == 1
    off = {name: taken[0][name] for name in ("code", "name", "limit_days", "position")} | {"is_active": False}
    assert api.call("PUT", f"/demand_categories/{taken[0]['id']}", admin, off, version=1).status_code == 200
    assert len(api.call("GET", "/demand_categories", admin, query_string={"all": "true"}).get_json()) == 12
    for who in (admin, act_as(neighbour, Role.PUBLIC)):
        assert len(api.call("GET", "/demand_categories", who).get_json()) == 11
    public = act_as(neighbour, Role.PUBLIC)
    assert len(api.call("GET", "/demand_categories", public, query_string={"all": "true"}).get_json()) == 11


def test_a_township_says_what_its_public_page_shows(api: Api, principal_of: PrincipalOf) -> None:
    admin, public = principal_of(Role.ADMIN), principal_of(Role.PUBLIC)
    before = api.call("GET", "/township", public)
    assert (before.get_json()["name"], before.get_json()["opening_hours"], before.headers["ETag"]) == (
        "示例乡", "", '"v1"',
    )  # fmt: skip
    body = {"name": "示例乡", "phone": "07450000000", "opening_hours": "8:30–17:30", "reception_weekdays": [5, 1, 5]}
    assert api.call("PUT", "/township", principal_of(Role.CADRE), body, version=1).status_code == 403
    assert list(api.call("PUT", "/township", admin, body | {"name": ""}, version=1).get_json()["errors"]) == ["name"]
    assert api.call("PUT", "/township", admin, body | {"reception_weekdays": [8]}, version=1).status_code == 422
    said = api.call("PUT", "/township", admin, body, version=1)
    assert (said.get_json()["reception_weekdays"], said.headers["ETag"]) == ([1, 5], '"v2"')
    assert api.call("PUT", "/township", admin, body, version=1).status_code == 412
    assert api.call("GET", "/township", public).get_json()["opening_hours"] == "8:30–17:30"
    assert audited(api) == ["change_township"]


def test_what_a_township_has_set_otherwise_stays(
    api: Api, small_township: SmallTownship, principal_of: PrincipalOf
) -> None:
    with api.database.transaction() as session:
        neighbour = build_township(session, "431299002", "邻乡")
        session.get_one(Township, small_township.id).settings = '{"grid_levels": {"area": "大片"}}'
    said = api.call("PUT", "/township", principal_of(Role.ADMIN), {"name": "新示例乡"}, version=1)
    assert said.get_json()["name"] == "新示例乡"
    with api.database.reading() as session:
        assert json.loads(session.get_one(Township, small_township.id).settings)["grid_levels"] == {"area": "大片"}
    assert api.call("GET", "/township", act_as(neighbour, Role.ADMIN)).get_json()["name"] == "邻乡"


def test_a_household_that_has_ended_is_found_where_it_is_asked_for(
    api: Api, small_township: SmallTownship, principal_of: PrincipalOf
) -> None:
    cadre, household = principal_of(Role.CADRE), small_township.villages[0].households[0]
    body = {"last_day": today().isoformat()}
    assert api.call("POST", f"/households/{household}/end", cadre, body, version=1).status_code == 200

    def ids(**query: str) -> list[str]:
        found = api.call("GET", "/households", cadre, query_string={"query": "石桂花", **query}).get_json()["items"]
        return [each["id"] for each in found]

    assert ids() == []
    assert ids(ended="true") == [str(household)]


def test_relatives_are_declared_by_oneself_and_withdrawn_only_by_another_admin(
    api: Api, small_township: SmallTownship, principal_of: PrincipalOf
) -> None:
    cadre, other, admin = principal_of(Role.CADRE), principal_of(Role.CADRE, number=1), principal_of(Role.ADMIN)
    household = small_township.villages[1].households[0]
    body = {"household_id": household}
    made = api.call("POST", "/kinships", cadre, body)
    assert made.status_code == 201, made.text
    assert api.call("POST", "/kinships", cadre, body).get_json() == made.get_json(), "again changes nothing"
    declared = api.call("GET", "/kinships", cadre).get_json()["items"]
    assert [(each["household_id"], each["village_name"]) for each in declared] == [(str(household), "示例2村")]
    assert api.call("GET", "/kinships", other).get_json()["items"] == []
    theirs = {"person_id": cadre.person_id}
    assert api.call("GET", "/kinships", other, query_string=theirs).status_code == 403
    assert api.call("POST", "/kinships", other, body | theirs).status_code == 403
    path = f"/kinships/{made.get_json()['id']}"
    assert api.call("DELETE", path, cadre).status_code == 403
    own = api.call("POST", "/kinships", admin, body).get_json()
    assert api.call("DELETE", f"/kinships/{own['id']}", admin).status_code == 403
    assert api.call("DELETE", path, admin).status_code == 204
    assert api.call("GET", "/kinships", admin, query_string=theirs).get_json()["items"] == []
    assert [act for act in audited(api) if act.endswith("kinship")][-1] == "withdraw_kinship"


def test_relatives_of_another_township_do_not_exist(
    api: Api, small_township: SmallTownship, principal_of: PrincipalOf
) -> None:
    with api.database.transaction() as session:
        neighbour = build_township(session, "431299002", "邻乡")
    body = {"household_id": neighbour.villages[0].households[0]}
    assert list(api.call("POST", "/kinships", principal_of(Role.CADRE), body).get_json()["errors"]) == ["household_id"]
    mine = {"household_id": small_township.villages[0].households[0]}
    made = api.call("POST", "/kinships", principal_of(Role.CADRE), mine).get_json()
    stranger = act_as(neighbour, Role.ADMIN)
    assert api.call("DELETE", f"/kinships/{made['id']}", stranger).status_code == 404
    person = {"person_id": principal_of(Role.CADRE).person_id}
    assert api.call("GET", "/kinships", stranger, query_string=person).status_code == 404
