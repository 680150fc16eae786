"""意见建议 from any page."""

from __future__ import annotations

from sqlalchemy import func, select

from shared.identity import Role
from shared.models.gateway import Opinion
from shared.topology import Service
from tests.fixtures.databases import DatabaseFor
from tests.unit.pages.conftest import SignIn
from tests.unit.pages.test_reading import token_of


def test_an_opinion_is_kept_once_with_its_contact_encrypted(browser: SignIn, database_for: DatabaseFor) -> None:
    client = browser()
    form = {
        "csrf_token": token_of(client, "/opinions?page=/card"),
        "idempotency_key": "one-and-the-same-form",
        "page": "/card",
        "text": "字太小",
        "contact": "16000000001",
    }
    for _ in range(2):
        assert client.post("/opinions", data=form).status_code == 303
    with database_for(Service.GATEWAY).reading() as session:
        opinion = session.scalars(select(Opinion)).one()
        assert (opinion.page, opinion.text) == ("/card", "字太小")
        assert b"16000000001" not in (opinion.contact_encrypted or b"")


def test_an_empty_opinion_gives_the_form_back_filled_in(browser: SignIn, database_for: DatabaseFor) -> None:
    client = browser()
    form = {"csrf_token": token_of(client, "/opinions"), "text": " ", "contact": "第三组 石桂花"}
    answer = client.post("/opinions", data=form)
    assert answer.status_code == 422
    assert "请先写一句您的意见" in answer.text
    assert "第三组 石桂花" in answer.text
    with database_for(Service.GATEWAY).reading() as session:
        assert session.scalar(select(func.count()).select_from(Opinion)) == 0


def test_an_admin_finds_opinions_among_what_waits_and_answers_them(browser: SignIn) -> None:
    client = browser()
    form = {"csrf_token": token_of(client, "/opinions"), "text": "想看去年的榜"}
    client.post("/opinions", data=form)
    admin = browser(Role.ADMIN)
    assert "想看去年的榜" in admin.get("/todo").text
    answered = admin.post("/opinions/1", data={"csrf_token": token_of(admin, "/opinions/1"), "answer": "已加上"})
    assert answered.status_code == 303
    assert "想看去年的榜" not in admin.get("/todo").text
