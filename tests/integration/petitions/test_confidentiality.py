"""Accusations exist for discipline officers only, and for nobody who is complained of. What is said lies encrypted."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select

from shared.database import Database
from shared.identity import Grant, Principal, Role
from shared.models.registry import DutyKind, Person
from tests.fixtures.township import PrincipalOf, SmallTownship
from tests.integration.petitions.conftest import TEXT, Api, Rows

EVERYBODY_ELSE = (Role.CLERK, Role.LEADER, Role.ADMIN, Role.AUDITOR, Role.HANDLER)
ACCUSES = {"complains_of_official": True, "complained_of": "示例单位负责人", "text": "反映示例单位负责人收了好处。"}


def _accuse(api: Api, clerk: Principal, **changes: object) -> dict[str, str]:
    return api.register(clerk, **{**ACCUSES, **changes})


@pytest.mark.parametrize("role", EVERYBODY_ELSE)
def test_an_accusation_is_in_no_list_no_count_and_no_error_of_anybody_else(
    api: Api, principal_of: PrincipalOf, role: Role
) -> None:
    clerk, someone = principal_of(Role.CLERK), principal_of(role)
    number = _accuse(api, clerk)["number"]
    assert api.call(someone, "GET", "/petitions?only_open=false").json == {"items": [], "next_cursor": None}
    assert api.call(someone, "GET", "/waiting").json == {"groups": []}
    missing = api.call(someone, "GET", "/petitions/2026-ZZZZZZ")
    for method, path, body in (
        ("GET", f"/petitions/{number}", None),
        ("GET", f"/petitions/{number}/clocks", None),
        ("POST", f"/petitions/{number}/openings", {"purpose": "audit"}),
        ("POST", f"/petitions/{number}/codes", {}),
        ("POST", f"/petitions/{number}/recusals", {}),
    ):
        answer = api.call(someone, method, path, body)
        assert answer.status_code == 404
        assert (answer.json or {})["detail"] == (missing.json or {})["detail"]


@pytest.mark.parametrize("role", [Role.CLERK, Role.LEADER])
def test_acting_on_an_accusation_is_the_same_as_acting_on_a_missing_one(
    api: Api, principal_of: PrincipalOf, role: Role
) -> None:
    number = _accuse(api, principal_of(Role.CLERK))["number"]
    someone = principal_of(role)
    details = set()
    for each in (number, "2026-ZZZZZZ"):
        answer = api.act(someone, each, "accept", notice="spot")
        assert answer.status_code == 404
        details.add((answer.json or {})["detail"])
        answer = api.call(someone, "POST", f"/petitions/{each}/assignments", {"person_id": someone.person_id})
        assert answer.status_code == 404
        details.add((answer.json or {})["detail"])
    assert len(details) == 1


def test_accusations_are_not_counted(api: Api, principal_of: PrincipalOf) -> None:
    clerk = principal_of(Role.CLERK)
    _accuse(api, clerk)
    for role in (Role.CLERK, Role.LEADER, Role.ADMIN, Role.AUDITOR):
        rates = api.call(principal_of(role), "GET", "/rates?first=2026-01-01&last=2026-12-31").json
        assert (rates or {})["received"] == 0


def test_no_gap_in_the_numbers_betrays_an_accusation(api: Api, principal_of: PrincipalOf) -> None:
    clerk = principal_of(Role.CLERK)
    numbers = [api.register(clerk)["number"]]
    sealed = _accuse(api, clerk)["number"]
    numbers.append(api.register(clerk)["number"])
    assert numbers == ["2026-0001", "2026-0002"]
    assert sealed.startswith("2026-")
    assert sealed[5:].isalpha()


def test_merging_into_an_accusation_is_the_same_as_into_a_missing_number(api: Api, principal_of: PrincipalOf) -> None:
    clerk = principal_of(Role.CLERK)
    sealed, own = _accuse(api, clerk)["number"], api.register(clerk)["number"]
    answers = [api.act(clerk, own, "merge", merged_into=each, notice="spot") for each in (sealed, "2026-ZZZZZZ")]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert len({(answer.json or {})["detail"] for answer in answers}) == 1


def test_a_repeated_petitioner_is_not_proposed_from_an_accusation(api: Api, principal_of: PrincipalOf) -> None:
    clerk = principal_of(Role.CLERK)
    _accuse(api, clerk)
    number = api.register(clerk)["number"]
    assert (api.call(clerk, "GET", f"/petitions/{number}").json or {})["repeats"] == []


def test_the_discipline_officer_has_it_and_takes_it_through(api: Api, principal_of: PrincipalOf) -> None:
    officer = principal_of(Role.DISCIPLINE)
    number = _accuse(api, principal_of(Role.CLERK))["number"]
    found = (api.call(officer, "GET", "/petitions").json or {})["items"]
    assert [(item["number"], item["state"]) for item in found] == [(number, "draft")]
    opened = api.call(officer, "POST", f"/petitions/{number}/openings", {}).json or {}
    assert opened["text"] == ACCUSES["text"]
    assert opened["complained_of"] == ACCUSES["complained_of"]
    assert api.act(officer, number, "confirm_accusation").status_code == 200
    assert api.act(officer, number, "accept", notice="written").status_code == 200
    clocks = (api.call(officer, "GET", f"/petitions/{number}/clocks").json or {})["clocks"]
    assert [clock["kind"] for clock in clocks] == ["notice"]


def test_the_discipline_officer_sees_no_open_petition(api: Api, principal_of: PrincipalOf) -> None:
    number = api.register(principal_of(Role.CLERK))["number"]
    assert api.call(principal_of(Role.DISCIPLINE), "GET", f"/petitions/{number}").status_code == 404


def test_one_about_a_leader_is_registered_and_reported_up_and_nothing_more(api: Api, principal_of: PrincipalOf) -> None:
    officer = principal_of(Role.DISCIPLINE)
    number = _accuse(api, principal_of(Role.CLERK))["number"]
    assert api.act(officer, number, "report_up", body="县纪委监委").status_code == 200
    assert (api.call(officer, "GET", f"/petitions/{number}").json or {})["possible"] == []


def test_a_draft_that_accuses_nobody_goes_to_the_clerk_with_its_first_day(api: Api, principal_of: PrincipalOf) -> None:
    clerk, officer = principal_of(Role.CLERK), principal_of(Role.DISCIPLINE)
    number = _accuse(api, clerk)["number"]
    assert api.act(officer, number, "hand_over", category="claim").status_code == 200
    assert api.call(officer, "GET", f"/petitions/{number}").status_code == 404
    detail = api.call(clerk, "GET", f"/petitions/{number}").json or {}
    assert detail["petition"]["received_on"] == "2026-06-01"
    assert detail["assigned"]


def test_what_the_clerk_seals_is_gone_for_the_clerk(api: Api, principal_of: PrincipalOf) -> None:
    clerk, officer = principal_of(Role.CLERK), principal_of(Role.DISCIPLINE)
    number = api.register(clerk)["number"]
    assert api.act(clerk, number, "seal").status_code == 200
    assert api.call(clerk, "GET", f"/petitions/{number}").status_code == 404
    assert api.call(officer, "GET", f"/petitions/{number}").status_code == 200


def test_the_accused_never_sees_it_whatever_duty_they_hold(
    api: Api, principal_of: PrincipalOf, small_township: SmallTownship, database: Database
) -> None:
    officer = principal_of(Role.DISCIPLINE)
    with database.reading() as session:
        name = session.scalar(select(Person.name).where(Person.id == officer.person_id))
    number = _accuse(api, principal_of(Role.CLERK), complained_of=f"纪检干部{name}")["number"]
    assert api.call(officer, "GET", f"/petitions/{number}").status_code == 404
    assert api.call(officer, "GET", "/waiting").json == {"groups": []}
    colleague = Principal(
        officer.township_id,
        "person:colleague",
        person_id=small_township.officials[DutyKind.ADMIN][0],
        grants=officer.grants,
    )
    assert api.call(colleague, "GET", f"/petitions/{number}").status_code == 200


def test_the_accused_named_in_the_text_only_does_not_see_it(
    api: Api, principal_of: PrincipalOf, database: Database
) -> None:
    officer = principal_of(Role.DISCIPLINE)
    with database.reading() as session:
        name = session.scalar(select(Person.name).where(Person.id == officer.person_id))
    number = _accuse(api, principal_of(Role.CLERK), complained_of="", text=f"反映{name}收了好处。")["number"]
    assert api.call(officer, "GET", f"/petitions/{number}").status_code == 404


def test_the_office_that_is_complained_of_does_not_know_and_is_never_assigned(
    api: Api, principal_of: PrincipalOf
) -> None:
    clerk, handler = principal_of(Role.CLERK), principal_of(Role.HANDLER)
    number = api.register(clerk, complained_of="平安法治办")["number"]
    answer = api.call(clerk, "POST", f"/petitions/{number}/assignments", {"person_id": handler.person_id})
    assert answer.status_code == 422
    assert "被反映" in (answer.json or {})["detail"]
    both = replace(handler, grants=(*handler.grants, Grant(Role.AUDITOR)))
    assert api.call(both, "GET", f"/petitions/{number}").status_code == 404
    assert api.call(both, "GET", "/petitions").json == {"items": [], "next_cursor": None}


def test_an_accusation_is_assigned_to_discipline_officers_only(
    api: Api, principal_of: PrincipalOf, small_township: SmallTownship
) -> None:
    officer = principal_of(Role.DISCIPLINE)
    number = _accuse(api, principal_of(Role.CLERK))["number"]
    for kind in (DutyKind.CLERK, DutyKind.LEADER, DutyKind.HANDLER):
        person = small_township.officials[kind][0]
        answer = api.call(officer, "POST", f"/petitions/{number}/assignments", {"person_id": person})
        assert answer.status_code == 422


def test_whoever_recuses_does_not_know_of_it_any_more(api: Api, principal_of: PrincipalOf) -> None:
    clerk = principal_of(Role.CLERK)
    number = api.register(clerk)["number"]
    assert api.call(clerk, "POST", f"/petitions/{number}/recusals", {}).status_code == 204
    assert api.call(clerk, "GET", f"/petitions/{number}").status_code == 404


def test_others_open_the_words_for_a_purpose_and_every_opening_is_logged(
    api: Api, principal_of: PrincipalOf, rows: Rows
) -> None:
    clerk, auditor = principal_of(Role.CLERK), principal_of(Role.AUDITOR)
    number = api.register(clerk)["number"]
    assert api.call(auditor, "POST", f"/petitions/{number}/openings", {}).status_code == 422
    assert api.call(auditor, "POST", f"/petitions/{number}/openings", {"purpose": "audit"}).status_code == 200
    assert api.call(clerk, "POST", f"/petitions/{number}/openings", {}).status_code == 200
    logged = rows("SELECT person_id, purpose FROM petitions_audit WHERE action = 'open_petition' ORDER BY id")
    assert logged == [(auditor.person_id, "审计监督"), (clerk.person_id, "办理")]


def test_the_audit_log_does_not_say_which_petition_is_an_accusation(
    api: Api, principal_of: PrincipalOf, rows: Rows
) -> None:
    clerk, officer = principal_of(Role.CLERK), principal_of(Role.DISCIPLINE)
    sealed = _accuse(api, clerk)["number"]
    api.act(officer, sealed, "confirm_accusation")
    for row in rows("SELECT action, subject_kind, subject_id, details FROM petitions_audit"):
        words = " ".join(map(str, row))
        assert sealed not in words
        assert "accus" not in words


def test_notices_carry_nothing_and_go_to_whoever_works_on_it(api: Api, principal_of: PrincipalOf, rows: Rows) -> None:
    clerk, officer = principal_of(Role.CLERK), principal_of(Role.DISCIPLINE)
    sealed = _accuse(api, clerk)["number"]
    ((body,),) = rows("SELECT body FROM petitions_outbox WHERE name = 'gateway.notify'")
    assert f'"person_ids":[{officer.person_id}]' in body
    assert "有一件信访事项待办理" in body
    assert sealed not in body
    assert '"text":""' in body


def test_no_table_holds_a_readable_word_of_a_petition(
    api: Api, principal_of: PrincipalOf, database: Database, rows: Rows
) -> None:
    clerk, public = principal_of(Role.CLERK), principal_of(Role.PUBLIC)
    person = {"name": "覃白露", "phone": "16000004321", "identity_number": "431299199602290012", "address": "示例七组"}
    receipt = api.register(clerk, petitioner=person, place="示例桥头", complained_of="示例水务站")
    _accuse(api, clerk, petitioner=person)
    api.act(clerk, receipt["number"], "accept", notice="impossible", notice_reason="搬到示例县城")
    api.act(clerk, receipt["number"], "deliver", notice="written", result="explained")
    slip = {"number": receipt["number"], "code": receipt["code"]}
    api.call(public, "POST", "/evaluations", {**slip, "grade": "satisfied", "words": "辛苦", "assisted_by": "杨示例"})
    secret = [*person.values(), "示例桥头", "示例水务站", "搬到示例县城", "辛苦", "杨示例", TEXT, receipt["code"]]
    secret += [ACCUSES["text"], ACCUSES["complained_of"]]
    content = _everything(database, rows)
    assert receipt["number"].encode() in content
    for word in map(str, secret):
        assert word.encode() not in content
        assert word.encode().hex().encode() not in content
        assert word.encode("unicode_escape") not in content


def _everything(database: Database, rows: Rows) -> bytes:
    """The bytes of the database: SQLite's files, or every row of every table of PostgreSQL as text."""
    if database.dialect == "sqlite":
        path = Path(database.url.removeprefix("sqlite:///"))
        return b"".join(each.read_bytes() for each in path.parent.glob(path.name + "*") if "shm" not in each.name)
    tables = rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    lines = [row[0] for (table,) in tables for row in rows(f'SELECT each::text FROM "{table}" AS each')]
    return "\n".join(lines).encode()


def test_what_nobody_of_the_township_may_know_is_told_to_nobody(
    api: Api, principal_of: PrincipalOf, database: Database, rows: Rows
) -> None:
    officer = principal_of(Role.DISCIPLINE)
    with database.reading() as session:
        name = session.scalar(select(Person.name).where(Person.id == officer.person_id))
    _accuse(api, principal_of(Role.CLERK), complained_of=str(name))
    ((body,),) = rows("SELECT body FROM petitions_outbox WHERE name = 'gateway.notify'")
    assert '"person_ids":[]' in body
    assert '"withdrawn":true' in body
    assert rows("SELECT count(*) FROM petitions_assignment") == [(0,)]


def test_a_petition_about_the_clerk_goes_to_the_leader(
    api: Api, principal_of: PrincipalOf, database: Database, rows: Rows
) -> None:
    clerk, leader = principal_of(Role.CLERK), principal_of(Role.LEADER)
    with database.reading() as session:
        name = session.scalar(select(Person.name).where(Person.id == clerk.person_id))
    number = api.register(leader, complained_of=str(name))["number"]
    assert api.call(clerk, "GET", f"/petitions/{number}").status_code == 404
    assert rows("SELECT person_id FROM petitions_assignment") == [(leader.person_id,)]


def test_the_notice_of_a_sealed_petition_is_taken_from_the_clerk(
    api: Api, principal_of: PrincipalOf, rows: Rows
) -> None:
    clerk, officer = principal_of(Role.CLERK), principal_of(Role.DISCIPLINE)
    number = api.register(clerk)["number"]
    api.act(clerk, number, "seal")
    first, second = [
        json.loads(body)
        for (body,) in rows("SELECT body FROM petitions_outbox WHERE name = 'gateway.notify' ORDER BY id")
    ]
    assert first["source"] == second["source"]
    assert (first["person_ids"], second["person_ids"]) == ([clerk.person_id], [officer.person_id])
    assert second["source_version"] > first["source_version"]


def test_the_notice_is_withdrawn_when_nothing_waits_any_more(api: Api, principal_of: PrincipalOf, rows: Rows) -> None:
    clerk = principal_of(Role.CLERK)
    number = api.register(clerk)["number"]
    api.act(clerk, number, "withdraw", reason="已经自行协商解决。")
    bodies = [
        json.loads(body)
        for (body,) in rows("SELECT body FROM petitions_outbox WHERE name = 'gateway.notify' ORDER BY id")
    ]
    assert [body["withdrawn"] for body in bodies] == [False, True]


def test_the_officials_of_a_village_that_is_complained_of_do_not_know(
    api: Api, principal_of: PrincipalOf, small_township: SmallTownship, rows: Rows
) -> None:
    village = small_township.villages[0]
    api.register(principal_of(Role.CLERK), complained_of=f"{village.name}村委会")
    excluded = {person for (person,) in rows("SELECT person_id FROM petitions_exclusion")}
    assert excluded == {person for people in village.officials.values() for person in people}
