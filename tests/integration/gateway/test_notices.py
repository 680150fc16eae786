"""Notices: the newest version of each, to those it is for."""

from __future__ import annotations

from typing import Any

from services.gateway.notices.tasks import notify
from shared.messages.gateway import Notify
from shared.models.registry import DutyKind
from shared.topology import Service
from tests.fixtures.databases import DatabaseFor
from tests.integration.gateway.conftest import PIN, House


def message(house: House, version: int, **changes: Any) -> Notify:
    cadre = house.township.villages[0].officials[DutyKind.CADRE][0]
    values: dict[str, Any] = {
        "source": "points.event:1",
        "source_version": version,
        "withdrawn": False,
        "township_id": house.township.id,
        "person_ids": [cadre, cadre],
        "household_ids": [house.township.villages[0].households[0]],
        "title": f"第{version}版",
        "text": "有一条积分等您审核。",
        "link": "/events/1",
        "urgent": False,
    }
    return Notify(**{**values, **changes})


def tell(database_for: DatabaseFor, *messages: Notify) -> None:
    for each in messages:
        with database_for(Service.GATEWAY).transaction() as session:
            notify(session, each)


def titles(client: Any, query: str = "") -> list[str]:
    answer = client.get(f"/api/notices{query}")
    assert answer.status_code == 200
    return [item["title"] for item in answer.json["items"]]


def test_person_and_household_get_it_once(house: House, database_for: DatabaseFor) -> None:
    tell(database_for, message(house, 1))
    card = house.client()
    card.post("/api/session", json={"card": house.township.villages[0].cards[0], "pin": PIN})
    assert titles(house.log_in("cadre1")) == ["第1版"]
    assert titles(card) == ["第1版"]
    assert titles(house.log_in("clerk")) == []


def test_an_older_version_that_comes_later_changes_nothing(house: House, database_for: DatabaseFor) -> None:
    tell(database_for, message(house, 2), message(house, 1), message(house, 2, title="重复"))
    assert titles(house.log_in("cadre1")) == ["第2版"]


def test_a_newer_version_is_unread_again(house: House, database_for: DatabaseFor) -> None:
    tell(database_for, message(house, 1))
    client = house.log_in("cadre1")
    notice = client.get("/api/notices").json["items"][0]["id"]  # type: ignore[index]
    assert client.post(f"/api/notices/{notice}/read").status_code == 200
    assert client.post(f"/api/notices/{notice}/read").status_code == 200
    assert titles(client, "?unread=true") == []
    tell(database_for, message(house, 2))
    assert titles(client, "?unread=true") == ["第2版"]
    assert client.post("/api/notices/read").json == {"read": 1}


def test_a_withdrawal_may_come_first(house: House, database_for: DatabaseFor) -> None:
    tell(database_for, message(house, 2, withdrawn=True), message(house, 1))
    assert titles(house.log_in("cadre1")) == []


def test_who_is_no_longer_named_no_longer_has_it(house: House, database_for: DatabaseFor) -> None:
    clerk = house.township.officials[DutyKind.CLERK][0]
    tell(database_for, message(house, 1), message(house, 2, person_ids=[clerk], household_ids=[]))
    assert titles(house.log_in("cadre1")) == []
    assert titles(house.log_in("clerk")) == ["第2版"]


def test_anothers_notice_is_not_there(house: House, database_for: DatabaseFor) -> None:
    tell(database_for, message(house, 1, household_ids=[]))
    notice = house.log_in("cadre1").get("/api/notices").json["items"][0]["id"]  # type: ignore[index]
    assert house.log_in("clerk").post(f"/api/notices/{notice}/read").status_code == 404
