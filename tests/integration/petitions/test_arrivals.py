"""Demands that intake hands over: sealed on the way, the highest version kept, the first day of receipt kept."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date

import pytest

from services.petitions.procedure.acts import perform_action
from services.petitions.procedure.transitions import Action
from services.petitions.procedure.values import ActValues
from services.petitions.procedure.words import Notice
from services.petitions.register.openings import open_petition
from services.petitions.register.tasks import open_petition as receive
from shared.database import Database
from shared.identity import Role
from shared.messages.petitions import OpenPetition
from shared.privacy import Unsealable, seal
from shared.topology import Service
from tests.fixtures.township import PrincipalOf, SmallTownship
from tests.integration.petitions.conftest import Api, Rows

WORDS = {
    "petitioner_name": "杨立夏",
    "phone": "16000005678",
    "identity_number": "",
    "text": "退耕还林补助有一年没有到账，请求查明。",
    "place": "示例二组",
    "track_code": "34679ACD",
}


def _sealed(**changes: str) -> str:
    return seal(Service.PETITIONS, json.dumps({**WORDS, **changes}, ensure_ascii=False).encode())


@pytest.fixture
def message(small_township: SmallTownship, database: Database) -> OpenPetition:
    return OpenPetition(
        source=f"intake.demand:{small_township.id}:26048213",
        source_version=1,
        township_id=small_township.id,
        village_id=small_township.villages[0].id,
        received_on=date(2026, 6, 1),
        complains_of_official=False,
        sealed=_sealed(),
    )


def _receive(database: Database, *messages: OpenPetition) -> None:
    for each in messages:
        with database.transaction() as session:
            receive(session, OpenPetition.load(1, each.dump()))


def test_a_demand_becomes_a_petition_with_its_first_day_of_receipt(
    database: Database, message: OpenPetition, principal_of: PrincipalOf, rows: Rows
) -> None:
    _receive(database, message)
    assert rows("SELECT started_on, due_on FROM petitions_clock") in (
        [("2026-06-01", "2026-06-16")],
        [(date(2026, 6, 1), date(2026, 6, 16))],
    )
    with database.transaction() as session:
        opened = open_petition(session, principal_of(Role.CLERK), "2026-0001")
    assert opened.text == WORDS["text"]
    assert opened.petitioner is not None
    assert (opened.petitioner.name, opened.petitioner.phone) == ("杨立夏", "16000005678")


def test_an_older_version_does_nothing_and_a_newer_one_replaces_the_words(
    database: Database, message: OpenPetition, principal_of: PrincipalOf, rows: Rows
) -> None:
    newer = replace(message, source_version=3, sealed=_sealed(text="补助有两年没有到账，请求查明。"))
    older = replace(message, source_version=2, sealed=_sealed(text="这是旧的内容。"))
    _receive(database, message, newer, older)
    assert rows("SELECT count(*), max(source_version) FROM petitions_petition") == [(1, 3)]
    with database.transaction() as session:
        opened = open_petition(session, principal_of(Role.CLERK), "2026-0001")
    assert opened.text == "补助有两年没有到账，请求查明。"
    assert [step.action for step in opened.steps] == ["register", "amend"]


def test_after_acceptance_a_newer_version_is_added_to_the_history_only(
    database: Database, message: OpenPetition, principal_of: PrincipalOf
) -> None:
    clerk = principal_of(Role.CLERK)
    _receive(database, message)
    with database.transaction() as session:
        perform_action(session, clerk, "2026-0001", Action.ACCEPT, ActValues(notice=Notice.SPOT))
    _receive(database, replace(message, source_version=2, sealed=_sealed(text="补充：存折已经找到。")))
    with database.transaction() as session:
        opened = open_petition(session, clerk, "2026-0001")
    assert opened.text == WORDS["text"]
    assert opened.steps[-1].details == {"text": "补充：存折已经找到。"}


def test_intake_is_told_the_state_and_nothing_else(
    database: Database, message: OpenPetition, principal_of: PrincipalOf, rows: Rows
) -> None:
    clerk = principal_of(Role.CLERK)
    _receive(database, message)
    with database.transaction() as session:
        perform_action(session, clerk, "2026-0001", Action.ACCEPT, ActValues(notice=Notice.SPOT))
    told = [
        json.loads(body)
        for (body,) in rows("SELECT body FROM petitions_outbox WHERE name = 'intake.demand_petition_state' ORDER BY id")
    ]
    assert told == [
        {"source": message.source, "source_version": 1, "state": "registered"},
        {"source": message.source, "source_version": 2, "state": "accepted"},
    ]


def test_what_complains_of_an_official_is_a_sealed_draft_and_intake_is_told_nothing(
    api: Api, database: Database, message: OpenPetition, principal_of: PrincipalOf, rows: Rows
) -> None:
    _receive(database, replace(message, village_id=None, complains_of_official=True))
    clerk, officer = principal_of(Role.CLERK), principal_of(Role.DISCIPLINE)
    assert (api.call(clerk, "GET", "/petitions").json or {})["items"] == []
    (item,) = (api.call(officer, "GET", "/petitions").json or {})["items"]
    assert (item["state"], item["category"]) == ("draft", "accusation")
    assert rows("SELECT count(*) FROM petitions_outbox WHERE name = 'intake.demand_petition_state'") == [(0,)]


def test_a_newer_version_that_complains_seals_the_petition(
    api: Api, database: Database, message: OpenPetition, principal_of: PrincipalOf
) -> None:
    _receive(database, message, replace(message, source_version=2, complains_of_official=True))
    clerk, officer = principal_of(Role.CLERK), principal_of(Role.DISCIPLINE)
    assert (api.call(clerk, "GET", "/petitions").json or {})["items"] == []
    assert (api.call(clerk, "GET", "/waiting").json or {})["groups"] == []
    assert len((api.call(officer, "GET", "/petitions").json or {})["items"]) == 1


def test_the_slip_of_the_demand_follows_the_petition(
    api: Api, database: Database, message: OpenPetition, principal_of: PrincipalOf
) -> None:
    _receive(database, message)
    slip = {"number": "26048213", "code": "34679acd"}
    answer = api.call(principal_of(Role.PUBLIC), "POST", "/track", slip)
    assert (answer.json or {})["number"] == "2026-0001"


def test_a_message_that_this_service_can_not_open_changes_nothing(
    database: Database, message: OpenPetition, rows: Rows
) -> None:
    with pytest.raises(Unsealable), database.transaction() as session:
        receive(session, replace(message, sealed=seal(Service.INTAKE, b"{}")))
    assert rows("SELECT count(*) FROM petitions_petition") == [(0,)]
