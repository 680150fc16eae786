"""Declaring with a photo, reviewing it, and taking a declaration back, over the pages."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import update

from services.gateway.accounts.passwords import hash_password
from services.intake.app import BLUEPRINTS as INTAKE_BLUEPRINTS
from services.points.app import BLUEPRINTS as POINTS_BLUEPRINTS
from shared.calendar import today
from shared.models.gateway import Account
from shared.models.points import Evidence, Review, Rule
from shared.models.registry import DutyKind
from shared.topology import Service
from shared.web import create_service_app
from tests.fixtures.databases import DatabaseFor
from tests.integration.gateway.conftest import PASSWORD, House, Serve
from tests.integration.points.scored_township import build_scored_township
from tests.integration.points.test_evidence import photo

FIELD = re.compile(r'name="(csrf_token|idempotency_key)" value="([^"]+)"')


@pytest.fixture
def events(house: House, serve: Serve, database_for: DatabaseFor) -> House:
    """The gateway with listening points and intake services, a grid member's account, and a line that wants proof."""
    database = database_for(Service.POINTS)
    with database.transaction() as session:
        made = build_scored_township(session, house.township, adopt_second=False)
        session.execute(
            update(Rule)
            .where(Rule.code_id == made.codes["CLEAN"])
            .values(evidence=Evidence.PROOF, common=True)
            .execution_options(synchronize_session=False)
        )
    with database_for(Service.GATEWAY).transaction() as session:
        person = house.township.villages[0].officials[DutyKind.GRID_MEMBER][0]
        session.add(
            Account(
                township_id=house.township.id, person_id=person, username="grid", password_hash=hash_password(PASSWORD)
            )
        )
    serve(Service.POINTS, create_service_app(Service.POINTS, POINTS_BLUEPRINTS, database=database))
    intake = database_for(Service.INTAKE)
    serve(Service.INTAKE, create_service_app(Service.INTAKE, INTAKE_BLUEPRINTS, database=intake))
    return house


def declare(client: FlaskClient, household: int, picture: bytes | None = None, status: int = 200, **fields: Any) -> str:
    page = f"/events/declare?household={household}"
    hidden = dict(FIELD.findall(client.get(page).text))
    form = {**hidden, "rule": "CLEAN", "occurred_on": str(today()), "quantity": "1", **fields}
    if picture is not None:
        form["evidence"] = (io.BytesIO(picture), "IMG_1.jpg")
    answer = client.post(page, data=form, content_type="multipart/form-data", follow_redirects=True)
    assert answer.status_code == status, answer.text
    return answer.text


def act(client: FlaskClient, page: str, to: str) -> str:
    hidden = dict(FIELD.findall(client.get(page).text))
    return client.post(to, data=hidden, follow_redirects=True).text


def test_a_photo_goes_with_the_declaration_and_the_second_use_is_shown_to_the_reviewer(events: House) -> None:
    grid, cadre = events.log_in("grid"), events.log_in("cadre1")
    first, second = events.township.villages[0].households[:2]
    assert "要照片、材料或证明人" in grid.get(f"/events/declare?household={first}").text
    refused = declare(grid, first, status=422)
    assert "请附照片或扫描件，或填证明人" in refused
    assert "已申报" in declare(grid, first, photo())
    assert "已申报" in declare(grid, second, photo())
    review = re.findall(r'href="(/events/\d+/review)"', cadre.get("/events").text)
    shown = cadre.get(review[0]).text
    assert "这张照片在另外 1 条记录里也用过" in shown
    assert "石桂花 户（1号）" in shown, "the other event is named"
    source = re.search(r'<img src="([^"]+)"', shown)
    assert source
    picture = cadre.get(source[1])
    assert (picture.status_code, picture.mimetype) == (200, "image/jpeg")


def test_a_photo_that_has_arrived_is_not_asked_for_again(events: House) -> None:
    grid, household = events.log_in("grid"), events.township.villages[0].households[0]
    refused = declare(grid, household, photo(), 422, quantity="很多")
    assert "照片或扫描件已经收到" in refused
    kept = re.search(r'name="evidence_file" value="([0-9a-f]{64})"', refused)
    assert kept
    assert "已申报" in declare(grid, household, evidence_file=kept[1])
    assert "只能上传" in declare(grid, household, b"no picture", 422)


def test_one_takes_back_only_what_one_has_declared_oneself(events: House) -> None:
    grid, cadre = events.log_in("grid"), events.log_in("cadre1")
    first, second = events.township.villages[0].households[:2]
    declare(grid, first, witness="石小满")
    declare(cadre, second, witness="石小满")
    own = re.findall(r'action="(/events/\d+/withdraw)"', grid.get("/events").text)
    assert len(own) == 1
    assert own[0] not in cadre.get("/events").text
    assert "只有申报人本人可以撤回" in act(cadre, "/events", own[0])
    done = act(grid, "/events?state=mine", own[0])
    assert "要改，就重新申报一次" in done
    assert "已撤回" in done
    assert own[0] not in done


def test_what_waits_for_a_reviewer_is_oldest_first_and_never_the_own(events: House) -> None:
    grid, cadre = events.log_in("grid"), events.log_in("cadre1")
    first, second, third = events.township.villages[0].households[:3]
    declare(cadre, first, witness="石小满")
    for household in (third, second):
        declare(grid, household, witness="石小满")
    listed = re.findall(r'href="/events/(\d+)/review"', cadre.get("/todo").text)
    assert len(listed) == 2
    assert listed == sorted(listed, key=int)
    own = re.findall(r'action="/events/(\d+)/withdraw"', cadre.get("/events").text)
    assert set(own).isdisjoint(listed)


def test_after_the_first_of_two_reviews_the_page_says_that_another_one_is_needed(
    events: House, database_for: DatabaseFor
) -> None:
    grid, cadre = events.log_in("grid"), events.log_in("cadre1")
    with database_for(Service.POINTS).transaction() as session:
        session.execute(update(Rule).values(review=Review.DOUBLE).execution_options(synchronize_session=False))
    declare(grid, events.township.villages[0].households[0], witness="石小满")
    review = re.findall(r'href="(/events/\d+/review)"', cadre.get("/events").text)[0]
    hidden = dict(FIELD.findall(cadre.get(review).text))
    said = cadre.post(review, data={**hidden, "decision": "approve"}, follow_redirects=True).text
    assert "等另一个人复审以后才记账" in said


def test_without_a_page_of_common_lines_one_chooses_from_all_of_them(events: House, database_for: DatabaseFor) -> None:
    grid, household = events.log_in("grid"), events.township.villages[0].households[0]
    with database_for(Service.POINTS).transaction() as session:
        session.execute(update(Rule).values(common=False).execution_options(synchronize_session=False))
    refused = declare(grid, household, status=422, rule="")
    assert "（常用）" not in refused
    assert 'href="#field-other_rule"' in refused
    assert "已申报" in declare(grid, household, rule="", other_rule="CLEAN", witness="石小满")
