"""Workbooks into the registry: checked first, written only when clean or asked row by row, never twice."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import unquote

import openpyxl
import pytest
import xlsxwriter
from sqlalchemy import func, select

from services.intake.imports.tasks import run
from shared.identity import Principal, Role
from shared.messages.intake import RunImport
from shared.messaging import handlers
from shared.messaging.attempts import MAX_ATTEMPTS
from shared.messaging.inbox import Delivery, Outcome, receive
from shared.messaging.outbox import envelope_of
from shared.models.plumbing import OUTBOX
from shared.models.registry import Duty, Household, Person, Resident
from shared.privacy import blind_index
from shared.topology import Service
from tests.fixtures.township import PrincipalOf, SmallTownship
from tests.integration.intake.conftest import Api
from tests.integration.intake.test_sealed_demands import everything_stored

HEADER = ("村", "组", "户号", "姓名", "与户主关系", "身份证号", "联系电话", "住址")
GOOD = (
    ("示例1村", "1组", 21, "覃大山", "户主", "431299196003151017", "16000000021", "一组21号"),
    ("示例1村", "1组", 21, "吴小妹", "配偶", "43129919660812058X", "", ""),
    ("示例1村", "1组", 21, "覃立夏", "子", "431299201206015051", "", ""),
    ("示例1村", "2组", 22, "单老三", "户主", "", "16000000022", "二组22号"),
)


def workbook(rows: Sequence[Sequence[Any]], header: Sequence[str] = HEADER) -> bytes:
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        page = book.add_worksheet()
        page.write_string(0, 0, "户和人登记表")
        for position, name in enumerate(header):
            page.write_string(1, position, name)
        for number, row in enumerate(rows, start=2):
            for position, value in enumerate(row):
                if isinstance(value, str):
                    page.write_string(number, position, value)
                else:
                    page.write_number(number, position, value)
    return buffer.getvalue()


def upload(
    api: Api,
    who: Principal,
    content: bytes,
    kind: str = "households_residents",
    *,
    dry_run: bool = True,
    status: int = 202,
    name: str = "台账.xlsx",
) -> dict[str, Any]:
    answer = api.call(
        "POST", "/imports", who, data={
            "kind": kind, "dry_run": json.dumps(dry_run), "file": (io.BytesIO(content), name),
        },
    )  # fmt: skip
    assert answer.status_code == status, answer.text
    work(api)
    body: dict[str, Any] = answer.get_json()
    return show(api, who, body["id"]) if status == 202 else body


def work(api: Api) -> None:
    """What the bulk worker does with the messages that wait."""
    with api.database.reading() as session:
        table = OUTBOX[Service.INTAKE]
        waiting = session.scalars(select(table).where(table.name == "intake.run_import").order_by(table.id)).all()
        messages = [RunImport.load(row.version, row.body) for row in waiting]
    for message in messages:
        with api.database.transaction() as session:
            run(session, message)


def show(api: Api, who: Principal, import_id: str) -> dict[str, Any]:
    body: dict[str, Any] = api.call("GET", f"/imports/{import_id}", who).get_json()
    return body


def count(api: Api, model: Any) -> int:
    with api.database.reading() as session:
        return session.scalar(select(func.count()).select_from(model)) or 0


def test_a_dry_run_writes_nothing_and_the_commit_writes_all(api: Api, principal_of: PrincipalOf) -> None:
    cadre = principal_of(Role.CADRE)
    before = count(api, Household), count(api, Person)
    checked = upload(api, cadre, workbook(GOOD))
    assert (checked["state"], checked["error_rows"], checked["created"]) == ("checked", 0, 6), checked
    assert (count(api, Household), count(api, Person)) == before
    assert api.call("POST", f"/imports/{checked['id']}/commit", cadre, {}).status_code == 202
    work(api)
    assert show(api, cadre, checked["id"])["state"] == "done"
    assert count(api, Household) == before[0] + 2
    found = api.call("GET", "/households", cadre, query_string={"query": "qds"}).get_json()["items"]
    assert [(each["head_name"], each["number"], len(each["card_number"])) for each in found] == [("覃大山", 21, 10)]
    members = api.call("GET", f"/households/{found[0]['id']}/residents", cadre).get_json()["items"]
    assert [(each["name"], each["relation"], each["birth_year"]) for each in members] == [
        ("覃大山", "户主", 1960), ("吴小妹", "配偶", 1966), ("覃立夏", "子", 2012),
    ]  # fmt: skip
    assert members[0]["identity_masked"] == "431299********1017"


def test_the_same_file_twice_changes_nothing(api: Api, principal_of: PrincipalOf) -> None:
    cadre = principal_of(Role.CADRE)
    upload(api, cadre, workbook(GOOD), dry_run=False)
    before = count(api, Household), count(api, Person), count(api, Resident)
    again = upload(api, cadre, workbook(GOOD), dry_run=False)
    assert (again["state"], again["created"], again["changed"]) == ("done", 0, 0)
    assert (count(api, Household), count(api, Person), count(api, Resident)) == before


def test_a_changed_cell_changes_one_record_and_an_empty_one_none(api: Api, principal_of: PrincipalOf) -> None:
    cadre = principal_of(Role.CADRE)
    upload(api, cadre, workbook(GOOD), dry_run=False)
    rows = [list(row) for row in GOOD]
    rows[0][6], rows[0][3] = "16000000099", "覃大海"
    rows[3][6] = ""
    changed = upload(api, cadre, workbook(rows), dry_run=False)
    assert (changed["created"], changed["changed"]) == (0, 1)
    found = api.call("GET", "/households", cadre, query_string={"query": "0099"}).get_json()["items"]
    assert [each["head_name"] for each in found] == ["覃大海"]
    assert len(api.call("GET", "/households", cadre, query_string={"query": "0022"}).get_json()["items"]) == 1


def test_every_wrong_cell_says_why_and_nothing_is_written(api: Api, principal_of: PrincipalOf) -> None:
    cadre = principal_of(Role.CADRE)
    rows = (
        *GOOD,
        ("没有村", "1组", 30, "石一", "户主", "", "", ""),
        ("示例2村", "1组", 30, "石一", "户主", "", "", ""),
        ("示例1村", "9组", 31, "石二", "户主", "", "", ""),
        ("示例1村", "1组", 32, "石三", "户主", "431299196003151018", "", ""),
        ("示例1村", "1组", 33, "石四", "户主", 431299196003151017, "", ""),
        ("示例1村", "1组", 34, "石五", "户主", "", "123", ""),
        ("示例1村", "1组", 35, "石六", "配偶", "", "", ""),
        ("示例1村", "1组", 36, "", "户主", "", "", ""),
        ("示例1村", "1组", 37, "石八", "户主", "431299196003151017", "", ""),
        ("示例1村", "1组", 38, "石九", "户主", "", "", ""),
        ("示例1村", "1组", 38, "石十", "户主", "", "", ""),
    )
    refused = upload(api, cadre, workbook(rows), dry_run=False)
    assert (refused["state"], refused["error_rows"]) == ("refused", 10), refused["errors"]
    wrong = {(error["row"], error["column"]) for error in refused["errors"]}
    assert {(7, "村"), (8, "村"), (9, "组"), (10, "身份证号"), (11, "身份证号"), (12, "电话")} <= wrong
    assert {(13, "与户主关系"), (14, "姓名"), (15, "身份证号"), (17, "与户主关系")} <= wrong
    assert count(api, Household) == 12
    content = api.call("GET", f"/imports/{refused['id']}/errors.xlsx", cadre).data
    sheet = openpyxl.load_workbook(io.BytesIO(content)).active
    assert sheet is not None
    reasons = {row[0].row: row[-1].value for row in sheet.iter_rows(min_row=2) if row[-1].value}
    assert reasons[2] == "错误原因"
    assert set(reasons) == {2, 7, 8, 9, 10, 11, 12, 13, 14, 15, 17}
    assert "一组21号" in [cell.value for cell in sheet[3]]


def test_good_rows_are_imported_only_when_asked_for_one_by_one(api: Api, principal_of: PrincipalOf) -> None:
    cadre = principal_of(Role.CADRE)
    rows = (*GOOD, ("示例1村", "9组", 31, "石二", "户主", "", "", ""))
    checked = upload(api, cadre, workbook(rows))
    path = f"/imports/{checked['id']}/commit"
    assert api.call("POST", path, cadre, {}).status_code == 409
    assert api.call("POST", path, cadre, {"rows": [3, 4, 5]}).status_code == 202
    work(api)
    assert show(api, cadre, checked["id"])["state"] == "done"
    assert count(api, Household) == 13


def test_identity_numbers_of_a_workbook_lie_nowhere_readable(api: Api, principal_of: PrincipalOf) -> None:
    upload(api, principal_of(Role.CADRE), workbook(GOOD), dry_run=False)
    stored = everything_stored(api.database.engine)
    assert "431299196003151017" not in stored
    assert "16000000021" not in stored
    assert blind_index("431299196003151017", "intake.identity") in stored
    from shared.settings import settings

    for path in (settings().data_dir / "files").rglob("*"):
        if path.is_file():
            assert not path.read_bytes().startswith(b"PK"), "workbooks are sealed at rest"


def test_someone_registered_elsewhere_is_refused_with_the_place(
    api: Api, small_township: SmallTownship, principal_of: PrincipalOf
) -> None:
    admin = principal_of(Role.ADMIN)
    upload(api, admin, workbook(GOOD), dry_run=False)
    moved = ("示例2村", "1组", 50, "覃大山", "户主", "431299196003151017", "", "")
    refused = upload(api, admin, workbook([moved]), dry_run=False)
    assert refused["errors"][0]["detail"].startswith("这个人已登记在示例1村 21 号户")


@pytest.mark.parametrize(
    ("content", "status"),
    [(b"", 422), (b"not a workbook", 422), (b"PK\x03\x04broken", 422), (workbook([], header=("甲", "乙")), 202)],
)
def test_what_is_no_workbook_is_said_to_be_none(
    api: Api, principal_of: PrincipalOf, content: bytes, status: int
) -> None:
    body = upload(api, principal_of(Role.CADRE), content, status=status)
    if status == 202:
        assert body["state"] == "failed"
        assert "缺少" in body["detail"]
    else:
        assert body["detail"]


def test_a_csv_sheet_is_imported_like_a_workbook_and_gets_an_error_workbook(
    api: Api, principal_of: PrincipalOf
) -> None:
    cadre = principal_of(Role.CADRE)
    header = "村,组,户号,姓名,与户主关系\n"
    clean = (header + "示例1村,1组,41,覃大山,户主\n").encode("utf-8-sig")
    assert upload(api, cadre, clean, dry_run=False, name="户和人.csv")["created"] == 2
    wrong = (header + "示例1村,9组,42,石三,户主\n").encode("gb18030")
    refused = upload(api, cadre, wrong, name="户和人.csv")
    answer = api.call("GET", f"/imports/{refused['id']}/errors.xlsx", cadre)
    sheet = openpyxl.load_workbook(io.BytesIO(answer.data)).active
    assert sheet is not None
    assert "9组" in str(sheet.cell(2, 6).value)
    assert unquote(answer.headers["Content-Disposition"]).endswith("错误-户和人.xlsx")


def test_an_old_workbook_is_refused_beside_the_field_with_how_to_mend_it(api: Api, principal_of: PrincipalOf) -> None:
    old = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)
    assert "另存为”.xlsx" in upload(api, principal_of(Role.CADRE), old, status=422, name="户和人.xls")["detail"]
    broken = upload(api, principal_of(Role.CADRE), b"PK\x03\x04broken", status=422)
    assert broken["errors"]["file"] == [broken["detail"]]


def test_duties_are_imported_once(api: Api, small_township: SmallTownship, principal_of: PrincipalOf) -> None:
    header = ("姓名", "职责", "村", "网格", "办公室", "任职日期")
    rows = (
        ("石桂花", "片组邻长", "示例1村", "1组", "", "2026.1.5"),
        ("黄新来", "经办人", "", "", "平安法治办", "2026年1月5日"),
        ("吴小满", "村干部", "示例1村", "", "", ""),
    )
    admin = principal_of(Role.ADMIN)
    before = count(api, Duty)
    first = upload(api, admin, workbook(rows, header), "duties", dry_run=False)
    # 石桂花 and 吴小满 live in both villages: the name alone does not say who is meant.
    assert first["state"] == "refused"
    assert {error["column"] for error in first["errors"]} == {"身份证号"}
    # A row of an earlier template, whose word for this duty was another.
    named = (rows[1],)
    assert upload(api, admin, workbook(named, header), "duties", dry_run=False)["created"] == 1
    again = upload(api, admin, workbook(named, header), "duties", dry_run=False)
    assert (again["created"], again["unchanged"]) == (0, 1)
    now_called = (("黄新来", "办公室经办人", *rows[1][2:]),)
    same = upload(api, admin, workbook(now_called, header), "duties", dry_run=False)
    assert (same["created"], same["unchanged"]) == (0, 1)
    assert count(api, Duty) == before + 1
    assert api.call(
        "POST", "/imports", principal_of(Role.CADRE),
        data={"kind": "duties", "file": (io.BytesIO(workbook(named, header)), "a.xlsx")},
    ).status_code == 403  # fmt: skip


def test_an_export_can_be_imported_again_and_is_kept_with_its_purpose(
    api: Api, small_township: SmallTownship, principal_of: PrincipalOf
) -> None:
    cadre = principal_of(Role.CADRE)
    upload(api, cadre, workbook(GOOD), dry_run=False)
    code = small_township.villages[0].code
    answer = api.call("POST", "/exports", cadre, {"village": code, "purpose": "入户核对"})
    assert answer.status_code == 200
    # The test township's own cards have no check digit, so only the imported households are sent back.
    sheet = openpyxl.load_workbook(io.BytesIO(answer.data)).active
    assert sheet is not None
    table = [[cell if cell is not None else "" for cell in row] for row in sheet.iter_rows(values_only=True)]
    header = [str(cell) for cell in table[1]]
    again = upload(api, cadre, workbook([row for row in table[2:] if row[3] in (21, 22)], header), dry_run=False)
    assert (again["state"], again["created"], again["changed"]) == ("done", 0, 0), again["errors"]
    assert (
        api.call(
            "POST", "/exports", principal_of(Role.CADRE, village=1), {"village": code, "purpose": "入户核对"}
        ).status_code
        == 403
    )


def test_an_import_whose_message_was_given_up_has_failed_and_says_what_to_do(
    api: Api, principal_of: PrincipalOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_arguments: object) -> None:
        raise RuntimeError("always")

    cadre = principal_of(Role.CADRE)
    body = {"kind": "households_residents", "dry_run": "false", "file": (io.BytesIO(workbook(GOOD)), "台账.xlsx")}
    started = api.call("POST", "/imports", cadre, data=body).get_json()
    with api.database.reading() as session:
        row = session.scalars(select(OUTBOX[Service.INTAKE])).one()
        message = RunImport.load(row.version, row.body)
    envelope = envelope_of(message)
    with monkeypatch.context() as broken:
        broken.setitem(handlers.PREPARATIONS, RunImport.name, fail)
        outcomes = [
            receive(api.database, Delivery(envelope.name, envelope.id, envelope.as_json())) for _ in range(MAX_ATTEMPTS)
        ]
    assert outcomes[-1] is Outcome.DEAD
    failed = show(api, cadre, started["id"])
    assert failed["state"] == "failed"
    assert "重新上传一次" in failed["detail"]
    # A letter that is sent again finds nothing to do.
    before = count(api, Household)
    work(api)
    assert show(api, cadre, started["id"]) == failed
    assert count(api, Household) == before
