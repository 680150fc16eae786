"""The registry filled in over its pages, with the intake service really listening."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from services.intake.app import BLUEPRINTS
from shared.calendar import today
from shared.models.gateway import Account
from shared.models.plumbing import AUDIT
from shared.models.registry import Household, Resident
from shared.topology import Service
from shared.web import create_service_app
from tests.fixtures.databases import DatabaseFor
from tests.fixtures.township import build_township
from tests.integration.gateway.conftest import House, Serve

HIDDEN = re.compile(r'name="(csrf_token|idempotency_key|version)" value="([^"]+)"')


@pytest.fixture
def town(house: House, serve: Serve, database_for: DatabaseFor) -> House:
    """The gateway with a listening intake service; the admin has a second factor already."""
    with database_for(Service.GATEWAY).transaction() as session:
        session.execute(update(Account).where(Account.username == "admin").values(is_demo=True))
    serve(Service.INTAKE, create_service_app(Service.INTAKE, BLUEPRINTS, database=database_for(Service.INTAKE)))
    return house


def submit(client: FlaskClient, page: str, to: str = "", status: int = 200, **fields: Any) -> str:
    """Send the form of a page as it stands there, and give the page that follows."""
    opened = client.get(page)
    assert opened.status_code == 200, opened.text
    answer = client.post(to or page, data={**dict(HIDDEN.findall(opened.text)), **fields}, follow_redirects=True)
    assert answer.status_code == status, answer.text
    return answer.text


def audited(database_for: DatabaseFor, service: Service) -> list[str]:
    log: Any = AUDIT[service]
    with database_for(service).reading() as session:
        return list(session.scalars(select(log.action).order_by(log.id)))


def test_a_village_gets_its_grids_and_a_first_household(town: House, database_for: DatabaseFor) -> None:
    admin = town.log_in("admin")
    wrong = submit(admin, "/registry/villages/new", status=422, name="新村", code="12")
    assert "村的统计代码是 12 位数字。" in wrong
    assert 'value="新村"' in wrong
    submit(admin, "/registry/villages/new", name="新村", code="431299001 009", phone="07450000009")
    village = "/registry/villages/431299001009"
    assert "先添加片" in admin.get(village).text
    submit(admin, f"{village}/grids/area", names="一片\n\n")
    groups = f"{village}/grids/group"
    area = _parent(admin, groups)
    assert "已添加 2 个组" in submit(admin, groups, parent_id=area, names="1组\n2组")
    twice = submit(admin, groups, status=422, parent_id=area, names="3组\n3组")
    assert "“3组”写了两次" in twice
    assert "3组\n3组</textarea>" in twice
    group = re.search(r'<option value="(\d+)"', admin.get("/registry/households/new?village=431299001009").text)
    assert group
    made = submit(
        admin, "/registry/households/new?village=431299001009", "/registry/households/new", village="431299001009",
        name="覃大山", phone="16000001234", group_id=group[1], care_labels="独居、残疾",
    )  # fmt: skip
    assert "已登记覃大山户，户号 1" in made
    assert "独居" in made
    assert audited(database_for, Service.INTAKE) == [
        "create_village", "create_grids", "create_grids", "register_household",
    ]  # fmt: skip


def _parent(client: FlaskClient, page: str) -> str:
    found = re.search(r'<option value="(\d+)"', client.get(page).text)
    assert found
    return found[1]


def test_a_village_is_renamed_and_merged_and_a_grid_renamed(town: House) -> None:
    admin = town.log_in("admin")
    first, second = town.township.villages
    path = f"/registry/villages/{first.code}"
    assert "老屋组" in submit(admin, f"{path}/grids/{first.groups[0]}", name="老屋组")
    assert "已有叫“老屋组”的组" in submit(admin, f"{path}/grids/{first.groups[1]}", status=422, name="老屋组")
    day = today().isoformat()
    merged = submit(admin, f"{path}/edit", name="老示例村", valid_to=day, successor=second.code)
    assert "起撤并" in merged
    assert f'<option value="{second.code}" selected>' in admin.get(f"{path}/edit").text
    assert "老示例村" in admin.get("/registry/villages").text
    assert "老示例村" not in admin.get("/registry/households/new").text


def test_an_edit_made_on_an_old_version_says_so_and_keeps_what_was_typed(town: House) -> None:
    admin = town.log_in("admin")
    path = f"/registry/villages/{town.township.villages[0].code}/edit"
    submit(admin, path, name="先改的")
    stale = submit(admin, path, status=422, name="后改的", version="1")
    assert "已被别人改过" in stale
    assert 'value="后改的"' in stale


def test_offices_and_categories_are_kept_by_the_admin(town: House, database_for: DatabaseFor) -> None:
    admin = town.log_in("admin")
    leader = town.township.villages[0].heads[0]
    submit(admin, "/registry/offices/new", name="党政办", code="GOV", handles="公文、会务")
    taken = submit(admin, "/registry/offices/new", status=422, name="党政办", code="GOV")
    assert "这个办公室代码已经有了" in taken
    office = re.search(r'href="(/registry/offices/\d+)"><span><b>党政办', admin.get("/registry/offices").text)
    assert office
    changed = submit(
        admin, office[1], name="党政综合办", code="GOV", phone="07450000003", position="2", head_id=str(leader)
    )
    assert "党政综合办" in changed
    assert "先用常见的 12 类" in admin.get("/registry/categories").text
    assert "饮水" in submit(admin, "/registry/categories", "/registry/categories/usual")
    water = re.search(r'href="(/registry/categories/\d+)">饮水', admin.get("/registry/categories").text)
    assert water
    values: dict[str, Any] = {"name": "饮水", "code": "water", "office_id": office[1].rpartition("/")[2]}
    assert "应为 1 到 90 个工作日" in submit(admin, water[1], status=422, limit_days="100", **values)
    assert "请填写整数" in submit(admin, water[1], status=422, limit_days="三天", **values)
    off = submit(admin, water[1], limit_days="3", **values)
    assert "党政综合办" in off
    assert "已停用" in off
    assert audited(database_for, Service.INTAKE)[-1] == "change_category"


def test_a_household_changes_hands_members_move_and_it_ends(town: House, database_for: DatabaseFor) -> None:
    cadre, village = town.log_in("cadre1"), town.township.villages[0]
    household = f"/registry/households/{village.households[0]}"
    wrong = submit(cadre, f"{household}/residents/new", status=422, name="石小满", relation="女", identity_number="123")
    assert "身份证号应为 18 位" in wrong
    assert 'id="error-identity_number"' in wrong
    added = submit(
        cadre, f"{household}/residents/new", name="石小满", relation="女", identity_number="431299201206015051",
        phone="16000001234",
    )  # fmt: skip
    member = re.search(
        r'href="(/registry/households/\d+/residents/\d+)">改资料<span class="hidden-words">石小满', added
    )
    assert member, added
    changed = submit(cadre, member[1], name="石小满", relation="长女", no_phone="yes", care_labels="")
    assert "长女" in changed
    assert "160****1234" not in changed
    assert "431299********5051" in changed
    headed = submit(cadre, f"{household}/head", person_id=member[1].rpartition("/")[2], former_relation="母")
    assert '<h1 id="title">石小满户</h1>' in headed
    out = submit(cadre, f"{household}/residents/{village.heads[0]}/move_out", last_day=today().isoformat())
    assert "已办迁出" in out
    assert "已注销" in submit(cadre, f"{household}/end", last_day=today().isoformat())
    with database_for(Service.INTAKE).reading() as session:
        left = select(Resident.id).where(Resident.household_id == village.households[0], Resident.valid_to.is_(None))
        assert session.scalars(left).all() == []
        assert session.get_one(Household, village.households[0]).valid_to == today()


def test_a_card_gets_a_new_code_and_a_pin_that_is_shown_once(town: House, database_for: DatabaseFor) -> None:
    cadre, village = town.log_in("cadre1"), town.township.villages[0]
    path = f"/registry/households/{village.households[1]}/card"
    assert "还没有查询密码" in cadre.get(path).text
    hidden = dict(HIDDEN.findall(cadre.get(path).text))
    given = cadre.post(f"{path}/pin", data=hidden)
    assert given.headers["Cache-Control"] == "no-store"
    pin = re.search(r"<dt>查询密码</dt><dd>(\d{6})</dd>", given.text)
    assert pin
    assert pin[1] not in cadre.get(path).text
    with database_for(Service.INTAKE).reading() as session:
        former = session.get_one(Household, village.households[1]).card_token
    scanned = town.client().get(f"/card/{former}")
    assert f'value="{village.cards[1]}"' in scanned.text
    entered = town.client().post("/api/session", json={"card": village.cards[1], "pin": pin[1]})
    assert entered.status_code == 201, entered.text
    submit(cadre, path, f"{path}/code")
    assert town.client().get(f"/card/{former}").status_code == 404
    assert "reset_pin" in audited(database_for, Service.GATEWAY)
    assert audited(database_for, Service.INTAKE)[-1] == "replace_card_token"


def test_each_role_does_for_its_villages_what_it_may(town: House, database_for: DatabaseFor) -> None:
    cadre, clerk = town.log_in("cadre1"), town.log_in("clerk")
    mine, other = town.township.villages
    for page in (
        "/registry/villages/new", f"/registry/villages/{mine.code}/edit", f"/registry/villages/{mine.code}/grids/group",
        "/registry/offices/new", "/registry/categories", "/people", f"/people/{mine.heads[0]}",
    ):  # fmt: skip
        assert cadre.get(page).status_code == 403, page
    for page in ("/registry/villages", f"/registry/villages/{other.code}", "/registry/offices", "/people/duties"):
        assert clerk.get(page).status_code == 200, page
        assert cadre.get(page).status_code == 200, page
    assert clerk.get("/registry/households/new").status_code == 403
    assert other.name not in cadre.get("/registry/households/new").text
    for act in ("card", "end", "head", "residents/new"):
        assert cadre.get(f"/registry/households/{other.households[0]}/{act}").status_code == 403, act
    hidden = dict(HIDDEN.findall(cadre.get("/registry/villages").text))
    refused = cadre.post(f"/registry/households/{other.households[0]}/card/pin", data=hidden)
    assert refused.status_code == 403
    with database_for(Service.INTAKE).transaction() as session:
        stranger = build_township(session, "431299002", "邻乡")
    admin = town.log_in("admin")
    for page in (
        f"/registry/villages/{stranger.villages[0].code}", f"/registry/offices/{stranger.office}",
        f"/registry/households/{stranger.households[0]}/card", f"/people/{stranger.villages[0].heads[0]}",
    ):  # fmt: skip
        assert admin.get(page).status_code == 404, page


def test_the_cards_of_a_group_get_their_first_pins_together_and_once(town: House, database_for: DatabaseFor) -> None:
    cadre, (mine, other) = town.log_in("cadre1"), town.township.villages
    page = f"/registry/cards?village={mine.code}"
    assert "请选择在哪个组" in submit(cadre, page, "/registry/cards", 422, village=mine.code)
    hidden = dict(HIDDEN.findall(cadre.get(page).text))
    fields = {**hidden, "village": mine.code, "group_id": str(mine.groups[0])}
    given = cadre.post("/registry/cards", data=fields)
    assert given.headers["Cache-Control"] == "no-store"
    assert "新发了 2 个查询密码" in given.text, "the first of the three has one"
    pins = dict(re.findall(r"<dt>户卡号</dt><dd>(\d+)</dd><dt>查询密码</dt><dd>(\d{6}|已发过)</dd>", given.text))
    assert list(pins) == list(mine.cards[:3])
    assert pins[mine.cards[0]] == "已发过"
    entered = town.client().post("/api/session", json={"card": mine.cards[1], "pin": pins[mine.cards[1]]})
    assert entered.status_code == 201, entered.text
    assert "这次没有新发" in cadre.post("/registry/cards", data=fields).text
    for village, group in ((other, other.groups[0]), (mine, other.groups[0])):
        answer = cadre.post("/registry/cards", data={**hidden, "village": village.code, "group_id": str(group)})
        assert "<dt>户卡号</dt>" not in answer.text
    assert audited(database_for, Service.GATEWAY).count("issue_pins") == 1


def test_the_public_page_says_what_the_admin_has_written(town: House) -> None:
    admin = town.log_in("admin")
    assert "乡镇还没有写上班时间" in town.client().get("/").text
    assert "应为 1 到 60 个字" in submit(admin, "/registry/township", status=422, name="", opening_hours="八点半")
    words: dict[str, Any] = {"name": "示例乡", "opening_hours": "8:30–17:30", "reception_place": "一楼接访室"}
    shown = submit(admin, "/registry/township", reception_weekdays="1", **words)
    assert 'value="1" checked' in shown
    public = town.client().get("/").text
    assert "8:30–17:30" in public
    assert "一楼接访室" in public
    assert town.log_in("cadre1").get("/registry/township").status_code == 403


def test_an_ended_household_is_found_again_on_the_page(town: House) -> None:
    cadre, village = town.log_in("cadre1"), town.township.villages[0]
    household = f"/registry/households/{village.households[1]}"
    submit(cadre, f"{household}/end", last_day=today().isoformat())
    name = re.search(r'<h1 id="title">(.+)户</h1>', cadre.get(household).text)
    assert name
    assert "没有找到" in cadre.get(f"/registry?q={name[1]}").text
    assert "（已注销）" in cadre.get(f"/registry?q={name[1]}&ended=1").text
