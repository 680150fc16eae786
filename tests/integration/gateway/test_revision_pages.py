"""Pages of revisions against the points service that really listens; without JavaScript, every act a form."""

from __future__ import annotations

import html
import io
import re
from typing import Any

import pytest
from flask.testing import FlaskClient
from PIL import Image
from werkzeug.test import TestResponse

from services.gateway.accounts.accounts import DemoLogin, create_demo_accounts
from services.points.app import create_app
from shared.calendar import today
from shared.models.registry import DutyKind
from shared.quarters import format_quarter, quarter_of
from shared.topology import Service
from tests.fixtures.databases import DatabaseFor
from tests.integration.gateway.conftest import PASSWORD, House, Serve
from tests.integration.gateway.test_accounts import enrolled

LINE = {
    "code": "HJ01",
    "category": "HJ",
    "title": "参加村里大扫除",
    "unit": "人次",
    "mode": "fixed",
    "points": "2",
    "max_quantity": "100",
    "evidence": "none",
    "review": "single",
    "expiry": "never",
}
MODES: dict[str, tuple[dict[str, str], str]] = {
    "fixed": ({"points": "-2", "cap": "6", "cap_period": "quarter"}, "每次 -2.00 分；每户每季度最多 6.00 分"),
    "range": ({"minimum": "3", "maximum": "10", "evidence": "proof"}, "3.00 分 到 10.00 分，由审核的人定"),
    "tiered": (
        {"per": "year", "from_1": "4", "tier_1": "1", "from_2": "10", "tier_2": "3", "expiry": "year_end"},
        "全年累计满 4 次 +1.00 分，满 10 次 +3.00 分",
    ),
    "stepped": (
        {"time_1": "-2", "time_2": "-4.5", "once": "year", "review": "double"},
        "第 1 次 -2.00 分，第 2 次 -4.50 分；每年一次",
    ),
}
FORBIDDEN = {**LINE, "code": "XF01", "title": "到县里信访", "points": "-5"}
FLAGGED = {**LINE, "code": "XF02", "title": "不参加志愿活动", "points": "-1"}


# What is typed wrong in a line, and the field that says so.
WRONG_LINES: tuple[tuple[dict[str, str], str], ...] = (
    ({"code": "有 空格"}, "code"),
    ({"title": ""}, "title"),
    ({"mode": "magic"}, "mode"),
    ({"points": ""}, "points"),
    ({"points": "2.001"}, "points"),
    ({"cap": "6"}, "cap"),
    ({"category": "ZZ"}, "category"),
    ({"mode": "range", "minimum": "9", "maximum": "3"}, "minimum"),
    ({"mode": "tiered", "from_1": "10", "tier_1": "1", "from_2": "4", "tier_2": "2"}, "tiers"),
    ({"mode": "tiered", "from_1": "4", "tier_1": "1", "from_3": "x", "tier_3": "2"}, "from_3"),
    ({"mode": "stepped"}, "times"),
    ({"mode": "stepped", "time_1": "-1", "time_2": "a"}, "time_2"),
    ({"expiry": "months", "valid_months": "1.5"}, "valid_months"),
    ({"expiry": "months", "valid_months": "400"}, "valid_months"),
    ({"max_quantity": "0"}, "max_quantity"),
)

# The same of a village's decision.
WRONG_DECISIONS: tuple[tuple[dict[str, Any], str], ...] = (
    ({"village": ""}, "village"),
    ({"how": ""}, "how"),
    ({"from_quarter": "2020Q1"}, "from_quarter"),
    ({"decided_on": ""}, "decided_on"),
    ({"decided_on": "2999-01-01"}, "decided_on"),
    ({"how": "correction", "correct_from": "2026Q1", "reason": ""}, "reason"),
    ({"how": "correction", "correct_from": "2026Q1", "reason": "录错", "lines": "HJ99"}, "correct_from"),
)


class Desk:
    """The township admin's browser, with the version that its pages show."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client
        self._keys = 0

    def text(self, path: str) -> str:
        """A page that must open."""
        answer = self.client.get(path)
        assert answer.status_code == 200, answer.text
        return html.unescape(answer.text)

    def send(self, path: str, **form: Any) -> TestResponse:
        """A form with a fresh key, at the draft's present version unless it says another."""
        self._keys += 1
        form.setdefault("idempotency_key", f"key-of-form-{self._keys}")
        form.setdefault("version", self.version())
        return self.client.post(path, data=form)

    def version(self) -> str:
        """The version of draft 1, as its title's form carries it."""
        found = re.search(r'name="version" value="(\d+)"', self.client.get("/revisions/1/title").text)
        return found[1] if found else "0"

    def draft(self, *lines: dict[str, str]) -> None:
        """Draft 1 with one category and these lines, all by forms."""
        self._done(self.send("/revisions/new", start="empty", title="积分细则"))
        self._done(self.send("/revisions/1/new-category", code="HJ", name="环境卫生", cap_quarter="30"))
        for line in lines:
            self._done(self.send("/revisions/1/new-line", **line))

    def publish(self) -> TestResponse:
        """Publish draft 1."""
        return self.send("/revisions/1/publish")

    @staticmethod
    def _done(answer: TestResponse) -> None:
        assert answer.status_code == 303, answer.text


@pytest.fixture
def desk(demo_house: House, serve: Serve, database_for: DatabaseFor) -> Desk:
    serve(Service.POINTS, create_app())
    person = demo_house.township.officials[DutyKind.ADMIN][1]
    with database_for(Service.GATEWAY).transaction() as session:
        create_demo_accounts(session, demo_house.township.id, [DemoLogin(person, "admin2")], PASSWORD)
    return Desk(demo_house.log_in("admin2"))


def this_quarter() -> str:
    return format_quarter(quarter_of(today()))


def decided(house: House, **changes: Any) -> dict[str, Any]:
    """A village's decision by a resolution."""
    form = {"village": house.township.villages[0].code, "how": "decided", "from_quarter": this_quarter()}
    return {**form, "number": "决议〔2026〕1号", "decided_on": "2026-01-02", **changes}


def test_a_line_of_each_mode_is_written_and_opens_again_as_it_was_typed(desk: Desk) -> None:
    desk.draft(*({**LINE, "code": mode, "unit": "次", "mode": mode, **typed} for mode, (typed, _) in MODES.items()))
    page = desk.text("/revisions/1")
    for words in (words for _, words in MODES.values()):
        assert words in page
    for mode, name, value in ((mode, *each) for mode, (typed, _) in MODES.items() for each in typed.items()):
        form = desk.text(f"/revisions/1/lines/{mode}")
        shown = rf'name="{name}"[^>]*value="{re.escape(value)}"|value="{value}" (?:selected|checked)'
        assert re.search(shown, form), name


def test_a_category_limits_a_quarter_and_takes_its_lines_along_when_its_code_changes(desk: Desk) -> None:
    desk.draft(LINE)
    assert "每户每季度加分最多 30.00 分" in desk.text("/revisions/1")
    kept = desk.send("/revisions/1/categories/HJ/remove")
    assert kept.status_code == 422
    assert "这个类别里还有条目" in kept.text
    assert desk.send("/revisions/1/categories/HJ", code="WS", name="卫生", cap_quarter="").status_code == 303
    page = desk.text("/revisions/1")
    assert "加分最多" not in page
    assert '<option value="WS" selected>' in desk.text("/revisions/1/lines/HJ01")


def test_a_line_is_removed_once_however_often_it_is_tapped(desk: Desk) -> None:
    desk.draft(LINE, {**LINE, "code": "HJ02"})
    form = {"version": desk.version(), "idempotency_key": "key-remove-1"}
    for _tap in range(2):
        assert desk.client.post("/revisions/1/lines/HJ02/remove", data=form).status_code == 303
    page = desk.text("/revisions/1")
    assert "HJ01" in page
    assert 'id="line-HJ02"' not in page


def test_a_double_tap_adds_one_line(desk: Desk) -> None:
    desk.draft()
    form = {**LINE, "version": desk.version(), "idempotency_key": "key-add-line"}
    for _tap in range(2):
        assert desk.client.post("/revisions/1/new-line", data=form).status_code == 303
    assert desk.text("/revisions/1").count('id="line-HJ01"') == 1


def test_a_problem_stands_at_its_field_and_nothing_typed_is_lost(desk: Desk) -> None:
    desk.draft()
    for change, field in WRONG_LINES:
        answer = desk.send("/revisions/1/new-line", **{**LINE, "unit": "每人次", **change})
        assert answer.status_code == 422, change
        assert f'href="#field-{field}"' in answer.text, change
        assert f'id="field-{field}"' in answer.text, change
        assert 'value="每人次"' in answer.text, change


def test_whoever_saves_over_anothers_change_is_told_what_stands_there_now(desk: Desk) -> None:
    desk.draft(LINE)
    seen = desk.version()
    assert desk.send("/revisions/1/lines/HJ01", **{**LINE, "points": "3"}).status_code == 303
    late = desk.send("/revisions/1/lines/HJ01", **{**LINE, "points": "4", "version": seen})
    assert late.status_code == 422
    assert "这一条现在是：参加村里大扫除；每人次 +3.00 分" in late.text
    assert re.search(r'name="points"[^>]*value="4"|value="4"[^>]*name="points"', late.text)
    found = re.search(r'name="version" value="(\d+)"', late.text)
    assert found
    assert desk.send("/revisions/1/lines/HJ01", **{**LINE, "points": "4", "version": found[1]}).status_code == 303
    assert "每人次 +4.00 分" in desk.text("/revisions/1")


def test_a_forbidden_deduction_stands_beside_its_line_and_can_only_be_mended_or_seen_by_two(
    desk: Desk, demo_house: House
) -> None:
    desk.draft(LINE, FORBIDDEN)
    page = desk.text("/revisions/1")
    assert "信访、投诉、举报和拨打热线是群众的权利" in page
    assert "发布第 1 版" not in page
    asked = desk.client.get("/revisions/1/publish")
    assert asked.status_code == 409
    refused = desk.publish()
    assert refused.status_code == 422
    assert "处理完才能发布" in asked.text
    assert "处理完才能发布" in refused.text
    finding = "/revisions/1/findings/XF01/petition"
    assert 'value="reasoned"' not in desk.text(finding)
    pushed = desk.send(finding, kind="reasoned", reason="村里定的")
    assert pushed.status_code == 422
    assert "不能以理由保留" in pushed.text
    assert desk.send(finding, kind="false_alarm", reason="说的是接待信访干部").status_code == 303
    assert "等另一位管理员核对" in desk.text("/revisions/1")
    assert desk.send(finding, kind="false_alarm", reason="再点一次").status_code == 422
    second = Desk(enrolled(demo_house)[0])
    assert "细则里的误报等第二个人核对" in second.text("/todo")
    assert second.send(finding, kind="false_alarm", reason="同意").status_code == 303
    assert "两人核对为误报：说的是接待信访干部" in desk.text("/revisions/1")
    assert desk.publish().status_code == 303


def test_a_published_reason_keeps_a_line_and_stands_on_the_public_page(desk: Desk, demo_house: House) -> None:
    desk.draft(FLAGGED)
    finding = "/revisions/1/findings/XF02/voluntary"
    empty = desk.send(finding, kind="reasoned", reason=" ")
    assert 'href="#field-reason"' in empty.text
    assert desk.send(finding, kind="reasoned", reason="村民会议定的").status_code == 303
    assert desk.publish().status_code == 303
    public = demo_house.client().get("/rulebook/1?all=1").text
    assert "有几条为什么保留" in public
    assert "村民会议定的" in public


def test_a_village_adopts_with_the_scan_of_its_resolution(desk: Desk, demo_house: House) -> None:
    desk.draft(LINE)
    desk.publish()
    cadre = Desk(demo_house.log_in("cadre1"))
    assert "要不要采用第 1 版" in cadre.text("/todo")
    photo = io.BytesIO()
    Image.new("RGB", (30, 20), "white").save(photo, "PNG")
    sent = cadre.send("/revisions/1/adopt", **decided(demo_house, file=(io.BytesIO(photo.getvalue()), "决议.png")))
    assert sent.status_code == 303, sent.text
    page = cadre.text("/revisions")
    assert "第 1 版，" in page
    assert "决议〔2026〕1号" in page
    href = re.search(r'href="(/revisions/adoptions/\d+/scan)"', page)
    assert href
    assert cadre.client.get(href[1]).mimetype == "image/jpeg"
    assert "要不要采用" not in cadre.text("/todo")


def test_a_scan_that_was_sent_is_kept_when_the_form_comes_back(desk: Desk, demo_house: House) -> None:
    desk.draft(LINE)
    desk.publish()
    photo = io.BytesIO()
    Image.new("RGB", (30, 20), "white").save(photo, "PNG")
    back = desk.send(
        "/revisions/1/adopt", **decided(demo_house, number="", file=(io.BytesIO(photo.getvalue()), "决议.png"))
    )
    assert back.status_code == 422
    assert 'href="#field-number"' in back.text
    assert "已收到“决议.png”" in html.unescape(back.text)
    scan = re.search(r'name="scan" value="([0-9a-f]{64})"', back.text)
    assert scan
    assert desk.send("/revisions/1/adopt", **decided(demo_house, scan=scan[1])).status_code == 303
    assert "看决议的扫描件" in desk.text("/revisions")


def test_a_decision_that_can_not_be_is_named_at_its_field(desk: Desk, demo_house: House) -> None:
    desk.draft(LINE)
    desk.publish()
    for change, field in WRONG_DECISIONS:
        answer = desk.send("/revisions/1/adopt", **decided(demo_house, **change))
        assert answer.status_code == 422, change
        assert f'href="#field-{field}"' in answer.text, change
    no_scan = desk.send("/revisions/1/adopt", **decided(demo_house, file=(io.BytesIO(b"plain text"), "x.txt")))
    assert 'href="#field-file"' in no_scan.text


def test_a_trial_says_how_long_and_the_same_decision_again_changes_nothing(desk: Desk, demo_house: House) -> None:
    desk.draft(LINE)
    desk.publish()
    form = decided(demo_house, how="trial", trial_quarters="1", idempotency_key="key-of-trial", version="0")
    for _tap in range(2):
        assert desk.client.post("/revisions/1/adopt", data=form).status_code == 303
    assert "试行，最多 1 个季度" in desk.text("/revisions")


def test_a_trial_becomes_permanent_with_the_villages_resolution(desk: Desk, demo_house: House) -> None:
    desk.draft(LINE)
    desk.publish()
    trial = decided(demo_house, how="trial", trial_quarters="1")
    assert desk.send("/revisions/1/adopt", **trial).status_code == 303
    assert "（正在试行这一版）" in desk.text("/revisions/1/adopt")
    cadre = Desk(demo_house.log_in("cadre1"))
    assert "第 1 版试行到" in cadre.text("/todo")
    assert desk.send("/revisions/1/adopt", **decided(demo_house)).status_code == 303
    assert "第 1 版试行到" not in cadre.text("/todo")
    assert "（已采用这一版）" in desk.text("/revisions/1/adopt")
    page = desk.text("/revisions")
    assert "决议〔2026〕1号" in page
    assert "试行，最多" not in page


def test_a_correction_takes_its_lines_from_what_differs(desk: Desk, demo_house: House) -> None:
    desk.draft(LINE)
    desk.publish()
    assert desk.send("/revisions/1/adopt", **decided(demo_house)).status_code == 303
    desk.send("/revisions/new", start="1", title="更正")
    second = re.search(r'name="version" value="(\d+)"', desk.text("/revisions/2/title"))
    assert second
    mended = {**LINE, "points": "2.5", "version": second[1]}
    assert desk.send("/revisions/2/lines/HJ01", **mended).status_code == 303
    page = desk.text("/revisions/2")
    assert "和第 1 版相比，有 1 条不同" in page
    assert "每人次 +2.50 分" in page
    version = re.search(r'name="version" value="(\d+)"', desk.text("/revisions/2/title"))
    assert version
    assert desk.send("/revisions/2/publish", version=version[1]).status_code == 303
    assert 'value="HJ01" checked' in desk.text("/revisions/2/adopt")
    how = {"how": "correction", "correct_from": "2020Q1", "lines": "HJ01", "reason": "HJ01 录错了"}
    before = desk.send("/revisions/2/adopt", **decided(demo_house, **how))
    assert before.status_code == 422
    assert 'href="#field-correct_from"' in before.text
    how["correct_from"] = format_quarter(quarter_of(today()))
    wrong = desk.send("/revisions/2/adopt", **decided(demo_house, **{**how, "lines": "HJ99"}))
    assert 'href="#field-lines"' in wrong.text
    assert desk.send("/revisions/2/adopt", **decided(demo_house, **how)).status_code == 303
    assert "第 2 版，" in desk.text("/revisions")


def test_the_public_page_of_a_village_holds_its_own_lines(desk: Desk, demo_house: House) -> None:
    own = demo_house.township.villages[1]
    desk.draft(LINE, {**LINE, "code": "HJ09", "title": "看护风雨桥", "village": own.code})
    desk.publish()
    other = demo_house.township.villages[0]
    assert "看护风雨桥" not in desk.text(f"/rulebook/1?all=1&village={other.code}")
    assert f"看护风雨桥（只在{own.name}）" in desk.text(f"/rulebook/1?all=1&village={own.code}")


def test_a_draft_is_the_admins_alone(desk: Desk, demo_house: House) -> None:
    desk.draft(LINE)
    cadre = demo_house.log_in("cadre1")
    assert cadre.get("/revisions").status_code == 200
    assert "草稿" not in cadre.get("/revisions").text
    assert cadre.get("/revisions/1").status_code == 404
    for path in ("/revisions/new", "/revisions/1/new-line", "/revisions/1/lines/HJ01", "/revisions/1/title"):
        assert cadre.get(path).status_code == 403
    assert cadre.get("/revisions/1/publish").status_code == 403
    assert cadre.post("/revisions/1/publish").status_code == 403
    clerk = demo_house.log_in("clerk")
    assert clerk.get("/revisions").status_code == 403
    assert 'href="/revisions"' not in clerk.get("/todo").text


def test_a_cadre_adopts_for_no_other_village(desk: Desk, demo_house: House) -> None:
    desk.draft(LINE)
    desk.publish()
    cadre = Desk(demo_house.log_in("cadre1"))
    foreign = decided(demo_house, village=demo_house.township.villages[1].code)
    assert cadre.send("/revisions/1/adopt", **foreign).status_code == 422
    assert demo_house.township.villages[1].name not in cadre.text("/revisions")


def test_a_draft_is_discarded_after_asking_and_its_number_comes_back(desk: Desk) -> None:
    desk.draft(LINE)
    asked = desk.text("/revisions/1/discard")
    assert "草稿里的 1 条都会删除" in asked
    (version,) = re.findall(r'name="version" value="(\d+)"', asked)
    desk.send("/revisions/1/title", title="别人改的标题", summary="", version=version)
    refused = desk.send("/revisions/1/discard", version=version)
    assert refused.status_code == 422
    assert "已被别人改过" in refused.text
    (version,) = re.findall(r'name="version" value="(\d+)"', refused.text)
    assert desk.send("/revisions/1/discard", version=version).status_code == 303
    desk.draft(LINE)
    assert "HJ01" in desk.text("/revisions/1")


def test_publishing_asks_first_and_a_draft_that_was_edited_meanwhile_is_looked_at_again(desk: Desk) -> None:
    desk.draft(LINE)
    assert 'href="/revisions/1/publish"' in desk.text("/revisions/1")
    asked = desk.text("/revisions/1/publish")
    assert "发布以后撤不回来" in asked
    assert "“积分细则”，1 条" in asked
    (version,) = re.findall(r'name="version" value="(\d+)"', asked)
    desk.send("/revisions/1/title", title="别人改的标题", summary="", version=version)
    refused = desk.send("/revisions/1/publish", version=version)
    assert refused.status_code == 422
    assert "已被别人改过" in refused.text
    assert "别人改的标题" in refused.text
    (version,) = re.findall(r'name="version" value="(\d+)"', desk.text("/revisions/1/publish"))
    assert desk.send("/revisions/1/publish", version=version).status_code == 303
    assert desk.client.get("/revisions/1/publish").status_code == 404


def test_the_workbook_is_handed_out_as_a_file(desk: Desk) -> None:
    desk.draft(LINE)
    answer = desk.client.get("/revisions/1/lines.xlsx")
    assert answer.status_code == 200
    assert answer.data.startswith(b"PK")
    assert "attachment" in answer.headers["Content-Disposition"]


def as_sheet(content: bytes) -> dict[str, Any]:
    return {"file": (io.BytesIO(content), "积分细则.xlsx")}


def test_lines_are_checked_and_imported_from_the_workbook_that_was_exported(desk: Desk) -> None:
    desk.draft(LINE, FLAGGED)
    exported = desk.client.get("/revisions/1/lines.xlsx").data
    assert desk.send("/revisions/1/lines/HJ01", **{**LINE, "points": "9"}).status_code == 303
    checked = desk.send("/revisions/1/import", **as_sheet(exported))
    assert checked.status_code == 200
    assert "HJ01" in checked.text
    assert "每人次 +9.00 分" in desk.text("/revisions/1")
    sent = re.search(r'name="sent" value="([0-9a-f]{64})"', checked.text)
    version = re.search(r'name="version" value="(\d+)"', checked.text)
    assert sent
    assert version
    for _tap in range(2):
        taken = desk.send("/revisions/1/import/lines", sent=sent[1], version=version[1])
        assert taken.status_code == 303, taken.text
    assert "每人次 +2.00 分" in desk.text("/revisions/1")


def test_an_import_that_meets_anothers_change_shows_what_it_would_change_now(desk: Desk) -> None:
    desk.draft(LINE)
    checked = desk.send("/revisions/1/import", **as_sheet(desk.client.get("/revisions/1/lines.xlsx").data))
    sent = re.search(r'name="sent" value="([0-9a-f]{64})"', checked.text)
    assert sent
    old = desk.version()
    assert desk.send("/revisions/1/new-line", **FLAGGED).status_code == 303
    late = desk.send("/revisions/1/import/lines", sent=sent[1], version=old)
    assert late.status_code == 422
    assert "XF02 不参加志愿活动" in html.unescape(late.text)
    version = re.search(r'name="version" value="(\d+)"', late.text)
    assert version
    assert desk.send("/revisions/1/import/lines", sent=sent[1], version=version[1]).status_code == 303
    assert "XF02" not in desk.text("/revisions/1")


def test_a_sheet_with_a_wrong_row_is_handed_back_with_the_reason(desk: Desk) -> None:
    desk.draft(LINE)
    rows = "条目编号,类别,内容,单位,计分方式,分值\nHJ01,环境卫生,大扫除,人次,固定分,两分\n"
    checked = desk.send("/revisions/1/import", file=(io.BytesIO(rows.encode()), "细则.csv"))
    assert "有 1 行不对，一条也没有导入" in checked.text
    assert re.search(r"<th scope=\"row\">\s*第 2 行", checked.text)
    link = re.search(r'href="(/revisions/1/import/errors.xlsx[^"]+)"', html.unescape(checked.text))
    assert link
    assert desk.client.get(link[1]).data.startswith(b"PK")
    refused = desk.send("/revisions/1/import", file=(io.BytesIO(b"\x00\x01"), "细则.pdf"))
    assert refused.status_code == 422
    assert 'href="#field-file"' in refused.text
    assert desk.client.get("/revisions/template.xlsx").data.startswith(b"PK")
