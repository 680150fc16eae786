"""Edits of what has changed meanwhile, and edits that don't say what they were made on: refused, nothing is changed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from flask.testing import FlaskClient

from shared.models.registry import DutyKind
from tests.integration.bad_input.conftest import System, assert_problem

NOBODYS = '"v987654321"'


@dataclass(frozen=True, slots=True)
class Edit:
    """An edit that would be taken: who makes it, of which record, and what it says."""

    username: str
    values: dict[str, Any]
    json: Any = None
    form: dict[str, str] | None = None

    def send(self, client: FlaskClient, operation: str, headers: dict[str, str]) -> Any:
        method, path = operation.split(" ")
        sent = {"json": self.json} if self.form is None else {"data": self.form}
        return client.open(path.format(**self.values), method=method, headers=headers, **sent)


def prepare(system: System) -> dict[str, Edit]:
    """An edit for every operation that takes `If-Match`."""
    township = system.house.township
    village = township.villages[0]
    household = {"household_id": village.households[0]}
    admin, keeper, clerk = (system.log_in(name) for name in ("admin", "keeper", "clerk"))
    draft = {"revision": _made(admin, "/api/points/rulebooks", title="第三版")["revision"]}
    item = _made(keeper, "/api/points/items", village=village.code, code="PAN", name="脸盆", unit="个", points="2.00")
    category = admin.get("/api/intake/demand_categories").get_json()[0]
    duty = admin.get(f"/api/intake/duties?person_id={village.officials[DutyKind.JUDGE][0]}").get_json()["items"][0]
    demand = _made(
        admin,
        "/api/intake/demands",
        village=village.code,
        category="water",
        text="晚上没有水。",
        reporter_name="石小满",
    )
    petition = _made(
        clerk,
        "/api/petitions/petitions",
        channel="visit",
        category="claim",
        text="请求重新丈量。",
        received_on=date.today().isoformat(),
        complains_of_official=False,
    )
    book = admin.get(f"/api/points/rulebooks/{draft['revision']}").get_json()
    lines = {name: book[name] for name in ("title", "summary", "categories", "rules")}
    person = {"person_id": village.heads[0]}
    return {
        "PUT /api/intake/township": Edit("admin", {}, {"name": "另一个乡"}),
        "PATCH /api/intake/villages/{code}": Edit("admin", {"code": village.code}, {"name": "另一个村"}),
        "PATCH /api/intake/grids/{grid_id}": Edit("admin", {"grid_id": village.groups[0]}, {"name": "另一组"}),
        "PATCH /api/intake/households/{household_id}": Edit("admin", household, {"group_id": village.groups[1]}),
        "POST /api/intake/households/{household_id}/end": Edit("admin", household, {"last_day": "2026-05-01"}),
        "POST /api/intake/households/{household_id}/head": Edit(
            "admin", household, {"person_id": village.heads[0] + 1, "former_relation": "父"}
        ),
        "PATCH /api/intake/households/{household_id}/residents/{person_id}": Edit(
            "admin", household | person, {"name": "石另名"}
        ),
        "PATCH /api/intake/people/{person_id}": Edit(
            "admin", {"person_id": township.officials[DutyKind.CLERK][0]}, {"name": "石另名"}
        ),
        "PUT /api/intake/offices/{office_id}": Edit(
            "admin", {"office_id": township.office}, {"code": "PEACE", "name": "另一个办"}
        ),
        "POST /api/intake/duties/{duty_id}/end": Edit("admin", {"duty_id": duty["id"]}, {"last_day": "2026-05-01"}),
        "PUT /api/intake/demand_categories/{category_id}": Edit(
            "admin", {"category_id": category["id"]}, {"code": category["code"], "name": "另一类", "limit_days": 5}
        ),
        "POST /api/intake/demands/{demand_id}/acts": Edit(
            "admin", {"demand_id": demand["id"]}, {"action": "assign", "office_id": township.office}
        ),
        "PUT /api/points/items/{item_id}": Edit("keeper", {"item_id": item["id"]}, {"name": "盆", "unit": "个"}),
        "PUT /api/points/opening_days/{village}": Edit("keeper", {"village": village.code}, {"weekdays": [3]}),
        "PUT /api/points/rulebooks/{revision}": Edit("admin", draft, lines | {"title": "另一版"}),
        "DELETE /api/points/rulebooks/{revision}": Edit("admin", draft),
        "POST /api/points/rulebooks/{revision}/publish": Edit("admin", draft),
        "POST /api/petitions/petitions/{number}/actions": Edit(
            "clerk", {"number": petition["number"]}, {"action": "accept", "route": "opinion"}
        ),
    }


def test_every_edit_on_an_old_version_is_refused_and_one_on_no_version_too(system: System) -> None:
    operations = {
        name: header["required"]
        for name, operation in system.operations().items()
        for header in operation.get("parameters", [])
        if header.get("name") == "If-Match"
    }
    edits = prepare(system)
    # A workbook's lines are compared first; what they are compared with is tested beside the drafts' imports.
    assert operations.keys() - {"POST /api/points/rulebooks/{revision}/lines"} == edits.keys()
    clients = {name: system.log_in(name) for name in ("admin", "keeper", "clerk")}
    before = system.contents()
    for number, (operation, edit) in enumerate(edits.items()):
        client, key = clients[edit.username], {"Idempotency-Key": f"an old version {number}"}
        stale = edit.send(client, operation, key | {"If-Match": NOBODYS})
        assert stale.status_code == 412, (operation, stale.text)
        assert "改过" in assert_problem(stale, 412, "刷新")["detail"] + stale.get_json()["title"], operation
        assert_problem(edit.send(client, operation, key | {"If-Match": '"another system"'}), 412, "刷新")
        if operations[operation]:
            assert_problem(edit.send(client, operation, key), 428, "最新内容", "If-Match")
    assert system.contents() == before


def test_the_same_edits_are_taken_on_the_version_that_stands(system: System) -> None:
    clients = {name: system.log_in(name) for name in ("admin", "keeper", "clerk")}
    taken = {
        "PUT /api/intake/township": "/api/intake/township",
        "PATCH /api/intake/villages/{code}": "/api/intake/villages/{code}",
        "PUT /api/points/opening_days/{village}": "/api/points/opening_days/{village}",
        "PUT /api/points/items/{item_id}": "/api/points/items/{item_id}",
        "DELETE /api/points/rulebooks/{revision}": "/api/points/rulebooks/{revision}",
    }
    edits = prepare(system)
    for operation, read in taken.items():
        edit = edits[operation]
        client = clients[edit.username]
        seen = client.get(read.format(**edit.values)).headers["ETag"]
        first = edit.send(client, operation, {"If-Match": seen})
        assert first.status_code in {200, 204}, (operation, first.text)
        if first.status_code == 200:
            # Whoever looked at the same version and sends it a little later.
            assert_problem(edit.send(client, operation, {"If-Match": seen}), 412, "刷新")


def _made(client: FlaskClient, path: str, **body: Any) -> dict[str, Any]:
    answer = client.post(path, json=body, headers={"Idempotency-Key": f"made for {path[-40:]}"})
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.get_json()
    return made
