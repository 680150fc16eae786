"""Events and verifications over HTTP, as their pages call them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from sqlalchemy import func, select

from services.points.app import BLUEPRINTS
from services.points.verification.runs import verify_next_village
from shared.database import Database
from shared.identity import Principal, Role
from shared.models.points import Event, VillageLedger, VillageQuarter
from shared.topology import Service
from shared.web import create_service_app
from tests.fixtures.databases import DatabaseFor
from tests.fixtures.township import PrincipalOf, SmallTownship
from tests.integration.points.scored_township import FIRST_QUARTER, ScoredTownship, build_scored_township

pytestmark = pytest.mark.usefixtures("any_database")
Call = Callable[..., Any]


@pytest.fixture(autouse=True)
def in_may() -> Iterator[None]:
    with time_machine.travel(datetime(2026, 5, 20, 4, tzinfo=UTC), tick=True):
        yield


@pytest.fixture
def database(database_for: DatabaseFor) -> Database:
    return database_for(Service.POINTS)


@pytest.fixture
def scored(database: Database, small_township: SmallTownship) -> ScoredTownship:
    with database.transaction() as session:
        return build_scored_township(session, small_township, adopt_second=False)


@pytest.fixture
def call(database: Database) -> Call:
    """`call(principal, method, path, json)`: the answer as that person gets it."""
    who: list[Principal] = []
    app = create_service_app(Service.POINTS, BLUEPRINTS, database=database, authenticate=lambda: who[-1])
    client = app.test_client()
    made = iter(range(10_000))

    def send(principal: Principal, method: str, path: str, json: Any = None, key: str | None = None) -> Any:
        who.append(principal)
        headers = {"Idempotency-Key": key or f"key-{next(made):06d}"}
        return client.open(f"/api/points{path}", method=method, json=json, headers=headers)

    return send


def _row(scored: ScoredTownship, household: int = 2, **values: Any) -> dict[str, Any]:
    return {
        "household": scored.township.villages[0].households[household],
        "rule": "CLEAN",
        "occurred_on": "2026-05-18",
        "quantity": "2",
    } | values


def test_an_event_from_declaration_to_void(
    scored: ScoredTownship, principal_of: PrincipalOf, call: Call, database: Database
) -> None:
    member, cadre = principal_of(Role.GRID_MEMBER), principal_of(Role.CADRE)
    made = call(member, "POST", "/events", _row(scored), key="the-same-key")
    assert made.status_code == 201, made.json
    again = call(member, "POST", "/events", _row(scored), key="the-same-key")
    assert (again.status_code, again.headers["Idempotent-Replayed"]) == (201, "true")
    assert again.json["id"] == made.json["id"]
    assert call(member, "POST", "/events", _row(scored, quantity="3"), key="the-same-key").status_code == 422
    assert made.json["state"] == "declared"
    assert (made.json["title"], made.json["quantity"], made.json["points"]) == ("打扫门前", "2.00", None)
    assert call(cadre, "GET", "/events/waiting").json["to_review"] == 1
    path = f"/events/{made.json['id']}"
    assert call(member, "POST", f"{path}/review", {"verdict": "approve"}).status_code == 403
    done = call(cadre, "POST", f"{path}/review", {"verdict": "approve"})
    assert (done.status_code, done.json["state"], done.json["points"]) == (200, "posted", "2.00")
    refused = call(cadre, "POST", f"{path}/void", {"reason": ""})
    assert refused.status_code == 422
    assert "原因" in refused.json["detail"]
    voided = call(cadre, "POST", f"{path}/void", {"reason": "重复登记"})
    assert (voided.json["state"], voided.json["points"], voided.json["state_reason"]) == ("voided", "0.00", "重复登记")
    assert call(principal_of(Role.CADRE, village=1), "GET", path).status_code == 404


def test_a_batch_answers_what_it_made_and_a_replay_the_same(
    scored: ScoredTownship, principal_of: PrincipalOf, call: Call, database: Database
) -> None:
    member = principal_of(Role.GRID_MEMBER)
    rows = {"rows": [_row(scored), _row(scored, 3), _row(scored, 4)]}
    made = call(member, "POST", "/events/batch", rows, key="batch-key")
    assert made.status_code == 201, made.json
    replay = call(member, "POST", "/events/batch", rows, key="batch-key")
    assert [row["id"] for row in replay.json["items"]] == [row["id"] for row in made.json["items"]]
    wrong = call(member, "POST", "/events/batch", {"rows": [_row(scored), _row(scored, rule="NOPE")]})
    assert wrong.status_code == 422
    assert list(wrong.json["errors"]) == ["rows.1.rule"]
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Event).where(Event.note.is_(None))) == 146 + 3


def test_lists_page_by_cursor_within_ones_reach(scored: ScoredTownship, principal_of: PrincipalOf, call: Call) -> None:
    cadre, resident = principal_of(Role.CADRE), principal_of(Role.RESIDENT)
    seen: list[str] = []
    cursor = None
    while True:
        page = call(cadre, "GET", f"/events?limit=30&quarter=2026Q1{f'&cursor={cursor}' if cursor else ''}").json
        seen += [row["id"] for row in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert len(seen) == len(set(seen)) == 37
    own = call(resident, "GET", "/events?limit=200").json["items"]
    assert {row["household"] for row in own} == {str(scored.township.villages[0].households[0])}
    neighbour = scored.township.villages[0].households[1]
    assert call(resident, "GET", f"/events?household={neighbour}").status_code == 404


def test_wrong_input_is_a_problem_with_its_fields(
    scored: ScoredTownship, principal_of: PrincipalOf, call: Call
) -> None:
    member = principal_of(Role.GRID_MEMBER)
    answer = call(member, "POST", "/events", _row(scored, quantity=2.5, occurred_on="昨天"))
    assert answer.status_code == 422
    assert answer.content_type == "application/problem+json"
    assert {"quantity", "occurred_on"} <= set(answer.json["errors"])


@pytest.mark.parametrize(
    ("day", "words"),
    [
        ("2025-12-31", "2025年第四季度还没有采用任何积分细则"),
        ("2020-01-01", "2020年第一季度还没有采用任何积分细则"),
        ("1999-12-31", "不在册"),
        ("0001-01-01", "不在册"),
        ("2026-05-21", "还没有到"),
        ("9999-12-31", "还没有到"),
    ],
)
def test_a_day_outside_any_rulebook_is_a_problem_that_names_it_alone_and_in_a_batch(
    day: str, words: str, scored: ScoredTownship, principal_of: PrincipalOf, call: Call, database: Database
) -> None:
    member = principal_of(Role.GRID_MEMBER)
    answer = call(member, "POST", "/events", _row(scored, occurred_on=day))
    assert (answer.status_code, answer.content_type) == (422, "application/problem+json")
    assert words in answer.json["detail"]
    assert list(answer.json["errors"]) == ["occurred_on"]
    batch = call(member, "POST", "/events/batch", {"rows": [_row(scored), _row(scored, occurred_on=day)]})
    assert (batch.status_code, list(batch.json["errors"])) == (422, ["rows.1.occurred_on"])
    with database.reading() as session:
        assert session.scalar(select(func.count()).where(Event.declared_by == member.person_id)) == 0
        assert set(session.scalars(select(VillageQuarter.quarter))) == {FIRST_QUARTER, FIRST_QUARTER + 1}


def test_a_verification_covers_every_village_and_ends_green(
    scored: ScoredTownship, principal_of: PrincipalOf, call: Call, database: Database
) -> None:
    admin = principal_of(Role.ADMIN)
    started = call(admin, "POST", "/verifications", {})
    assert (started.status_code, started.json["state"], started.json["total"]) == (202, "running", 2)
    path = started.headers["Location"].removeprefix("/api/points")
    _work_off(database, int(started.json["id"]))
    done = call(admin, "GET", path).json
    assert (done["state"], done["done"], done["errors"]) == ("passed", 2, [])
    assert {check["name"] for village in done["villages"] for check in village["checks"]} == {
        "balances",
        "scores",
        "chain",
        "order",
        "reservations",
        "boards",
    }
    assert call(principal_of(Role.CADRE), "GET", path).status_code == 404


def test_a_cadre_verifies_the_own_village_and_learns_what_is_wrong(
    scored: ScoredTownship, principal_of: PrincipalOf, call: Call, database: Database
) -> None:
    village = scored.township.villages[0]
    with database.transaction() as session:
        session.get_one(VillageLedger, village.id).digest = "f" * 64
    cadre = principal_of(Role.CADRE)
    other = scored.township.villages[1].code
    assert call(cadre, "POST", "/verifications", {"village": other}).status_code == 403
    started = call(cadre, "POST", "/verifications", {}).json
    _work_off(database, int(started["id"]))
    done = call(cadre, "GET", f"/verifications/{started['id']}").json
    assert (done["state"], done["total"]) == ("failed", 1)
    assert "第 1 号记账批次起对不上" in done["errors"][0]


def _work_off(database: Database, verification_id: int) -> None:
    while True:
        with database.transaction() as session:
            if not verify_next_village(session, verification_id):
                return
