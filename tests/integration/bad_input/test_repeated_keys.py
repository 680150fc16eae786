"""The same `Idempotency-Key` again, on every operation that creates: with the same body, with another, and bad keys."""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest
from flask.testing import FlaskClient

from shared.models.registry import DutyKind
from shared.quarters import first_day, quarter_of
from tests.fixtures.workbooks import workbook
from tests.integration.bad_input.conftest import System, assert_problem
from tests.integration.bad_input.test_bad_workbooks import EVENTS, events

# Whole sweeps and processes of their own: in the later part.
pytestmark = pytest.mark.slow

BAD_KEYS = [None, "", "short", "x" * 65]
PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"
ONCE_ONLY = {"code", "temporary_password"}
"""What only the first answer shows."""


@dataclass(frozen=True, slots=True)
class Creation:
    """What someone creates, and another thing that the same form could have carried."""

    username: str
    body: dict[str, Any]
    other: dict[str, Any]
    path: dict[str, Any] | None = None
    file: tuple[bytes, bytes] | None = None

    def send(self, client: FlaskClient, operation: str, key: str | None, *, other: bool = False) -> Any:
        headers = {} if key is None else {"Idempotency-Key": key}
        path = operation.removeprefix("POST ").format(**(self.path or {}))
        body = self.body | (self.other if other else {})
        if self.file is None:
            return client.post(path, json=body, headers=headers)
        content = self.file[1 if other else 0]
        return client.post(path, data={**body, "file": (io.BytesIO(content), "文件.xlsx")}, headers=headers)


def creations(system: System) -> dict[str, Creation]:
    """One for every operation that takes the header."""
    township = system.house.township
    village = township.villages[0]
    household = village.households[0]
    judge = village.officials[DutyKind.JUDGE][0]
    resident = {"name": "石小满", "relation": "子"}
    book = workbook([EVENTS, events().good])
    books = (book, workbook([EVENTS, events().good, events().good]))
    event = {"household": str(household), "rule": "CLEAN", "occurred_on": "2026-05-20"}
    keeper = system.log_in("keeper")
    item = keeper.post(
        "/api/points/items",
        json={"village": village.code, "code": "SOAP", "name": "肥皂", "unit": "块", "points": "0.01"},
        headers={"Idempotency-Key": "an item to be moved"},
    ).get_json()
    keeper.post(
        "/api/points/stock_moves",
        json={"item": item["id"], "kind": "in", "quantity": 9},
        headers={"Idempotency-Key": "goods that can be reserved"},
    )
    petition = {
        "channel": "visit",
        "category": "claim",
        "text": "请求重新丈量。",
        "received_on": "2026-05-20",
        "complains_of_official": False,
    }
    registered = system.log_in("clerk").post(
        "/api/petitions/petitions", json=petition, headers={"Idempotency-Key": "a petition to act on"}
    )
    number = {"number": registered.get_json()["number"]}
    resolution = {"number": "2026-9", "decided_on": "2026-06-30"}
    adoption = {"village": village.code, "effective_from": _next_quarter().isoformat(), "matter": resolution}
    demand = {"village": village.code, "category": "water", "text": "晚上没有水。", "reporter_name": "石小满"}
    group = {"village": village.code, "level": "group", "parent_id": None, "code": "Z8", "name": "八组"}
    return {
        "POST /api/accounts": Creation("admin", {"person_id": str(judge), "username": "pan"}, {"username": "pan2"}),
        "POST /api/intake/demand_categories": Creation(
            "admin", {"code": "bridges", "name": "道路", "limit_days": 5}, {"name": "桥"}
        ),
        "POST /api/intake/demands": Creation("admin", demand, {"text": "白天也没有水。"}),
        "POST /api/intake/duties": Creation(
            "admin", {"person_id": village.heads[0], "kind": "judge", "village": village.code}, {"title": "组长"}
        ),
        "POST /api/intake/grids": Creation("admin", group | {"level": "area", "code": "P8"}, {"name": "九组"}),
        "POST /api/intake/households": Creation(
            "admin",
            {"village": village.code, "group_id": village.groups[0], "residents": [resident | {"relation": "户主"}]},
            {"address": "八号"},
        ),
        "POST /api/intake/households/{household_id}/residents": Creation(
            "admin", resident, {"name": "石大满"}, {"household_id": household}
        ),
        "POST /api/intake/imports": Creation("admin", {"kind": "households_residents"}, {}, file=books),
        "POST /api/intake/kinships": Creation(
            "cadre1", {"household_id": household}, {"household_id": village.households[1]}
        ),
        "POST /api/intake/offices": Creation("admin", {"code": "ROADS", "name": "村建办"}, {"name": "另一个办"}),
        "POST /api/intake/people": Creation("admin", {"name": "石新来"}, {"name": "石又来"}),
        "POST /api/intake/residents": Creation(
            "admin", resident | {"household_id": str(household), "name": "石三满"}, {"name": "石四满"}
        ),
        "POST /api/intake/villages": Creation("admin", {"code": "431299001008", "name": "八村"}, {"name": "九村"}),
        "POST /api/intake/villages/{code}/grids": Creation(
            "admin", {"level": "area", "names": ["七片"]}, {"names": ["六片"]}, {"code": village.code}
        ),
        "POST /api/points/adoptions/scans": Creation("admin", {}, {}, file=(PDF, PDF + b"\n")),
        "POST /api/points/events": Creation("cadre1", event, {"note": "路口"}),
        "POST /api/points/events/batch": Creation("cadre1", {"rows": [event]}, {"rows": [event, event]}),
        "POST /api/points/evidence": Creation("cadre1", {}, {}, file=(PDF, PDF + b"\n")),
        "POST /api/points/imports": Creation("admin", {}, {}, file=books),
        "POST /api/points/items": Creation(
            "keeper",
            {"village": village.code, "code": "PAN", "name": "脸盆", "unit": "个", "points": "2.00"},
            {"points": "3.00"},
        ),
        "POST /api/points/items/{item_id}/prices": Creation(
            "keeper",
            {"points": "4.00", "effective_from": "2199-01-01"},
            {"points": "5.00"},
            {"item_id": item["id"]},
        ),
        "POST /api/points/recalculations": Creation(
            "admin", {"mode": "preview", "quarters": ["2026Q1"]}, {"quarters": ["2026Q2"]}
        ),
        "POST /api/points/redemptions": Creation(
            "keeper", {"household": str(household), "item": item["id"]}, {"quantity": 2}
        ),
        "POST /api/points/rulebooks": Creation("admin", {"title": "第三版"}, {"title": "第四版"}),
        "POST /api/points/quarters/{quarter}/villages/{code}/objections": Creation(
            "cadre1", {"text": "少记了一次。"}, {"text": "少记了两次。"}, _published_board(system)
        ),
        "POST /api/points/rulebooks/{revision}/adoptions": Creation(
            "cadre1", adoption, {"matter": resolution | {"number": "2026-10"}}, {"revision": 2}
        ),
        "POST /api/points/stock_moves": Creation(
            "keeper", {"item": item["id"], "kind": "in", "quantity": 5}, {"quantity": 6}
        ),
        "POST /api/points/verifications": Creation("admin", {}, {"village": village.code}),
        "POST /api/petitions/evaluations": Creation(
            "admin", _delivered_petition(system, petition) | {"grade": "satisfied"}, {"grade": "dissatisfied"}
        ),
        "POST /api/petitions/petitions": Creation("clerk", petition, {"text": "请求再丈量一次。"}),
        "POST /api/petitions/petitions/{number}/actions": Creation(
            "clerk", {"action": "accept", "route": "opinion", "notice": "spot"}, {"reason": "另一个理由"}, number
        ),
    }


def _published_board(system: System) -> dict[str, str]:
    """A quarter of the first village that hears objections."""
    one = {"quarter": "2026Q1", "code": system.house.township.villages[0].code}
    cadre = system.log_in("cadre1")
    for act, body in (("tally", None), ("publish", {"objection_days": 7})):
        answer = cadre.post(f"/api/points/quarters/{one['quarter']}/villages/{one['code']}/{act}", json=body)
        assert answer.status_code == 200, answer.text
    return one


def _delivered_petition(system: System, petition: dict[str, Any]) -> dict[str, str]:
    """Number and code of a petition whose petitioner may say how it went."""
    clerk = system.log_in("clerk")
    made = clerk.post("/api/petitions/petitions", json=petition, headers={"Idempotency-Key": "one to be delivered"})
    slip = {name: made.get_json()[name] for name in ("number", "code")}
    path = f"/api/petitions/petitions/{slip['number']}"
    steps = ({"action": "accept", "route": "opinion"}, {"action": "deliver", "result": "supported"})
    for step in steps:
        headers = {"Idempotency-Key": f"to {step['action']} it", "If-Match": clerk.get(path).headers["ETag"]}
        answer = clerk.post(f"{path}/actions", json=step | {"notice": "written"}, headers=headers)
        assert answer.status_code == 200, answer.text
    return slip


def _next_quarter() -> date:
    return first_day(quarter_of(date.today()) + 1)


def test_every_creation_is_made_once_however_often_its_key_comes(system: System) -> None:
    made = creations(system)
    taking = {
        name
        for name, operation in system.operations().items()
        if any(header.get("name") == "Idempotency-Key" for header in operation.get("parameters", []))
    }
    assert taking == made.keys()
    clients = {name: system.log_in(name) for name in ("admin", "cadre1", "keeper", "clerk")}
    before = system.contents()
    for operation, creation in made.items():
        for bad in BAD_KEYS:
            refused = creation.send(clients[creation.username], operation, bad)
            assert_problem(refused, 400, "Idempotency-Key", "8 到 64 个字符")
    assert system.contents() == before
    firsts = {
        operation: creation.send(clients[creation.username], operation, f"of {operation[-50:]}")
        for operation, creation in made.items()
    }
    after = system.contents()
    for operation, creation in made.items():
        client, key, first = clients[creation.username], f"of {operation[-50:]}", firsts[operation]
        assert first.status_code in {200, 201, 202}, (operation, first.text)
        assert "Idempotent-Replayed" not in first.headers
        again = creation.send(client, operation, key)
        assert (again.status_code, again.headers.get("Idempotent-Replayed")) == (first.status_code, "true"), operation
        assert _lasting(again) == _lasting(first), operation
        assert_problem(creation.send(client, operation, key, other=True), 422, "防重复编号", "刷新页面后重新填写")
    assert system.contents() == after


def _lasting(answer: Any) -> dict[str, Any]:
    body: dict[str, Any] = answer.get_json()
    return {name: value for name, value in body.items() if name not in ONCE_ONLY}
