"""The registry over HTTP: who finds what, who changes what, and what is opened."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from sqlalchemy import select

from services.intake.households.cards import is_card_number
from services.intake.households.people import NewPerson
from services.intake.households.registration import NewHousehold, NewResident, register_households_bulk
from shared.identity import Grant, Role
from shared.models.plumbing import AUDIT
from shared.models.registry import Grid, GridLevel, Household, Person
from shared.topology import Service
from tests.fixtures.township import PrincipalOf, SmallTownship, act_as, build_township
from tests.integration.intake.conftest import Api


@pytest.fixture
def household(api: Api, small_township: SmallTownship, principal_of: PrincipalOf) -> dict[str, Any]:
    village = small_township.villages[0]
    answer = api.call(
        "POST", "/households", principal_of(Role.CADRE),
        {
            "village": village.code, "group_id": village.groups[0], "address": "一组九号",
            "residents": [
                {
                    "name": "覃大山", "relation": "户主", "identity_number": "431299196003151017",
                    "phone": "160 0000 1234", "care_labels": ["独居"],
                },
                {"name": "吴小妹", "relation": "配偶"},
            ],
        },
    )  # fmt: skip
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.get_json()
    return made


def found(api: Api, who: Any, **query: Any) -> list[str]:
    answer = api.call("GET", "/households", who, query_string=query)
    assert answer.status_code == 200, answer.text
    return [each["head_name"] for each in answer.get_json()["items"]]


@pytest.mark.parametrize("query", ["覃大山", "大山", "qds", "QinDaShan", "吴小妹", "wxm", "1234", "16000001234"])
def test_a_household_is_found_by_anything_that_people_know(
    api: Api, household: dict[str, Any], principal_of: PrincipalOf, query: str
) -> None:
    assert found(api, principal_of(Role.KEEPER), query=query) == ["覃大山"]


def test_a_household_is_found_by_its_card(api: Api, household: dict[str, Any], principal_of: PrincipalOf) -> None:
    assert is_card_number(household["card_number"])
    assert found(api, principal_of(Role.KEEPER), query=household["card_number"]) == ["覃大山"]
    assert found(api, principal_of(Role.KEEPER), query="%") == []


def test_heads_of_household_stand_before_households_found_by_a_members_name_also_over_pages(
    api: Api, household: dict[str, Any], small_township: SmallTownship, principal_of: PrincipalOf
) -> None:
    village, keeper = small_township.villages[0], principal_of(Role.KEEPER)
    for head, member in (("吴小妹花", "龙海"), ("吴小妹", "龙江"), ("覃小路", "吴小妹")):
        people = [{"name": head, "relation": "户主"}, {"name": member, "relation": "配偶"}]
        body = {"village": village.code, "group_id": village.groups[0], "residents": people}
        assert api.call("POST", "/households", principal_of(Role.CADRE), body).status_code == 201
    # Numbers run in the order of registration: 覃大山, whose wife is 吴小妹, would come first.
    nearest_first = ["吴小妹", "吴小妹花", "覃大山", "覃小路"]
    assert found(api, keeper, query="吴小妹") == nearest_first
    assert found(api, keeper, query="wxm") == nearest_first
    assert found(api, keeper, query=str(household["number"]))[0] == "覃大山"
    assert found(api, keeper)[-4:] == ["覃大山", "吴小妹花", "吴小妹", "覃小路"]
    seen: list[str] = []
    cursor: str | None = None
    while len(seen) < len(nearest_first):
        query = {"query": "吴小妹", "limit": 1, "cursor": cursor}
        page = api.call("GET", "/households", keeper, query_string=query).get_json()
        seen += [each["head_name"] for each in page["items"]]
        cursor = page["next_cursor"]
    assert seen == nearest_first
    assert cursor is None


def test_each_role_finds_its_own_households(
    api: Api, household: dict[str, Any], small_township: SmallTownship, principal_of: PrincipalOf
) -> None:
    assert found(api, principal_of(Role.CADRE), query="qds") == ["覃大山"]
    assert found(api, principal_of(Role.CADRE, village=1), query="qds") == []
    assert found(api, principal_of(Role.ADMIN), query="qds") == ["覃大山"]
    with api.database.transaction() as session:
        other = build_township(session, "431299002", "邻乡")
    assert found(api, act_as(other, Role.ADMIN), query="qds") == []
    first, second = small_township.villages[0].groups
    for group, expected in ((first, ["覃大山"]), (second, [])):
        member = replace(
            principal_of(Role.GRID_MEMBER), grants=(Grant(Role.GRID_MEMBER, small_township.villages[0].id, group),)
        )
        assert found(api, member, query="qds") == expected
    assert api.call("GET", "/households", principal_of(Role.RESIDENT)).status_code == 403
    assert api.call("GET", "/households", principal_of(Role.PUBLIC)).status_code == 401


def test_a_resident_sees_the_own_household_and_no_neighbour(
    api: Api, small_township: SmallTownship, principal_of: PrincipalOf
) -> None:
    own, neighbour = small_township.villages[0].households[:2]
    resident = principal_of(Role.RESIDENT)
    assert api.call("GET", f"/households/{own}/residents", resident).status_code == 200
    assert api.call("GET", f"/households/{neighbour}/residents", resident).status_code == 404


def test_masked_values_are_opened_for_a_purpose_that_is_kept(
    api: Api, household: dict[str, Any], principal_of: PrincipalOf
) -> None:
    members = api.call("GET", f"/households/{household['id']}/residents", principal_of(Role.CADRE)).get_json()["items"]
    assert members[0]["identity_masked"].endswith("1017")
    assert members[0]["care_labels"] == ["独居"]
    assert api.call(
        "GET", f"/households/{household['id']}/residents", principal_of(Role.AUDITOR)
    ).get_json()["items"][0]["care_labels"] == []  # fmt: skip
    path = f"/households/{household['id']}/residents/{members[0]['person_id']}/open"
    body = {"secret": "identity_number", "purpose": "办理高龄补贴"}
    assert api.call("POST", path, principal_of(Role.CADRE), body).get_json() == {"value": "431299196003151017"}
    assert api.call("POST", path, principal_of(Role.CADRE, village=1), body).status_code == 403
    assert api.call("POST", path, principal_of(Role.KEEPER), body).status_code == 403
    assert api.call("POST", path, principal_of(Role.CADRE), {**body, "purpose": " "}).status_code == 422
    with api.database.reading() as session:
        audit = AUDIT[Service.INTAKE]
        kept = session.scalars(select(audit).where(audit.action == "open_identity_number")).all()
        assert [(row.purpose, row.subject_id) for row in kept] == [("办理高龄补贴", members[0]["person_id"])]


def test_a_person_is_found_with_the_household_by_those_who_may_look_inside(
    api: Api, household: dict[str, Any], principal_of: PrincipalOf
) -> None:
    page = api.call("GET", "/residents", principal_of(Role.CADRE), query_string={"query": "wxm"}).get_json()
    assert [(each["name"], each["head_name"], each["household_id"]) for each in page["items"]] == [
        ("吴小妹", "覃大山", household["id"])
    ]
    assert api.call("GET", "/residents", principal_of(Role.KEEPER)).status_code == 403
    other = api.call("GET", "/residents", principal_of(Role.CADRE, village=1), query_string={"query": "wxm"})
    assert other.get_json()["items"] == []
    body = {"household_id": household["id"], "name": "覃小妹", "relation": "女", "phone": "16000004321"}
    assert api.call("POST", "/residents", principal_of(Role.CADRE), body).status_code == 201
    assert api.call("POST", "/residents", principal_of(Role.CADRE, village=1), body).status_code == 403
    assert found(api, principal_of(Role.CADRE), query="4321") == ["覃大山"]


def test_numbers_are_encrypted_at_rest(api: Api, household: dict[str, Any]) -> None:
    with api.database.reading() as session:
        person = session.scalars(select(Person).where(Person.name == "覃大山")).one()
    assert person.identity_encrypted is not None
    assert b"431299" not in person.identity_encrypted
    assert person.identity_tail == "1017"


def test_an_edit_names_the_version_that_it_was_made_on(
    api: Api, household: dict[str, Any], small_township: SmallTownship, principal_of: PrincipalOf
) -> None:
    path, cadre = f"/households/{household['id']}", principal_of(Role.CADRE)
    body = {"group_id": small_township.villages[0].groups[1], "address": "二组一号"}
    assert api.call("PATCH", path, cadre, body).status_code == 428
    assert api.call("PATCH", path, cadre, body, version=9).status_code == 412
    changed = api.call("PATCH", path, cadre, body, version=1)
    assert changed.get_json()["group_name"] == "2组"
    assert changed.headers["ETag"] == '"v2"'
    assert api.call("PATCH", path, principal_of(Role.KEEPER), body, version=2).status_code == 403


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"group_id": 99999}, "group_id"),
        ({"card_number": "1234567890"}, "card_number"),
        ({"residents": []}, "residents"),
        ({"residents": [{"name": "石一", "relation": "配偶"}]}, "residents"),
        ({"residents": [{"name": "石一", "relation": "户主", "birth_year": "旧"}]}, "residents.0.birth_year"),
        ({"number": -1}, "number"),
    ],
)
def test_a_household_that_can_not_be_is_refused(
    api: Api, small_township: SmallTownship, principal_of: PrincipalOf, change: dict[str, Any], field: str
) -> None:
    village = small_township.villages[0]
    body = {
        "village": village.code, "group_id": village.groups[0],
        "residents": [{"name": "石一", "relation": "户主"}], **change,
    }  # fmt: skip
    answer = api.call("POST", "/households", principal_of(Role.CADRE), body)
    assert answer.status_code == 422, answer.text
    assert answer.get_json()["errors"][field]


def test_a_duty_ends_and_its_open_work_moves_on(
    api: Api, small_township: SmallTownship, principal_of: PrincipalOf
) -> None:
    admin, cadre, other = principal_of(Role.ADMIN), principal_of(Role.CADRE), principal_of(Role.CADRE, number=1)
    village = small_township.villages[0]
    received = api.call(
        "POST", "/demands", principal_of(Role.PUBLIC),
        {"village": village.code, "category": "water", "text": "晚上没有水。", "reporter_name": "石桂花"},
    ).get_json()  # fmt: skip
    assign = {"action": "assign", "assignee_id": cadre.person_id}
    assert api.call("POST", f"/demands/{received['id']}/acts", cadre, assign).status_code == 200
    duties = api.call(
        "GET", "/duties", admin, query_string={"person_id": cadre.person_id, "village": village.code}
    ).get_json()["items"]  # fmt: skip
    body = {"last_day": "2026-11-24", "successor_id": other.person_id}
    ended = api.call("POST", f"/duties/{duties[0]['id']}/end", admin, body, version=1)
    assert ended.get_json()["demands_moved"] == 1, ended.text
    shown = api.call("GET", f"/demands/{received['id']}", other).get_json()
    assert shown["assignee_id"] == str(other.person_id)


def test_a_duty_names_no_grid_or_office_of_another_township_even_where_it_needs_none(
    api: Api, small_township: SmallTownship, principal_of: PrincipalOf
) -> None:
    with api.database.transaction() as session:
        neighbour = build_township(session, "431299002", "邻乡")
    admin, person = principal_of(Role.ADMIN), small_township.villages[0].heads[0]
    leader = {"person_id": person, "kind": "leader"}
    grids = (neighbour.villages[0].groups[0], small_township.villages[0].groups[0])
    for wrong in ({"office_id": neighbour.office}, *({"grid_id": grid} for grid in grids)):
        answer = api.call("POST", "/duties", admin, leader | wrong)
        assert (answer.status_code, list(answer.get_json()["errors"])) == (422, list(wrong)), answer.text
    assert api.call("POST", "/duties", admin, leader | {"office_id": small_township.office}).status_code == 201


def test_villages_grids_and_offices_are_changed_by_the_admin_only(
    api: Api, small_township: SmallTownship, principal_of: PrincipalOf
) -> None:
    admin, village = principal_of(Role.ADMIN), small_township.villages[0]
    with api.database.reading() as session:
        area = session.scalars(select(Grid).where(Grid.village_id == village.id, Grid.level == GridLevel.AREA)).one()
    grid = {"village": village.code, "level": "group", "code": "Z3", "name": "3组", "parent_id": str(area.id)}
    assert api.call("POST", "/grids", principal_of(Role.CADRE), grid).status_code == 403
    assert api.call("POST", "/grids", admin, grid).status_code == 201
    assert api.call("POST", "/grids", admin, grid).status_code == 409
    assert api.call("POST", "/grids", admin, {**grid, "code": "Z4", "parent_id": None}).status_code == 422
    assert api.call("POST", "/villages", admin, {"code": "12", "name": "村"}).status_code == 422
    new = api.call("POST", "/villages", admin, {"code": "431299001009", "name": "新村"}, key="village-new")
    assert new.status_code == 201
    assert (
        api.call("POST", "/villages", admin, {"code": "431299001009", "name": "新村"}, key="village-new").status_code
        == 201
    )
    office = {"code": "GOV", "name": "党政办", "handles": "公文、会务"}
    assert api.call("POST", "/offices", admin, office).status_code == 201
    names = [each["name"] for each in api.call("GET", "/offices", principal_of(Role.PUBLIC)).get_json()["items"]]
    assert sorted(names) == ["党政办", "平安法治办"]


def test_a_whole_township_is_registered_in_seconds(api: Api, small_township: SmallTownship) -> None:
    village = small_township.villages[0]
    households = [
        NewHousehold(
            village_id=village.id,
            group_id=village.groups[number % 2],
            residents=[
                NewResident(
                    NewPerson(
                        f"石{number}".translate(str.maketrans("0123456789", "零一二三四五六七八九")),
                        phone=f"1600001{number:04d}",
                    ),
                    "户主",
                ),
                *(NewResident(NewPerson("石小满"), "子") for _ in range(4)),
            ],
            valid_from=date(2026, 1, 1),
        )
        for number in range(636)
    ]
    with api.database.transaction() as session:
        started = time.monotonic()
        made = register_households_bulk(session, small_township.id, households)
        seconds = time.monotonic() - started
        assert len({each.household_id for each in made}) == 636
        last = session.get_one(Household, made[-1].household_id)
        assert last.number == 642
        assert session.get_one(Person, made[-1].person_ids[0]).name == last.head_name
    assert seconds < 20
