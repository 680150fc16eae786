"""Photos and scans: sent, named by a declaration, seen by whoever may see the event, flagged on a second one."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import select, update

from services.points.app import BLUEPRINTS
from shared.database import Database
from shared.files import sweep_files
from shared.identity import Principal, Role
from shared.models.base import now
from shared.models.plumbing import FILES
from shared.models.points import Evidence, Rule
from shared.topology import Service
from shared.web import create_service_app
from tests.fixtures.databases import DatabaseFor
from tests.fixtures.township import PrincipalOf, SmallTownship, act_as, build_township
from tests.integration.points.scored_township import ScoredTownship, build_scored_township

pytestmark = pytest.mark.usefixtures("any_database")
Call = Callable[..., Any]
FILE: Any = FILES[Service.POINTS]
PDF = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"


def photo(colour: str = "blue", *, where: str = "石桂花家门口") -> bytes:
    """A photo as a phone makes it, with words about the place inside."""
    picture = Image.new("RGB", (40, 30), colour)
    exif = picture.getexif()
    exif[0x010E] = where
    written = io.BytesIO()
    picture.save(written, "JPEG", exif=exif)
    return written.getvalue()


@pytest.fixture
def database(database_for: DatabaseFor) -> Database:
    return database_for(Service.POINTS)


@pytest.fixture
def scored(database: Database, small_township: SmallTownship) -> ScoredTownship:
    """A township whose line CLEAN asks for proof."""
    with database.transaction() as session:
        made = build_scored_township(session, small_township, adopt_second=False)
        session.execute(
            update(Rule)
            .where(Rule.code_id == made.codes["CLEAN"])
            .values(evidence=Evidence.PROOF)
            .execution_options(synchronize_session=False)
        )
        return made


@pytest.fixture
def call(database: Database) -> Call:
    """`call(principal, method, path, json)`: the answer as that person gets it."""
    who: list[Principal] = []
    app = create_service_app(Service.POINTS, BLUEPRINTS, database=database, authenticate=lambda: who[-1])
    made = iter(range(10_000))

    def send(principal: Principal, method: str, path: str, json: Any = None, **options: Any) -> Any:
        who.append(principal)
        headers = {"Idempotency-Key": options.pop("key", None) or f"key-{next(made):06d}"}
        return app.test_client().open(f"/api/points{path}", method=method, json=json, headers=headers, **options)

    return send


def hand_in(call: Call, actor: Principal, content: bytes, name: str = "IMG_1.jpg", key: str | None = None) -> Any:
    data = {"file": (io.BytesIO(content), name)}
    return call(actor, "POST", "/evidence", data=data, content_type="multipart/form-data", key=key)


def declare(call: Call, actor: Principal, household: int, evidence: str | None = None) -> Any:
    body = {"household": household, "rule": "CLEAN", "occurred_on": "2026-05-20", "evidence_file": evidence}
    return call(actor, "POST", "/events", body)


def test_a_photo_is_made_anew_named_by_the_declaration_and_shown_to_the_reviewer(
    scored: ScoredTownship, principal_of: PrincipalOf, call: Call
) -> None:
    grid, household = principal_of(Role.GRID_MEMBER), scored.township.villages[0].households[0]
    assert declare(call, grid, household).status_code == 422
    sent = hand_in(call, grid, photo(), key="the-same-key")
    assert (sent.status_code, sent.json["media_type"]) == (201, "image/jpeg")
    again = hand_in(call, grid, photo(), key="the-same-key")
    assert (again.json["sha256"], again.headers["Idempotent-Replayed"]) == (sent.json["sha256"], "true")
    made = declare(call, grid, household, sent.json["sha256"]).json
    assert (made["evidence_type"], made["same_photo"]) == ("image/jpeg", 0)
    shown = call(principal_of(Role.CADRE), "GET", f"/events/{made['id']}/evidence")
    assert (shown.status_code, shown.mimetype) == (200, "image/jpeg")
    assert shown.headers["X-Content-Type-Options"] == "nosniff"
    assert "石桂花".encode() not in shown.data
    assert call(principal_of(Role.RESIDENT, number=0), "GET", f"/events/{made['id']}/evidence").status_code == 200


def test_nobody_else_sees_the_photo(
    database: Database, scored: ScoredTownship, principal_of: PrincipalOf, call: Call
) -> None:
    grid, household = principal_of(Role.GRID_MEMBER), scored.township.villages[0].households[0]
    made = declare(call, grid, household, hand_in(call, grid, photo()).json["sha256"]).json
    path = f"/events/{made['id']}/evidence"
    with database.transaction() as session:
        other = build_township(session, "431299002", "另一个乡")
    for stranger in (
        principal_of(Role.CADRE, village=1),
        principal_of(Role.RESIDENT, number=1),
        act_as(other, Role.ADMIN),
    ):
        assert call(stranger, "GET", path).status_code == 404
    for role in (Role.HANDLER, Role.CLERK, Role.OPERATOR):
        assert call(principal_of(role), "GET", path).status_code == 403
    assert hand_in(call, principal_of(Role.KEEPER), photo()).status_code == 403


def test_the_same_photo_on_a_second_event_is_flagged_until_that_is_withdrawn(
    scored: ScoredTownship, principal_of: PrincipalOf, call: Call
) -> None:
    grid, cadre = principal_of(Role.GRID_MEMBER), principal_of(Role.CADRE)
    first, second, third = scored.township.villages[0].households[:3]
    sha256 = hand_in(call, grid, photo()).json["sha256"]
    assert hand_in(call, grid, photo(), name="copy.jpg").json["sha256"] == sha256
    one, two = (declare(call, grid, household, sha256).json for household in (first, second))
    other = declare(call, grid, third, hand_in(call, grid, photo("red")).json["sha256"]).json

    def flags() -> list[int]:
        return [call(cadre, "GET", f"/events/{each['id']}").json["same_photo"] for each in (one, two, other)]

    assert flags() == [1, 1, 0]
    listed = call(cadre, "GET", f"/events?evidence_file={sha256}").json["items"]
    assert [line["id"] for line in listed] == [two["id"], one["id"]]
    assert call(grid, "POST", f"/events/{two['id']}/withdraw", {}).json["state"] == "withdrawn"
    assert flags() == [0, 1, 0]
    mine = call(grid, "GET", "/events?declared_by_me=true").json["items"]
    assert {line["declared_by"] for line in mine} == {str(grid.person_id)}
    assert call(cadre, "GET", "/events?declared_by_me=true").json["items"] == []


@pytest.mark.parametrize("content", [b"", b"no picture", b"\xff\xd8\xff\xe0 half a photo"])
def test_what_is_no_photo_or_scan_is_refused_in_words(
    scored: ScoredTownship, principal_of: PrincipalOf, call: Call, content: bytes
) -> None:
    refused = hand_in(call, principal_of(Role.GRID_MEMBER), content)
    assert refused.status_code == 422
    assert list(refused.json["errors"]) == ["file"]


def test_a_declaration_names_only_what_was_sent_and_what_nobody_names_goes(
    database: Database, scored: ScoredTownship, principal_of: PrincipalOf, call: Call
) -> None:
    grid, household = principal_of(Role.GRID_MEMBER), scored.township.villages[0].households[0]
    invented = declare(call, grid, household, "0" * 64)
    assert "重新选择" in invented.json["errors"]["evidence_file"][0]
    kept = hand_in(call, grid, PDF, name="证书.pdf").json
    assert kept["media_type"] == "application/pdf"
    assert declare(call, grid, household, kept["sha256"]).status_code == 201
    loose = hand_in(call, grid, photo("green")).json["sha256"]
    with database.transaction() as session:
        session.execute(update(FILE).where(FILE.expires_at.is_not(None)).values(expires_at=now() - timedelta(hours=1)))
    assert hand_in(call, grid, photo("green")).json["sha256"] == loose, "sent again, it is kept for two days more"
    with database.transaction() as session:
        session.execute(update(FILE).where(FILE.expires_at.is_not(None)).values(expires_at=now() - timedelta(hours=1)))
        sweep_files(session, older_than=now() + timedelta(hours=1))
        assert session.scalars(select(FILE.sha256)).all() == [kept["sha256"]]
