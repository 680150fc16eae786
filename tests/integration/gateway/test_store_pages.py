"""The keeper's pages against the points service that really listens: goods, prices, stock, redemptions, refunds."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from services.gateway.accounts.passwords import hash_password
from services.intake.app import BLUEPRINTS as INTAKE_BLUEPRINTS
from services.points.app import BLUEPRINTS as POINTS_BLUEPRINTS
from shared.calendar import today
from shared.models.gateway import Account
from shared.models.registry import DutyKind
from shared.topology import Service
from shared.web import create_service_app
from tests.fixtures.databases import DatabaseFor
from tests.integration.gateway.conftest import PASSWORD, PIN, House, Serve
from tests.integration.points.scored_township import build_scored_township

FIELD = re.compile(r'name="(csrf_token|idempotency_key)" value="([^"]+)"')
SOAP = {"name": "洗洁精 1 公斤", "unit": "瓶", "code": "XJJ1", "points": "5", "price_from": str(today())}


@pytest.fixture
def store(house: House, serve: Serve, database_for: DatabaseFor) -> House:
    """The gateway with listening points and intake services, points on every account, and the first village's keeper,
    its supervisor, and the keeper of the second village.
    """
    database = database_for(Service.POINTS)
    with database.transaction() as session:
        build_scored_township(session, house.township, adopt_second=False)
    first, second = house.township.villages
    people = {
        "keeper": first.officials[DutyKind.KEEPER][0],
        "supervisor": first.officials[DutyKind.SUPERVISOR][0],
        "keeper2": second.officials[DutyKind.KEEPER][0],
    }
    with database_for(Service.GATEWAY).transaction() as session:
        for name, person in people.items():
            session.add(
                Account(
                    township_id=house.township.id,
                    person_id=person,
                    username=name,
                    password_hash=hash_password(PASSWORD),
                )
            )
    serve(Service.POINTS, create_service_app(Service.POINTS, POINTS_BLUEPRINTS, database=database))
    intake = database_for(Service.INTAKE)
    serve(Service.INTAKE, create_service_app(Service.INTAKE, INTAKE_BLUEPRINTS, database=intake))
    return house


def send(client: FlaskClient, page: str, status: int = 200, to: str = "", **fields: Any) -> str:
    """Send the form of a page as the page holds it, and give the page that follows."""
    hidden = dict(FIELD.findall(client.get(page).text))
    answer = client.post(to or page, data={**hidden, **fields}, follow_redirects=True)
    assert answer.status_code == status, answer.text
    return answer.text


def add_soap(keeper: FlaskClient, units: int = 10) -> str:
    """Goods with stock; the path of their page."""
    send(keeper, "/store/goods/new", **SOAP)
    found = re.search(r'href="(/store/goods/\d+)"', keeper.get("/store/goods").text)
    assert found
    shown = send(keeper, f"{found[1]}/receive", quantity=str(units), source="purchase", received_on=str(today()))
    assert f"已入库：洗洁精 1 公斤 {units} 瓶" in shown
    return found[1]


def enter_by_card(store: House) -> FlaskClient:
    villager = store.client()
    card = store.township.villages[0].cards[0]
    answer = villager.post("/api/session", json={"card": card, "pin": PIN})
    assert answer.status_code == 201, answer.text
    assert answer.json is not None
    villager.environ_base["HTTP_X_CSRF_TOKEN"] = answer.json["csrf_token"]
    return villager


def test_goods_come_in_are_handed_over_and_brought_back(store: House) -> None:
    keeper, villager = store.log_in("keeper"), enter_by_card(store)
    add_soap(keeper)
    item = re.search(r'name="item" value="(\d+)"', villager.get("/store").text)
    assert item
    assert "占用 5.00 分" in send(villager, "/store", to="/store/reserve", item=item[1])
    waiting = keeper.get("/store/redemptions").text
    fulfil = re.search(r'action="(/store/redemptions/\d+)/fulfil"', waiting)
    assert fulfil, waiting
    assert "已交给" in send(keeper, "/store/redemptions", to=f"{fulfil[1]}/fulfil", back="list")
    assert "办理退货" in keeper.get("/store/redemptions?state=fulfilled").text
    assert "请写明" in send(keeper, f"{fulfil[1]}/refund", 422, reason="")
    back = send(keeper, f"{fulfil[1]}/refund", reason="盖子是坏的")
    assert "洗洁精 1 公斤 已退回货架，退还 石桂花 户 5.00 分" in back
    assert "原因：盖子是坏的" in back
    assert "还能兑换" in keeper.get("/store/goods").text
    kinds = re.findall(r'data-label="做了什么" class="text">(\S+?)<', keeper.get("/store/moves").text)
    assert kinds == ["退货", "领取", "预留", "入库"]


def test_losses_counts_and_prices_are_booked_by_forms(store: House) -> None:
    keeper = store.log_in("keeper")
    item = add_soap(keeper)
    assert "请选是坏了还是过期了" in send(keeper, f"{item}/write-off", 422, quantity="1", reason="摔坏")
    refused = send(keeper, f"{item}/write-off", 422, kind="damage", quantity="11", reason="摔坏")
    assert "不能减少这么多" in refused
    assert "摔坏</textarea>" in refused, "what was typed comes back"
    assert "1 瓶" in send(keeper, f"{item}/write-off", kind="damage", quantity="1", reason="摔坏")
    assert "请写明原因" in send(keeper, f"{item}/count", 422, counted="7", reason="")
    assert "差额 -2 记进流水" in send(keeper, f"{item}/count", counted="7", reason="少两瓶")
    assert "都是 7 瓶" in send(store.log_in("supervisor"), f"{item}/count", counted="7")
    tomorrow = today() + timedelta(days=1)
    assert "今天或以后" in send(
        keeper, f"{item}/price", 422, points="6", effective_from=str(today() - timedelta(days=1))
    )  # fmt: skip
    ahead = send(keeper, f"{item}/price", points="6", effective_from=str(tomorrow))
    assert "还没到" in ahead
    assert "继续用原来的" in send(keeper, item, to=f"{item}/prices/{tomorrow}/withdraw")
    assert "还没到" not in keeper.get(item).text


def test_an_item_is_edited_only_on_its_newest_version(store: House) -> None:
    keeper = store.log_in("keeper")
    item = add_soap(keeper)
    facts = {"name": "洗洁精", "unit": "瓶", "position": "3", "cost": "3.50", "version": "1"}
    shown = send(keeper, f"{item}/edit", **facts)
    assert "已保存“洗洁精”" in shown
    assert "3.50 元" in shown
    assert "已下架" in shown
    assert "已被别人改过" in send(keeper, f"{item}/edit", 422, **facts, on_offer="yes")
    assert "请填多少元" in send(keeper, f"{item}/edit", 422, **{**facts, "cost": "三块五"})


def test_the_same_delivery_sent_twice_is_one(store: House) -> None:
    keeper = store.log_in("keeper")
    item = add_soap(keeper)
    hidden = dict(FIELD.findall(keeper.get(f"{item}/receive").text))
    form = {**hidden, "quantity": "5", "source": "purchase", "received_on": str(today())}
    assert [keeper.post(f"{item}/receive", data=form).status_code for _ in range(2)] == [303, 303]
    assert "账上现有 15 瓶" in keeper.get(f"{item}/receive").text


def test_other_villages_and_roles_keep_out_of_the_store(store: House) -> None:
    item = add_soap(store.log_in("keeper"))
    stranger, supervisor, clerk = store.log_in("keeper2"), store.log_in("supervisor"), store.log_in("clerk")
    assert stranger.get(item).status_code == 403
    code = store.township.villages[0].code
    assert stranger.get(f"/store/goods?village={code}").status_code == 404
    assert "洗洁精" not in stranger.get("/store/goods").text
    assert supervisor.get(item).status_code == 200
    assert supervisor.get(f"{item}/receive").status_code == 403
    assert clerk.get("/store/goods").status_code == 403
    assert store.log_in("cadre1").get(f"{item}/receive").status_code == 200
