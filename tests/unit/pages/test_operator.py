"""运维: what must be looked at, red only when someone must act."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from services.gateway.pages.operator.background import task_words
from shared.identity import Role
from shared.messaging.queue_standings import QueueStanding
from shared.messaging.schedule import SCHEDULE
from shared.models.base import now
from shared.topology import Queue, Service
from tests.fixtures.databases import DatabaseFor
from tests.fixtures.township import SmallTownship, build_township
from tests.unit.pages.conftest import Answers, SignIn

SERVICES = ("intake", "points", "petitions")


@pytest.fixture(autouse=True)
def queues(monkeypatch: pytest.MonkeyPatch) -> dict[Queue, QueueStanding]:
    found = dict.fromkeys(Queue, QueueStanding(0))
    monkeypatch.setattr("services.gateway.pages.operator.views.queue_standings", lambda _url: found)
    return found


@pytest.fixture
def healthy(answers: Answers, monkeypatch: pytest.MonkeyPatch) -> Answers:
    """All services answer, and nothing waits; the gateway's own tables are empty: its tasks are left out."""
    monkeypatch.setattr("services.gateway.pages.operator.standing.scheduled_runs", lambda _session, _present: [])
    for service in SERVICES:
        outbox = {"waiting": 0, "oldest_since": None, "dead_letters": 0}
        answers.add("GET", f"/api/{service}/outbox", outbox)
        answers.add("GET", f"/api/{service}/background", background(service))
    answers.add("GET", "/api/points/recalculations", {"items": [], "next_cursor": None})
    return answers


def background(service: str, **changed: Any) -> dict[str, Any]:
    moment = now()
    run = {
        "name": f"{service}.chain_audit",
        "state": "done",
        "due_at": moment.isoformat(),
        "done_at": moment.isoformat(),
        "next_at": (moment + timedelta(minutes=1)).isoformat(),
        **changed,
    }
    return {"release": "9.8.7", "schema": "0042_example", "scheduled": [run]}


def test_nothing_is_red_while_nobody_must_act(
    browser: SignIn, healthy: Answers, queues: dict[Queue, QueueStanding]
) -> None:
    queues[Queue.POINTS_BULK] = QueueStanding(1234, 2, 7200)
    page = browser(Role.OPERATOR).get("/operator").text
    assert "没有要处理的事" in page
    assert "9.8.7，数据表 0042" in page
    assert "积分（批量）" in page
    assert "1,234" in page
    assert "2 小时" in page
    assert page.count("串起审计记录") == len(SERVICES)
    assert 'class="tag late"' not in page


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"state": "missed"}, "“积分”的定时任务到点没有开始"),
        ({"state": "waiting", "due_at": (now() - timedelta(hours=1)).isoformat()}, "“积分”的定时任务等了太久"),
    ],
)
def test_a_scheduled_task_that_does_not_run_is_told(
    browser: SignIn, healthy: Answers, changed: dict[str, str], sentence: str
) -> None:
    healthy.add("GET", "/api/points/background", background("points", **changed))
    page = browser(Role.OPERATOR).get("/operator").text
    assert sentence in page
    assert "3 件里有 1 件没按时做" in page
    assert "积分：串起审计记录" in page


def test_a_task_that_waits_a_moment_is_no_trouble(browser: SignIn, healthy: Answers) -> None:
    healthy.add("GET", "/api/points/background", background("points", state="waiting", done_at=None))
    page = browser(Role.OPERATOR).get("/operator").text
    assert "没有要处理的事" in page
    assert "还没有做过" in page


def test_a_silent_service_and_a_silent_redis_are_told_without_losing_the_rest(
    browser: SignIn, healthy: Answers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.gateway.pages.operator.views.queue_standings", lambda _url: None)
    del healthy.known["GET", "/api/points/background"]
    page = browser(Role.OPERATOR).get("/operator").text
    assert "“积分”没有应答" in page
    assert "它的定时任务现在看不到：积分" in page
    assert "Redis 没有应答" in page
    assert page.count("串起审计记录") == len(SERVICES) - 1


def test_what_is_on_time_is_one_line_for_each_service_and_what_is_late_stands_before_it(
    browser: SignIn, healthy: Answers
) -> None:
    healthy.add("GET", "/api/points/background", background("points", state="missed"))
    page = browser(Role.OPERATOR).get("/operator").text
    assert page.count('<details class="why">') == len(SERVICES)
    assert page.count("1 件都按时") == len(SERVICES) - 1
    assert page.index("没按时做的定时任务") < page.index('<details class="why">')


def test_empty_queues_are_one_sentence(browser: SignIn, healthy: Answers, queues: dict[Queue, QueueStanding]) -> None:
    operator = browser(Role.OPERATOR)
    assert f"{len(Queue)} 个队列都空着" in operator.get("/operator").text
    queues[Queue.POINTS] = QueueStanding(3)
    page = operator.get("/operator").text
    assert f"其余 {len(Queue) - 1} 个队列空着" in page


def test_a_service_with_what_nobody_handles_says_how_much_and_for_how_long(browser: SignIn, healthy: Answers) -> None:
    since = (now() - timedelta(minutes=20)).isoformat()
    healthy.add("GET", "/api/intake/outbox", {"waiting": 1200, "oldest_since": since, "dead_letters": 0})
    page = browser(Role.OPERATOR).get("/operator").text
    assert "等着送的消息 1,200 条，最早的等了约 20 分钟" in page
    assert "没有等着送的消息" in page
    assert page.count('<span class="tag late">要人处理</span>') == 1


def test_recalculations_say_how_far_they_are_and_which_villages_they_cover(
    browser: SignIn, healthy: Answers, small_township: SmallTownship
) -> None:
    def run(*villages: str) -> dict[str, Any]:
        known = {"mode": "apply", "state": "running", "created_at": now().isoformat()}
        return {**known, "villages": list(villages), "done": 1, "total": len(villages)}

    everything = [f"村{number}" for number in range(len(small_township.villages))]
    healthy.add(
        "GET", "/api/points/recalculations", {"items": [run(*everything), run("大高坪村")], "next_cursor": None}
    )
    page = browser(Role.OPERATOR).get("/operator").text
    assert "正在算" in page
    assert f"1 / {len(everything)} 个村" in page
    assert f"全部 {len(everything)} 个村" in page
    assert '<span class="quiet small">大高坪村</span>' in page
    assert "由它们自己的运维看" not in page


def test_where_a_county_hosts_many_the_operator_is_told_whose_recalculations_these_are(
    browser: SignIn, healthy: Answers, database_for: DatabaseFor, small_township: SmallTownship
) -> None:
    with database_for(Service.INTAKE).transaction() as session:
        build_township(session, "431299002", "邻乡")
    page = browser(Role.OPERATOR).get("/operator").text
    assert f"这里是示例乡 {len(small_township.villages)} 个村的重算。别的乡镇的，由它们自己的运维看。" in page


@pytest.mark.parametrize("role", [Role.ADMIN, Role.CADRE, Role.AUDITOR])
def test_only_the_operator_sees_it(browser: SignIn, role: Role) -> None:
    assert browser(role).get("/operator", headers={"Accept": "text/html"}).status_code == 403


@pytest.mark.parametrize("name", [scheduled.name for scheduled in SCHEDULE])
def test_every_scheduled_task_has_words(browser: SignIn, name: str) -> None:
    with browser().application.test_request_context("/"):
        assert task_words(name)
