"""The pages of demands and of the registry, with the intake service really listening."""

from __future__ import annotations

import io
import re
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import update

from services.gateway.accounts.passwords import hash_password
from services.intake.app import BLUEPRINTS
from services.intake.demands.categories import add_usual_categories
from shared.calendar import today
from shared.models.gateway import Account
from shared.models.intake import DemandCategory
from shared.models.registry import DutyKind, Village
from shared.topology import Service
from shared.web import create_service_app
from tests.fixtures.databases import DatabaseFor
from tests.integration.gateway.conftest import PASSWORD, House, Serve
from tests.integration.intake.test_registry_imports import GOOD, work, workbook

FIELD = re.compile(r'name="(csrf_token|idempotency_key)" value="([^"]+)"')


@pytest.fixture
def town(house: House, serve: Serve, database_for: DatabaseFor) -> House:
    """The gateway with a listening intake service, the usual categories, and an account of the office's handler."""
    database = database_for(Service.INTAKE)
    with database.transaction() as session:
        add_usual_categories(session, house.township.id, offices={"water": house.township.office})
        session.flush()
        session.execute(update(DemandCategory).where(DemandCategory.code == "water").values(rule_code="42"))
    with database_for(Service.GATEWAY).transaction() as session:
        handler = house.township.officials[DutyKind.HANDLER][0]
        session.add(
            Account(
                township_id=house.township.id, person_id=handler, username="handler",
                password_hash=hash_password(PASSWORD),
            )
        )  # fmt: skip
    serve(Service.INTAKE, create_service_app(Service.INTAKE, BLUEPRINTS, database=database))
    return house


def post(client: FlaskClient, page: str, to: str, status: int = 200, **fields: Any) -> str:
    """Send a form as the page holds it, and give the page that follows."""
    hidden = dict(FIELD.findall(client.get(page).text))
    answer = client.post(to, data={**hidden, **fields}, follow_redirects=True)
    assert answer.status_code == status, answer.text
    return answer.text


def report(client: FlaskClient, town: House, **changes: str) -> tuple[str, str]:
    village = town.township.villages[0]
    form = {
        "about": "matter", "place": f"{village.code}:{village.groups[0]}", "category": "water",
        "text": "住在高处的几户晚上没有水。", "name": "石桂花", "phone": "16000001234", **changes,
    }  # fmt: skip
    shown = post(client, "/demands/new", "/demands/new", **form)
    number, code = re.findall(r"<dd>([0-9A-Z]{8})", shown)
    return number, code


def test_a_demand_from_the_valley_goes_to_its_end_over_the_pages(town: House) -> None:
    public = town.client()
    number, code = report(public, town)
    cadre, handler = town.log_in("cadre1"), town.log_in("handler")
    todo = cadre.get("/todo").text
    assert "住在高处的几户晚上没有水。" in todo
    path = re.search(r'href="(/demands/\d+)"', todo)
    assert path, todo
    demand = path[1]
    shown = cadre.get(demand).text
    assert f'<option value="{town.township.office}" selected>' in shown, "the category's office is proposed"
    post(cadre, demand, f"{demand}/acts", action="assign", office_id=str(town.township.office))
    assert "接单" in handler.get("/todo").text
    post(handler, demand, f"{demand}/acts", action="take")
    refused = post(handler, demand, f"{demand}/acts", 422, action="answer", public_answer="", private_answer="周三再来")
    assert "请写明办得怎么样" in refused
    assert "周三再来" in refused
    post(handler, demand, f"{demand}/acts", action="answer", public_answer="水管已换。")
    followed = post(public, "/demands/progress", "/demands/progress", number=number, code=code.lower())
    assert "已答复待回访" in followed
    assert "水管已换。" in followed
    done = post(public, "/demands/progress", "/demands/progress/acts", number=number, code=code, action="confirm")
    assert "已办结" in done
    assert "收集 1 件，解决 1 件，其中按时 1 件" in cadre.get("/demands/figures").text
    assert cadre.get("/demands/example").location == demand


def test_nothing_typed_is_lost_when_a_form_is_refused(town: House) -> None:
    shown = post(town.client(), "/demands/new", "/demands/new", 422, text="晚上没有水。", name="石桂花", phone="123")
    assert "请先选这件事是不是反映干部或单位。" in shown
    assert "晚上没有水。" in shown
    assert 'value="石桂花"' in shown
    assert 'value="123"' in shown


def test_a_village_that_is_to_be_merged_later_is_offered_until_then(town: House, database_for: DatabaseFor) -> None:
    village = town.township.villages[0]

    def offered() -> bool:
        return f'value="{village.code}:' in town.client().get("/demands/new").text

    for day, is_offered in ((today() + timedelta(days=30), True), (today() - timedelta(days=1), False)):
        with database_for(Service.INTAKE).transaction() as session:
            session.get_one(Village, village.id).valid_to = day
        assert offered() is is_offered


def test_the_same_form_sent_twice_shows_the_same_number(town: House) -> None:
    public = town.client()
    village = town.township.villages[0]
    hidden = dict(FIELD.findall(public.get("/demands/new").text))
    form = {
        **hidden, "about": "official", "place": f"{village.code}:", "text": "一件事，请看看。", "name": "石桂花",
    }  # fmt: skip
    first, second = public.post("/demands/new", data=form), public.post("/demands/new", data=form)
    assert first.status_code == second.status_code == 200, first.text
    assert re.findall(r"<dd>([0-9A-Z]{8})", first.text) == re.findall(r"<dd>([0-9A-Z]{8})", second.text)
    assert "内容已经加密" in first.text


def test_wrong_codes_are_told_so_in_words(town: House) -> None:
    public = town.client()
    number, _ = report(public, town)
    shown = post(public, "/demands/progress", "/demands/progress", 422, number=number, code="WRONGONE")
    assert "编号或查询码不对" in shown
    assert f'value="{number}"' in shown


def test_a_demand_that_is_a_petition_leaves_the_list(town: House) -> None:
    report(town.client(), town)
    cadre = town.log_in("cadre1")
    path = re.search(r'href="(/demands/\d+)"', cadre.get("/demands").text)
    assert path
    assert "已转给信访办理" in post(cadre, path[1], f"{path[1]}/convert", about="official")
    assert cadre.get(path[1]).status_code == 404


def test_a_village_is_filled_in_from_a_workbook(town: House, database_for: DatabaseFor) -> None:
    cadre = town.log_in("cadre1")
    assert "下载空表" in cadre.get("/registry/imports").text
    assert cadre.get("/registry/templates/households_residents.xlsx").data[:2] == b"PK"
    hidden = dict(FIELD.findall(cadre.get("/registry/imports").text))
    answer = cadre.post(
        "/registry/imports",
        data={**hidden, "kind": "households_residents", "file": (io.BytesIO(workbook(GOOD)), "台账.xlsx")},
    )
    assert answer.status_code == 303, answer.text
    batch = answer.location
    assert "data-progress" in cadre.get(batch).text
    _run(database_for)
    assert "没有错误，可以导入" in cadre.get(batch).text
    post(cadre, batch, f"{batch}/commit")
    _run(database_for)
    assert "已导入" in cadre.get(batch).text
    found = cadre.get("/registry?q=qds").text
    path = re.search(r'href="(/registry/households/\d+)"', found)
    assert path, found
    shown = cadre.get(path[1]).text
    assert "431299********1017" in shown
    person = re.search(r'<option value="(\d+)"', shown)
    assert person
    opened = post(
        cadre, path[1], f"{path[1]}/open", person_id=person[1], secret="identity_number", purpose="办理高龄补贴"
    )  # fmt: skip
    assert "431299196003151017" in opened
    assert "请写明查看的用途" in post(
        cadre, path[1], f"{path[1]}/open", 422, person_id=person[1], secret="identity_number", purpose=""
    )  # fmt: skip
    village = town.township.villages[0]
    exported = cadre.post("/registry/exports", data={**hidden, "village": village.code, "purpose": "入户核对"})
    assert exported.data[:2] == b"PK"
    other = cadre.get("/registry?village=" + town.township.villages[1].code).text
    assert re.findall(r"/registry/households/\d+", other) == []


def _run(database_for: DatabaseFor) -> None:
    class Worker:
        database = database_for(Service.INTAKE)

    work(Worker())  # type: ignore[arg-type]
