"""What complains of a cadre or an office is readable nowhere in this service."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest
from sqlalchemy import Engine, inspect, select, text

from services.intake.demands.numbers import code_of
from services.intake.demands.tasks import demand_petition_state
from shared.identity import Role
from shared.messages.intake import DemandPetitionState
from shared.messages.petitions import OpenPetition
from shared.models.intake import Demand, SealedReceipt
from shared.models.plumbing import OUTBOX
from shared.privacy import unseal
from shared.topology import Service
from tests.fixtures.township import PrincipalOf, SmallTownship
from tests.integration.intake.conftest import Api, Report
from tests.integration.intake.test_demand_way import act

WORDS = ("低保名额给了自己的亲戚", "覃秘密", "16000009876")


def everything_stored(engine: Engine) -> str:
    """Every cell of every table, as text; bytes as they lie there."""
    parts = []
    with engine.connect() as connection:
        for table in inspect(engine).get_table_names():
            for row in connection.execute(text(f'SELECT * FROM "{table}"')):
                parts += [cell.decode("utf-8", "replace") if isinstance(cell, bytes) else str(cell) for cell in row]
    return "\n".join(parts)


def complain(api: Api, report: Report, principal_of: PrincipalOf, **options: Any) -> dict[str, Any]:
    text, name, phone = WORDS
    return report(text=text, reporter_name=name, phone=phone, place="村部", complains_of_official=True, **options)


def opened(api: Api) -> tuple[OpenPetition, dict[str, str]]:
    with api.database.reading() as session:
        table = OUTBOX[Service.INTAKE]
        rows = session.scalars(select(table).where(table.name == "petitions.open_petition")).all()
        assert len(rows) == 1
        message = OpenPetition.load(rows[0].version, rows[0].body)
    return message, json.loads(unseal(Service.PETITIONS, message.sealed))


def test_a_complaint_leaves_number_and_date_and_nothing_readable(
    api: Api, report: Report, principal_of: PrincipalOf
) -> None:
    received = complain(api, report, principal_of)
    assert received["is_sealed"] is True
    assert received["id"] == ""
    stored = everything_stored(api.database.engine)
    for word in WORDS:
        assert word not in stored
    with api.database.reading() as session:
        assert session.scalars(select(Demand)).all() == []
        receipt = session.scalars(select(SealedReceipt)).one()
        assert (receipt.number, receipt.received_on.isoformat()) == (received["number"], received["received_on"])
    message, inside = opened(api)
    assert message.complains_of_official
    assert message.village_id is None
    assert inside["text"] == WORDS[0]
    assert inside["petitioner_name"] == WORDS[1]
    assert inside["phone"] == WORDS[2]
    assert inside["place"] == "示例1村，村部"
    assert inside["track_code"] == received["code"]


def test_no_table_tells_which_household_complained(api: Api, report: Report, principal_of: PrincipalOf) -> None:
    """Beside the sender's name in the table of idempotency keys, the number is unreadable."""
    received = report(
        principal_of(Role.RESIDENT), text=WORDS[0], reporter_name=WORDS[1], phone=WORDS[2], complains_of_official=True
    )
    with api.database.engine.connect() as connection:
        for table in inspect(api.database.engine).get_table_names():
            for row in connection.execute(text(f'SELECT * FROM "{table}"')):
                cells = [str(cell) for cell in row]
                if any("household:" in cell for cell in cells):
                    assert not any(received["number"] in cell for cell in cells), table


def test_a_complaint_sent_twice_is_one_and_shows_the_same_code(
    api: Api, report: Report, small_township: SmallTownship, principal_of: PrincipalOf
) -> None:
    body = {
        "village": small_township.villages[0].code, "text": WORDS[0], "reporter_name": WORDS[1],
        "complains_of_official": True,
    }  # fmt: skip
    public = principal_of(Role.PUBLIC)
    first = api.call("POST", "/demands", public, body, key="form-0001")
    second = api.call("POST", "/demands", public, body, key="form-0001")
    assert (first.status_code, second.status_code) == (201, 201)
    assert second.headers["Idempotent-Replayed"] == "true"
    assert first.get_json() == second.get_json()
    opened(api)
    other = api.call("POST", "/demands", public, {**body, "text": "另一件事，请看看。"}, key="form-0001")
    assert other.status_code == 422


def test_following_a_complaint_here_tells_only_that_petitions_have_it(
    api: Api, report: Report, principal_of: PrincipalOf
) -> None:
    received = complain(api, report, principal_of)
    slip = {"number": received["number"], "code": received["code"]}
    followed = api.call("POST", "/demands/follow", principal_of(Role.PUBLIC), slip).get_json()
    assert followed == {"number": received["number"], "is_petition": True, "received_on": received["received_on"]}
    wrong = api.call("POST", "/demands/follow", principal_of(Role.PUBLIC), {**slip, "code": "AAAAAAAA"})
    unknown = api.call("POST", "/demands/follow", principal_of(Role.PUBLIC), {**slip, "number": "26000000"})
    assert (wrong.status_code, unknown.status_code) == (404, 404)
    assert wrong.get_json()["detail"] == unknown.get_json()["detail"]


@pytest.mark.parametrize("about_official", [True, False])
def test_a_conversion_deletes_text_reporter_and_history_here(
    api: Api, report: Report, small_township: SmallTownship, principal_of: PrincipalOf, about_official: bool
) -> None:
    words = ("征地补偿款一直没有到账", "杨补偿", "16000005555")
    received = report(text=words[0], reporter_name=words[1], phone=words[2], place="大田坝")
    with api.database.transaction() as session:
        session.get_one(Demand, int(received["id"])).received_on = date(2026, 11, 2)
    act(api, principal_of(Role.CADRE), received["id"], "assign", office_id=small_township.office)
    act(api, principal_of(Role.HANDLER), received["id"], "send_back", note="征地补偿款要走信访")
    path = f"/demands/{received['id']}/conversion"
    answer = api.call("POST", path, principal_of(Role.CADRE), {"complains_of_official": about_official})
    assert answer.status_code == 200, answer.text
    stored = everything_stored(api.database.engine)
    for word in (*words, "大田坝", "征地补偿款要走信访"):
        assert word not in stored
    message, inside = opened(api)
    assert message.received_on == date(2026, 11, 2)
    assert message.complains_of_official is about_official
    assert (inside["text"], inside["petitioner_name"], inside["phone"]) == words
    assert inside["track_code"] == code_of(small_township.id, received["number"]) == received["code"]
    seen = api.call("GET", f"/demands/{received['id']}", principal_of(Role.CADRE))
    assert seen.status_code == (404 if about_official else 200)


def test_the_end_of_the_petition_closes_the_demand_and_an_older_state_changes_nothing(
    api: Api, report: Report, small_township: SmallTownship, principal_of: PrincipalOf
) -> None:
    received = report()
    path = f"/demands/{received['id']}/conversion"
    api.call("POST", path, principal_of(Role.CLERK), {"complains_of_official": False})
    source = opened(api)[0].source
    for version, state in ((2, "accepted"), (4, "concluded"), (3, "delivered")):
        with api.database.transaction() as session:
            demand_petition_state(session, DemandPetitionState(source, version, state))
    slip = {"number": received["number"], "code": received["code"]}
    followed = api.call("POST", "/demands/follow", principal_of(Role.PUBLIC), slip).get_json()
    assert (followed["state"], followed["petition_state"], followed["is_petition"]) == ("closed", "concluded", True)
    assert followed["allowed"] == []


def test_the_state_of_a_sealed_one_is_not_kept(api: Api, report: Report, principal_of: PrincipalOf) -> None:
    complain(api, report, principal_of)
    source = opened(api)[0].source
    with api.database.transaction() as session:
        demand_petition_state(session, DemandPetitionState(source, 2, "accepted"))
    assert "accepted" not in everything_stored(api.database.engine)
