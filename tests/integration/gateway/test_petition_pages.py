"""Pages of petitions against the petitions service that really listens; without JavaScript, every act a form."""

from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient

from services.petitions.app import create_app
from shared.topology import Service
from tests.integration.gateway.conftest import House, Serve

FILING = {
    "about": "matter",
    "channel": "visit",
    "category": "claim",
    "received_on": "2026-06-01",
    "text": "反映示例单位修路占用田坎，请求重新丈量。",
    "name": "石小满",
    "phone": "16000001234",
}


@pytest.fixture
def clerk(house: House, serve: Serve) -> FlaskClient:
    serve(Service.PETITIONS, create_app())
    return house.log_in("clerk")


def _register(clerk: FlaskClient, **changes: str) -> tuple[str, str]:
    answer = clerk.post("/petitions/new", data={**FILING, "idempotency_key": "key-of-the-form", **changes})
    assert answer.status_code == 200, answer.text
    found = re.findall(r"<dd>([0-9A-Z-]+)", answer.text)
    return found[0], found[1]


def test_a_petition_goes_its_way_by_forms_alone(clerk: FlaskClient, house: House) -> None:
    number, code = _register(clerk)
    assert number in clerk.get("/petitions").text
    page = clerk.get(f"/petitions/{number}").text
    assert "15 日内告知" in page
    assert "受理" in page
    assert "石小满" not in page
    assert "再加一名经办人" in page
    form = clerk.get(f"/petitions/{number}/acts/accept")
    assert "60 日内办理" in form.text
    acts = (
        ("accept", {"notice": "written", "on": "2026-06-08"}),
        ("deliver", {"notice": "written", "result": "supported", "on": "2026-07-01"}),
    )
    for place, (action, values) in enumerate(acts):
        done = clerk.post(f"/petitions/{number}/acts/{action}", data={**values, "idempotency_key": f"key-act-{place}"})
        assert done.status_code == 303, done.text
    visitor = house.client()
    follow = visitor.get("/petitions/progress").text
    token = _token(follow)
    slip = {"number": number, "code": code, "csrf_token": token}
    shown = visitor.post("/petitions/progress", data=slip)
    assert "请您评价" in shown.text
    given = {**slip, "grade": "satisfied", "idempotency_key": "key-of-grade"}
    assert "您的评价：满意" in visitor.post("/petitions/evaluation", data=given).text
    assert (
        clerk.post(
            f"/petitions/{number}/acts/conclude", data={"on": "2026-07-02", "idempotency_key": "key-conclude"}
        ).status_code
        == 303
    )
    page = clerk.get(f"/petitions/{number}").text
    assert "已办结" in page
    assert "再加一名经办人" not in page


def test_nothing_typed_is_lost_when_a_registration_is_refused(clerk: FlaskClient) -> None:
    answer = clerk.post(
        "/petitions/new", data={**FILING, "phone": "12", "about": "matter", "idempotency_key": "key-of-the-form"}
    )
    assert answer.status_code == 422
    assert "电话号码不对" in answer.text
    assert FILING["text"] in answer.text
    assert 'href="#field-phone"' in answer.text


def test_everything_that_is_missing_is_said_at_once_and_what_was_typed_stays(clerk: FlaskClient) -> None:
    given = {"place": "示例水渠边", "phone": "16000001234", "representatives": "石小满", "major": "yes"}
    refused = clerk.post("/petitions/new", data={**given, "idempotency_key": "key-of-the-form"})
    assert refused.status_code == 422
    for field in ("about", "received_on", "channel", "category", "text", "name"):
        assert f'href="#field-{field}"' in refused.text, field
    for value in ("示例水渠边", "16000001234", "石小满"):
        assert value in refused.text
    assert re.search(r'name="major"[^>]*checked', refused.text)
    # Whoever wants to stay unnamed is not asked for a name.
    unnamed = clerk.post("/petitions/new", data={"anonymous": "yes", "idempotency_key": "key-of-the-form"})
    assert 'href="#field-name"' not in unnamed.text


def test_everything_that_is_wrong_is_said_at_once(clerk: FlaskClient) -> None:
    wrong = {
        "text": "路",
        "phone": "12",
        "identity_number": "34",
        "representatives": "石小满 56",
        "received_on": "2999-01-01",
    }
    refused = clerk.post("/petitions/new", data={**FILING, **wrong, "idempotency_key": "key-of-the-form"})
    assert refused.status_code == 422
    for field in ("text", "phone", "identity_number", "representatives", "received_on"):
        assert f'href="#field-{field}"' in refused.text, field


def test_nothing_typed_is_lost_when_an_act_is_refused(clerk: FlaskClient) -> None:
    number, _code = _register(clerk)
    answer = clerk.post(
        f"/petitions/{number}/acts/refuse",
        data={"reason": "县里正在办理同一件事。", "notice": "written", "idempotency_key": "key-refuse"},
    )
    assert answer.status_code == 422
    assert "请填写机关或单位的全称" in answer.text
    assert "县里正在办理同一件事。" in answer.text


def test_a_double_tap_registers_once(clerk: FlaskClient) -> None:
    assert _register(clerk) == _register(clerk)


def test_the_words_are_shown_after_asking_and_the_page_says_that_it_was_logged(clerk: FlaskClient) -> None:
    number, _code = _register(clerk)
    opened = clerk.post(f"/petitions/{number}/words")
    assert "石小满" in opened.text
    assert "已记入日志" in opened.text


def test_an_accusation_is_gone_for_the_clerk_after_the_slip(clerk: FlaskClient) -> None:
    number, _code = _register(clerk, about="official", complained_of="示例单位负责人")
    assert clerk.get(f"/petitions/{number}").status_code == 404
    assert number not in clerk.get("/petitions?tab=all").text
    assert number not in clerk.get("/todo").text


def test_what_waits_stands_on_the_desk_and_opens_the_petition(clerk: FlaskClient) -> None:
    number, _code = _register(clerk)
    desk = clerk.get("/todo").text
    assert f"信访 {number}" in desk
    assert f"/petitions/{number}#acts" in desk


def test_a_wrong_code_gets_a_sentence_and_keeps_the_number(clerk: FlaskClient, house: House) -> None:
    number, _code = _register(clerk)
    visitor = house.client()
    token = _token(visitor.get("/petitions/progress").text)
    answer = visitor.post("/petitions/progress", data={"number": number, "code": "ZZZZZZZZ", "csrf_token": token})
    assert answer.status_code == 404
    assert "编号或查询码不对" in answer.text
    assert number in answer.text


def test_a_village_cadre_finds_no_petitions(clerk: FlaskClient, house: House) -> None:
    cadre = house.log_in("cadre1")
    assert 'href="/petitions"' not in cadre.get("/todo").text
    for path in ("/petitions", "/petitions/new"):
        assert cadre.get(path).status_code == 403


def _token(page: str) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert found is not None
    return found[1]
