"""运维: what must be looked at, red only when someone must act."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from services.gateway.pages.operator.presentation import task_words
from shared.identity import Role
from shared.messaging.queue_standings import QueueStanding
from shared.messaging.schedule import SCHEDULE
from shared.models.base import now
from shared.topology import Queue
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
    assert page.count('class="tag late"') == 1


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


def test_recalculations_say_how_far_they_are(browser: SignIn, healthy: Answers) -> None:
    run = {"mode": "apply", "state": "running", "created_at": now().isoformat(), "done": 1, "total": 4}
    healthy.add("GET", "/api/points/recalculations", {"items": [run], "next_cursor": None})
    page = browser(Role.OPERATOR).get("/operator").text
    assert "正在算" in page
    assert "1 / 4 个村" in page


@pytest.mark.parametrize("role", [Role.ADMIN, Role.CADRE, Role.AUDITOR])
def test_only_the_operator_sees_it(browser: SignIn, role: Role) -> None:
    assert browser(role).get("/operator", headers={"Accept": "text/html"}).status_code == 403


@pytest.mark.parametrize("name", [scheduled.name for scheduled in SCHEDULE])
def test_every_scheduled_task_has_words(browser: SignIn, name: str) -> None:
    with browser().application.test_request_context("/"):
        assert task_words(name)
