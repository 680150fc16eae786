"""Routes of rulebooks and adoptions that pages stand on: copies, answers with names, scans, the workbook."""

from __future__ import annotations

import io
from typing import Any

import openpyxl  # type: ignore[import-untyped]
import pytest
from PIL import Image
from sqlalchemy import select
from werkzeug.test import TestResponse

from services.points.app import create_app
from shared.calendar import today
from shared.database import Database
from shared.identity import Principal, Role
from shared.models.plumbing import AUDIT, FILES
from shared.models.points import Adoption
from shared.quarters import first_day, quarter_of
from shared.topology import Service
from tests.fixtures.calls import Call
from tests.fixtures.databases import DatabaseFor
from tests.fixtures.township import PrincipalOf, SmallTownship, act_as, build_township

pytestmark = pytest.mark.usefixtures("any_database")

URL = "/api/points/rulebooks"
SCANS = "/api/points/adoptions/scans"
CATEGORY = {"code": "A", "name": "环境", "cap_quarter": "30.00"}
SWEEPING = {"code": "A1", "category": "A", "title": "大扫除", "unit": "人次", "mode": "fixed", "points": "2.00"}
NO_HELP = {"code": "A2", "category": "A", "title": "不参加志愿活动", "unit": "次", "mode": "fixed", "points": "-1.00"}
NIGHTS = {
    "code": "A3",
    "category": "A",
    "title": "夜巡",
    "unit": "小时",
    "mode": "tiered",
    "per": "year",
    "steps": [{"threshold": "4.00", "points": "1.00"}, {"threshold": "10.00", "points": "3.00"}],
}


class Office:
    """The points service as two admins and a cadre of the first village use it."""

    def __init__(self, call: Call, principal_of: PrincipalOf) -> None:
        self._call, self._app = call, create_app()
        self.admin = principal_of(Role.ADMIN)
        self.second = principal_of(Role.ADMIN, number=1)
        self.cadre = principal_of(Role.CADRE)
        self._keys = 0

    def ask(self, actor: Principal, method: str, path: str, **options: Any) -> TestResponse:
        """A request with a fresh idempotency key."""
        self._keys += 1
        return self._call(self._app, Service.POINTS, actor, method, path, **{"key": f"key-{self._keys:06}", **options})

    def draft(self, *rules: dict[str, Any], **body: Any) -> TestResponse:
        """A new draft with these lines, or by `body` alone."""
        lines = {"categories": [CATEGORY], "rules": list(rules)} if rules else {}
        return self.ask(self.admin, "POST", URL, json={"title": "细则", **lines, **body})

    def publish(self, revision: int) -> None:
        """Publish a draft that nobody has edited."""
        done = self.ask(self.admin, "POST", f"{URL}/{revision}/publish", headers={"If-Match": '"v1"'})
        assert done.status_code == 200, done.json

    def answer(self, actor: Principal, revision: int, **body: str) -> TestResponse:
        """Answer a finding."""
        return self.ask(actor, "POST", f"{URL}/{revision}/findings", json=body)


@pytest.fixture
def database(database_for: DatabaseFor) -> Database:
    return database_for(Service.POINTS)


@pytest.fixture
def office(database: Database, call: Call, principal_of: PrincipalOf) -> Office:
    return Office(call, principal_of)


def picture() -> bytes:
    """A small photo."""
    written = io.BytesIO()
    Image.new("RGB", (40, 30), "white").save(written, "PNG")
    return written.getvalue()


def this_quarter() -> str:
    return first_day(quarter_of(today())).isoformat()


def test_a_draft_may_begin_empty_and_is_not_published_so(office: Office) -> None:
    made = office.draft(categories=[], rules=[])
    assert made.status_code == 201, made.json
    assert made.json is not None
    assert (made.json["categories"], made.json["rules"]) == ([], [])
    refused = office.ask(office.admin, "POST", f"{URL}/1/publish", headers={"If-Match": '"v1"'})
    assert refused.status_code == 409


def test_a_draft_may_be_a_copy_of_an_older_revision(office: Office) -> None:
    office.draft(SWEEPING)
    office.publish(1)
    office.draft(SWEEPING, NIGHTS)
    office.publish(2)
    made = office.draft(copy_of=1).json
    assert made is not None
    assert [rule["code"] for rule in made["rules"]] == ["A1"]
    assert (made["revision"], made["based_on"]) == (3, 2)


def test_a_copy_of_a_revision_that_is_none_is_refused(office: Office) -> None:
    assert office.draft(copy_of=9).status_code == 404


def test_a_finding_says_who_answered_it_and_who_confirmed_it(office: Office, small_township: SmallTownship) -> None:
    office.draft(NO_HELP)
    body = {"rule_code": "A2", "finding": "voluntary", "kind": "false_alarm", "reason": "指的是值班"}
    first = office.answer(office.admin, 1, **body).json
    assert first is not None
    assert (first["answered_by"], first["confirmed_by"], first["settled"]) == ("admin0", "", False)
    assert first["answered_by_id"] == str(office.admin.person_id)
    second = office.answer(office.second, 1, **body).json
    assert second is not None
    assert (second["answered_by"], second["confirmed_by"], second["settled"]) == ("admin0", "admin1", True)


def test_an_answer_holds_for_the_wording_that_was_read(office: Office) -> None:
    office.draft(NO_HELP)
    body = {"rule_code": "A2", "finding": "voluntary", "kind": "reasoned", "reason": "村民会议定的"}
    assert office.answer(office.admin, 1, **body).status_code == 200
    edited = {"title": "细则", "categories": [CATEGORY], "rules": [{**NO_HELP, "title": "不参加公益活动"}]}
    office.ask(office.admin, "PUT", f"{URL}/1", json=edited, headers={"If-Match": '"v1"'})
    lint = office.ask(office.admin, "GET", f"{URL}/1/lint").json
    assert lint is not None
    assert [(found["answer"], found["settled"]) for found in lint["findings"]] == [(None, False)]
    assert office.answer(office.admin, 1, **body).json["settled"] is True  # type: ignore[index]


def test_the_reason_that_keeps_a_line_is_published_with_the_revision(
    office: Office, small_township: SmallTownship
) -> None:
    office.draft(SWEEPING, NO_HELP)
    office.answer(office.admin, 1, rule_code="A2", finding="voluntary", kind="reasoned", reason="村民会议定的")
    office.publish(1)
    public = office.ask(Principal(small_township.id), "GET", f"{URL}/1").json
    assert public is not None
    assert public["kept"] == [{"rule_code": "A2", "kind": "reasoned", "reason": "村民会议定的"}]


def _adopt(office: Office, village: str, scan: str) -> TestResponse:
    matter = {"number": "决议〔2026〕1号", "decided_on": "2026-01-02", "scan": scan}
    body = {"village": village, "effective_from": this_quarter(), "matter": matter}
    return office.ask(office.cadre, "POST", f"{URL}/1/adoptions", json=body)


def test_the_scan_of_a_resolution_is_kept_with_its_adoption_and_shown_to_those_who_answer_for_the_village(
    office: Office, small_township: SmallTownship, principal_of: PrincipalOf, database: Database
) -> None:
    office.draft(SWEEPING)
    office.publish(1)
    sent = office.ask(office.cadre, "POST", SCANS, data={"file": (io.BytesIO(picture()), "决议.png")})
    assert sent.status_code == 201, sent.json
    assert sent.json is not None
    adopted = _adopt(office, small_township.villages[0].code, sent.json["sha256"])
    assert adopted.status_code == 201, adopted.json
    assert adopted.json is not None
    assert adopted.json["has_scan"] is True
    table: Any = FILES[Service.POINTS]
    with database.reading() as session:
        assert session.scalar(select(table.expires_at).where(table.sha256 == sent.json["sha256"])) is None
        assert session.scalar(select(Adoption.matter_scan)) == sent.json["sha256"]
    path = f"/api/points/adoptions/{adopted.json['id']}/scan"
    shown = office.ask(office.cadre, "GET", path)
    assert (shown.status_code, shown.mimetype) == (200, "image/jpeg")
    assert office.ask(principal_of(Role.SUPERVISOR), "GET", path).status_code == 200
    assert office.ask(principal_of(Role.CADRE, village=1), "GET", path).status_code == 403
    assert office.ask(principal_of(Role.GRID_MEMBER), "GET", path).status_code == 403


def test_another_township_does_not_find_the_scan(
    office: Office, small_township: SmallTownship, database_for: DatabaseFor
) -> None:
    office.draft(SWEEPING)
    office.publish(1)
    sent = office.ask(office.cadre, "POST", SCANS, data={"file": (io.BytesIO(picture()), "决议.png")}).json
    assert sent is not None
    adopted = _adopt(office, small_township.villages[0].code, sent["sha256"]).json
    assert adopted is not None
    with database_for(Service.INTAKE).transaction() as session:
        other = act_as(build_township(session, code="431299002", name="邻乡"), Role.ADMIN)
    assert office.ask(other, "GET", f"/api/points/adoptions/{adopted['id']}/scan").status_code == 404


def test_an_adoption_names_no_scan_that_was_not_sent(office: Office, small_township: SmallTownship) -> None:
    office.draft(SWEEPING)
    office.publish(1)
    refused = _adopt(office, small_township.villages[0].code, "0" * 64)
    assert refused.status_code == 422
    assert refused.json is not None
    assert "matter.scan" in refused.json["errors"]


def test_a_scan_is_a_picture_or_a_pdf(office: Office) -> None:
    refused = office.ask(office.cadre, "POST", SCANS, data={"file": (io.BytesIO(b"<script>"), "决议.html")})
    assert refused.status_code == 422


def test_the_workbook_holds_every_line_in_words_and_its_export_is_recorded(office: Office, database: Database) -> None:
    office.draft(SWEEPING, NIGHTS)
    sent = office.ask(office.admin, "GET", f"{URL}/1/lines.xlsx")
    assert sent.status_code == 200
    page = openpyxl.load_workbook(io.BytesIO(sent.data)).active
    caption, header, *rows = page.iter_rows(values_only=True)
    assert "第 1 版" in caption[0]
    lines = [dict(zip(header, row, strict=True)) for row in rows]
    assert [(line["条目编号"], line["类别"], line["计分方式"]) for line in lines] == [
        ("A1", "环境", "固定分"),
        ("A3", "环境", "分档"),
    ]
    assert (lines[0]["分值"], lines[1]["各档"], lines[1]["分档按什么算"]) == (2, "4=1.00；10=3.00", "全年累计")
    log: Any = AUDIT[Service.POINTS]
    with database.reading() as session:
        assert "export_rulebook" in session.scalars(select(log.action)).all()


def test_a_resident_gets_no_workbook_and_a_cadre_none_of_a_draft(office: Office, principal_of: PrincipalOf) -> None:
    office.draft(SWEEPING)
    assert office.ask(principal_of(Role.RESIDENT), "GET", f"{URL}/1/lines.xlsx").status_code == 403
    assert office.ask(office.cadre, "GET", f"{URL}/1/lines.xlsx").status_code == 404
