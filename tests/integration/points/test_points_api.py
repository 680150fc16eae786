"""The points service over HTTP: recalculations, boards, store and imports, as their pages call them."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import xlsxwriter
from flask.testing import FlaskClient
from sqlalchemy import select

from services.points.app import BLUEPRINTS
from services.points.imports.declaring import declare_import
from services.points.imports.releasing import post_released
from services.points.recalculation.shards import work_shard
from shared.calendar import today
from shared.database import Database
from shared.identity import Principal, Role
from shared.models.points import Shard, ShardState, VillageQuarter
from shared.topology import Service
from shared.web import create_service_app
from tests.fixtures.databases import DatabaseFor
from tests.fixtures.township import PrincipalOf, SmallTownship
from tests.integration.points.scored_township import FIRST_QUARTER, ScoredTownship, build_scored_township

pytestmark = pytest.mark.usefixtures("any_database")
Call = Callable[..., Any]


@pytest.fixture
def database(database_for: DatabaseFor) -> Database:
    return database_for(Service.POINTS)


@pytest.fixture
def scored(database: Database, small_township: SmallTownship) -> ScoredTownship:
    with database.transaction() as session:
        return build_scored_township(session, small_township)


@pytest.fixture
def call(database: Database) -> Call:
    """`call(principal, method, path, json)`: the answer as that person gets it."""
    who: list[Principal] = []
    app = create_service_app(Service.POINTS, BLUEPRINTS, database=database, authenticate=lambda: who[-1])
    client: FlaskClient = app.test_client()
    made = iter(range(10_000))

    def send(principal: Principal, method: str, path: str, json: Any = None, **options: Any) -> Any:
        who.append(principal)
        headers = {"Idempotency-Key": f"key-{next(made):06d}", **options.pop("headers", {})}
        return client.open(f"/api/points{path}", method=method, json=json, headers=headers, **options)

    return send


def work_off(database: Database) -> None:
    while True:
        with database.transaction() as session:
            sent = session.scalars(select(Shard.id).where(Shard.state == ShardState.RUNNING)).all()
            for shard_id in sent:
                work_shard(session, shard_id)
        if not sent:
            return


def test_preview_notices_apply_and_progress_over_http(
    database: Database, scored: ScoredTownship, principal_of: PrincipalOf, call: Call
) -> None:
    admin = principal_of(Role.ADMIN)
    waiting = call(admin, "GET", "/recalculations/waiting").json["villages"]
    assert [(village["held_revision"], village["quarters"]) for village in waiting] == [(1, ["2026Q1", "2026Q2"])] * 2
    assert call(principal_of(Role.CADRE), "POST", "/recalculations", {"mode": "preview"}).status_code == 403
    answers = [
        call(admin, "POST", "/recalculations", {"mode": "preview"}, headers={"Idempotency-Key": "the-same-key"})
        for _ in range(2)
    ]
    first, again = answers
    assert (first.status_code, again.status_code) == (202, 202)
    assert first.json["id"] == again.json["id"]
    assert again.headers["Idempotent-Replayed"] == "true"
    assert first.headers["Location"] == f"/api/points/recalculations/{first.json['id']}"
    work_off(database)
    path = f"/recalculations/{first.json['id']}"
    shown = call(admin, "GET", path).json
    assert (shown["state"], shown["done"], shown["total"], shown["losers"]) == ("done", 2, 2, 2)
    assert (shown["points_up"], shown["points_down"], shown["households"], shown["changed"]) == (
        "48.00",
        "-12.00",
        12,
        50,
    )
    code = scored.township.villages[0].code
    page = call(admin, "GET", f"{path}/differences?village={code}&limit=4").json
    rest = call(admin, "GET", f"{path}/differences?village={code}&limit=4&cursor={page['next_cursor']}").json
    assert [row["change"] for row in page["items"] + rest["items"]] == ["4.00"] * 5 + ["-2.00"]
    assert rest["next_cursor"] is None
    losing = call(admin, "GET", f"{path}/differences?losing=true").json["items"]
    assert {row["change"] for row in losing} == {"-2.00"}
    assert {event["quarter"] for event in losing[0]["events"]} == {"2026Q1", "2026Q2"}
    refused = call(admin, "POST", "/recalculations", {"mode": "apply", "preview": int(first.json["id"])})
    assert (refused.status_code, "告知" in refused.json["detail"]) == (409, True)
    told = call(admin, "POST", f"{path}/notices", {"reason": ""})
    assert (told.status_code, told.json["notices_sent"]) == (200, 2)
    applied = call(admin, "POST", "/recalculations", {"mode": "apply", "preview": int(first.json["id"])}).json
    work_off(database)
    assert call(admin, "GET", f"/recalculations/{applied['id']}").json["changed_since_preview"] == 0
    assert call(admin, "GET", path).json["applied"] == applied["id"]
    runs = call(admin, "GET", "/recalculations?limit=1").json
    assert [run["mode"] for run in runs["items"]] == ["apply"]
    assert (len(runs["items"][0]["villages"]), runs["items"][0]["total"]) == (2, 2)
    assert call(admin, "POST", f"/recalculations/{applied['id']}/cancel").status_code == 409
    assert call(admin, "GET", "/recalculations/waiting").json["villages"] == []


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({"mode": "guess"}, 422, "mode"),
        ({"mode": "preview", "quarters": ["2026"]}, 422, "quarters.0"),
        ({"mode": "preview", "villages": ["1"]}, 422, "villages.0"),
        ({"mode": "preview", "villages": ["999999999999"]}, 404, None),
    ],
)
def test_bad_orders_are_problems_in_words(
    scored: ScoredTownship, principal_of: PrincipalOf, call: Call, body: Any, status: int, field: str | None
) -> None:
    answer = call(principal_of(Role.ADMIN), "POST", "/recalculations", body)
    assert answer.status_code == status
    assert answer.mimetype == "application/problem+json"
    assert field is None or field in answer.json["errors"]


def test_a_quarter_is_published_and_its_board_is_read_by_anyone(
    database: Database, scored: ScoredTownship, principal_of: PrincipalOf, call: Call
) -> None:
    cadre, public, code = principal_of(Role.CADRE), principal_of(Role.PUBLIC), scored.township.villages[0].code
    one = f"/quarters/2026Q1/villages/{code}"
    assert call(cadre, "GET", "/quarters").json["items"][-1]["quarter"] == "2026Q1"
    assert call(cadre, "POST", f"{one}/publish", {}).status_code == 409
    assert call(cadre, "POST", f"{one}/tally").json["state"] == "tallied"
    published = call(cadre, "POST", f"{one}/publish", {"objection_days": 5}).json
    assert (published["state"], published["objections_until"]) == ("published", str(today() + timedelta(days=5)))
    board = call(public, "GET", f"/boards/2026Q1/{code}").json
    assert [row["points"] for row in board["groups"][0]["rows"]] == ["9.00", "18.00", "18.00"]
    assert board["red_list"][0] == {"rank": 1, "name": "吴×满", "group": "1组", "points": "18.00", "gain": None}
    assert [line["quarter"] for line in call(public, "GET", "/boards").json["items"]] == ["2026Q1"]
    assert call(public, "GET", f"/boards/2020Q1/{code}").status_code == 404
    resident = principal_of(Role.RESIDENT, number=0)
    objection = call(resident, "POST", f"{one}/objections", {"text": "少记了"}).json
    answered = call(cadre, "POST", f"/objections/{objection['id']}/answer", {"upheld": False, "answer": "已核对"})
    assert answered.json["state"] == "dismissed"
    with database.transaction() as session:
        row = session.get_one(VillageQuarter, (scored.villages[0], FIRST_QUARTER))
        row.objections_until = today() - timedelta(days=1)
    assert call(cadre, "POST", f"{one}/close").json["state"] == "closed"
    assert call(public, "GET", f"/boards/2026Q1/{code}?edition=1").json["edition"] == 1
    assert len(call(cadre, "GET", f"{one}/objections").json["items"]) == 1


def test_goods_are_stocked_reserved_by_a_resident_and_handed_over_by_the_keeper(
    scored: ScoredTownship, principal_of: PrincipalOf, call: Call
) -> None:
    keeper, resident = principal_of(Role.KEEPER), principal_of(Role.RESIDENT, number=1)
    code = scored.township.villages[0].code
    item = call(
        keeper, "POST", "/items", {"village": code, "code": "PEN", "name": "洗脸盆", "unit": "个", "points": "5.00"}
    ).json
    moved = call(keeper, "POST", "/stock_moves", {"item": int(item["id"]), "kind": "in", "quantity": 3})
    assert (moved.status_code, moved.json["on_hand"]) == (201, 3)
    shelf = call(resident, "GET", f"/items?village={code}").json["items"]
    assert [(line["points"], line["left"]) for line in shelf] == [("5.00", 3)]
    reserved = call(resident, "POST", "/redemptions", {"item": int(item["id"])}).json
    assert (reserved["state"], reserved["points"], len(reserved["code"])) == ("reserved", "5.00", 8)
    found = call(keeper, "GET", f"/redemptions?code={reserved['code'].lower()}").json["items"]
    assert [line["head_name"] for line in found] == ["吴小满"]
    for _ in range(2):
        done = call(keeper, "POST", f"/redemptions/{reserved['id']}/fulfil", {"fetched_by": "吴一一"})
        assert (done.status_code, done.json["state"], done.json["fetched_by"]) == (200, "fulfilled", "吴一一")
    assert call(resident, "POST", f"/redemptions/{reserved['id']}/cancel", {}).status_code == 409
    refunded = call(keeper, "POST", f"/redemptions/{reserved['id']}/refund", {"reason": "坏的"})
    assert refunded.json["state"] == "refunded"
    shown = call(keeper, "GET", f"/items/{item['id']}")
    facts = {"name": "脸盆", "unit": "个", "points": "6.00"}
    assert call(keeper, "PUT", f"/items/{item['id']}", facts).status_code == 428
    edited = call(keeper, "PUT", f"/items/{item['id']}", facts, headers={"If-Match": shown.headers["ETag"]})
    assert (edited.status_code, edited.json["points"]) == (200, "6.00")
    stale = call(keeper, "PUT", f"/items/{item['id']}", facts, headers={"If-Match": shown.headers["ETag"]})
    assert stale.status_code == 412
    moves = call(keeper, "GET", f"/stock_moves?village={code}").json["items"]
    assert [move["kind"] for move in moves] == ["return", "out", "reserve", "in"]


def test_prices_are_set_ahead_listed_and_taken_back_before_their_day(
    scored: ScoredTownship, principal_of: PrincipalOf, call: Call
) -> None:
    keeper = principal_of(Role.KEEPER)
    code, tomorrow = scored.township.villages[0].code, str(today() + timedelta(days=1))
    item = call(
        keeper, "POST", "/items", {"village": code, "code": "PEN", "name": "洗脸盆", "unit": "个", "points": "5.00"}
    ).json
    path, ahead = f"/items/{item['id']}/prices", {"points": "7.00", "effective_from": tomorrow}
    made = [call(keeper, "POST", path, ahead, headers={"Idempotency-Key": "the-same-key"}) for _ in range(2)]
    assert [(each.status_code, each.json) for each in made] == [(201, ahead)] * 2
    listed = call(principal_of(Role.SUPERVISOR), "GET", path).json["items"]
    assert [(line["effective_from"], line["points"]) for line in listed] == [
        (tomorrow, "7.00"), (str(today()), "5.00"),
    ]  # fmt: skip
    facts = {"name": "脸盆", "unit": "个"}
    shown = call(keeper, "GET", f"/items/{item['id']}")
    edited = call(keeper, "PUT", f"/items/{item['id']}", facts, headers={"If-Match": shown.headers["ETag"]}).json
    assert (edited["name"], edited["points"], edited["village"]) == ("脸盆", "5.00", code)
    assert call(principal_of(Role.KEEPER, village=1), "DELETE", f"{path}/{tomorrow}").status_code == 403
    assert call(keeper, "DELETE", f"{path}/{today()}").status_code == 409
    assert call(keeper, "DELETE", f"{path}/{tomorrow}").status_code == 204
    assert call(keeper, "DELETE", f"{path}/{tomorrow}").status_code == 404
    assert call(keeper, "DELETE", f"{path}/soon").status_code == 404


def test_a_keeper_says_when_the_store_is_open_and_anyone_may_read_it(
    scored: ScoredTownship, principal_of: PrincipalOf, call: Call
) -> None:
    keeper, public = principal_of(Role.KEEPER), principal_of(Role.PUBLIC)
    here, there = (f"/opening_days/{village.code}" for village in scored.township.villages)
    assert call(public, "GET", here).json == {"weekdays": []}
    for _ in range(2):
        seen = {"If-Match": call(public, "GET", here).headers["ETag"]}
        assert call(keeper, "PUT", here, {"weekdays": [6, 3, 3]}, headers=seen).json == {"weekdays": [3, 6]}
    seen = {"If-Match": call(public, "GET", here).headers["ETag"]}
    assert call(public, "GET", here).json == {"weekdays": [3, 6]}
    assert call(keeper, "PUT", there, {"weekdays": [1]}, headers=seen).status_code == 403
    assert call(public, "PUT", here, {"weekdays": [1]}, headers=seen).status_code == 401
    assert call(keeper, "PUT", here, {"weekdays": [8]}, headers=seen).status_code == 422
    assert call(public, "GET", "/opening_days/431299009001").status_code == 404


def test_deliveries_are_listed_with_their_losses_and_a_count_books_only_what_differs(
    scored: ScoredTownship, principal_of: PrincipalOf, call: Call
) -> None:
    keeper, supervisor = principal_of(Role.KEEPER), principal_of(Role.SUPERVISOR)
    code = scored.township.villages[0].code
    item = call(
        keeper, "POST", "/items", {"village": code, "code": "PEN", "name": "洗脸盆", "unit": "个", "points": "5.00"}
    ).json
    number, path = int(item["id"]), f"/items/{item['id']}"
    come_in = {"item": number, "kind": "in", "quantity": 9, "source": "donation", "donor": "示例公司"}
    lot = call(keeper, "POST", "/stock_moves", come_in).json["lot"]
    broken = {"item": number, "kind": "damage", "quantity": 2, "reason": "摔坏", "lot": int(lot)}
    assert call(keeper, "POST", "/stock_moves", broken).json["item_name"] == "洗脸盆"
    lots = call(supervisor, "GET", f"{path}/lots").json["items"]
    assert [(line["donor"], line["quantity"], line["written_off"]) for line in lots] == [("示例公司", 9, 2)]
    assert call(supervisor, "POST", "/stock_moves", broken).status_code == 403
    assert call(keeper, "POST", "/stock_moves", {**broken, "kind": "count"}).status_code == 422
    assert call(supervisor, "POST", f"{path}/count", {"counted": 6}).status_code == 422
    for difference in (-1, 0):
        counted = call(supervisor, "POST", f"{path}/count", {"counted": 6, "reason": "少一个"}).json
        assert (counted["difference"], counted["item"]["on_hand"]) == (difference, 6)
    assert call(principal_of(Role.SUPERVISOR, village=1), "GET", f"{path}/lots").status_code == 403
    assert call(principal_of(Role.GRID_MEMBER), "POST", f"{path}/count", {"counted": 6}).status_code == 403


def test_a_workbook_is_uploaded_checked_and_released_over_http(
    database: Database, scored: ScoredTownship, principal_of: PrincipalOf, call: Call
) -> None:
    cadre, second = principal_of(Role.CADRE), principal_of(Role.CADRE, number=1)
    stream = io.BytesIO()
    with xlsxwriter.Workbook(stream) as book:
        page = book.add_worksheet()
        for number, row in enumerate([["户号", "条目", "日期"], [2, "CLEAN", "2026.5.20"], [99, "CLEAN", "2026.5.20"]]):
            page.write_row(number, 0, row)
    upload = {"file": (io.BytesIO(stream.getvalue()), "表.xlsx"), "dry_run": "false"}
    sent = call(cadre, "POST", "/imports", data=upload, content_type="multipart/form-data")
    assert (sent.status_code, sent.json["state"]) == (202, "reading")
    import_id = int(sent.json["id"])
    assert sent.headers["Location"] == f"/api/points/imports/{import_id}"
    with database.transaction() as session:
        declare_import(session, import_id)
    shown = call(second, "GET", f"/imports/{import_id}").json
    assert (shown["total"], shown["new"], shown["wrong"], shown["can_release"]) == (2, 1, 1, True)
    assert shown["errors"][0]["row"] == 3
    assert shown["sample"][0]["rule_code"] == "CLEAN"
    errors = call(cadre, "GET", f"/imports/{import_id}/errors.xlsx")
    assert errors.data.startswith(b"PK")
    assert call(cadre, "POST", f"/imports/{import_id}/release", {}).status_code == 403
    assert call(second, "POST", f"/imports/{import_id}/release", {}).status_code == 202
    with database.transaction() as session:
        post_released(session, import_id)
    assert call(second, "GET", f"/imports/{import_id}").json["state"] == "released"
    assert call(cadre, "GET", "/imports").json["items"][0]["released"] == 1
    code = scored.township.villages[0].code
    exported = call(cadre, "POST", "/exports", {"village": code, "quarter": "2026Q2"})
    assert exported.data.startswith(b"PK")
    assert call(cadre, "GET", "/imports/template.xlsx").data.startswith(b"PK")
    picture = {"file": (io.BytesIO(b"\x89PNG\0"), "图.xlsx")}
    refused = call(cadre, "POST", "/imports", data=picture, content_type="multipart/form-data")
    assert (refused.status_code, "不是 Excel" in refused.json["detail"]) == (422, True)
